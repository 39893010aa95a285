"""Which version of a secret counts.

Secret Manager takes every version, whatever was there, but numbers them one by one. So a document says over which
version it was written: where that is not the one before it, somebody else was first, and it doesn't count. What doesn't
say it was put there by hand, and counts. Before a deletion comes a version that announces it, which takes the next
number.
"""

import json
from dataclasses import dataclass, field
from hashlib import sha256
from typing import Any
from uuid import uuid4

from whatsapp_flow_keys import document
from whatsapp_flow_keys.errors import ForeignDocumentError

WRITTEN_OVER = "written_over"
"""The member of a document that names the version before it, as in ``7``; 0 where there was none."""

_DELETING = "whatsapp-flow-keys/deleting"


@dataclass(frozen=True)
class Version:
    """A version of a secret; ``name`` is Google's own for it, with the project's number."""

    number: int
    name: str
    data: bytes = field(repr=False)

    @property
    def is_blank(self) -> bool:
        """Whether it holds nothing, as what a platform team may put there first."""
        return not self.data.strip()

    @property
    def announces_deletion(self) -> bool:
        """Whether somebody is deleting the secret, or was killed meanwhile."""
        return bool(_members(self.data).get("format") == _DELETING)

    @property
    def counts(self) -> bool:
        """Whether it is the document, or would be if it were the newest version."""
        over = _members(self.data).get(WRITTEN_OVER, self.number - 1)
        return over == self.number - 1 and not self.is_blank and not self.announces_deletion

    @property
    def digest(self) -> str:
        """Tells it from a version of the same number in another secret of that name."""
        return sha256(self.data).hexdigest()[:16]


def written_over(text: str, number: int) -> bytes:
    """The payload for a document that is written over this version."""
    return (json.dumps({**json.loads(text), WRITTEN_OVER: number}, indent=1) + "\n").encode()


def moved(data: bytes, number: int) -> bytes:
    """The payload that brings back what a version holds, over this one; what is no key ring as it is."""
    try:
        return written_over(document.dump(document.load(data.decode(), "")), number)
    except (ForeignDocumentError, UnicodeDecodeError):
        return data


def deletion() -> bytes:
    """The payload that announces a deletion; no two are equal."""
    return json.dumps({"format": _DELETING, "by": str(uuid4())}).encode()


def _members(data: bytes) -> dict[str, Any]:
    try:
        found = json.loads(data)
    except (ValueError, RecursionError):
        return {}
    return found if isinstance(found, dict) else {}
