"""What a secrets engine is to the calls: what its refusals mean, which of them pass, and which rights it takes."""

from collections.abc import Callable, Container
from dataclasses import dataclass
from typing import TYPE_CHECKING

from whatsapp_flow_keys.vault_server.address import Mounted

if TYPE_CHECKING:
    from requests import Response


@dataclass(frozen=True)
class Meaning:
    """A row of what refusals mean.

    Args:
        said: the sentence; ``{mount}``, ``{namespace}``, ``{status}`` and ``{quoted}`` are filled in.
        pattern: a regular expression that must be found in the server's words.
        statuses: of the answer.
    """

    said: str
    pattern: str = ""
    statuses: Container[int] = range(400, 600)


@dataclass(frozen=True)
class Engine:
    """One kind of secrets engine.

    Args:
        rights: the least that a stack and an endpoint need at a place, in words.
        nothing_mounted: the question that follows "nothing is mounted at MOUNT/; check mount=.".
        another: what is said where the mount answers as another engine; ``{mount}`` is filled in.
        meanings: what its own refusals mean, beside those that every engine has.
        is_fault: whether an answer is one that passes (True) or is final (False); None: its status says.
    """

    rights: Callable[[Mounted], str]
    nothing_mounted: str
    another: str
    meanings: tuple[Meaning, ...]
    is_fault: "Callable[[Response], bool | None]"
