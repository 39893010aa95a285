"""What a registrar is to everybody else: it serves a number's public key to WhatsApp, and takes a new one."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Any, Protocol

VALID = "VALID"
"""The signature status of a key that Meta has signed for the number's present registration."""

ACCOUNT = "whatsapp:account"
"""The setting that names the account of a provider that is one of several."""


@dataclass(frozen=True)
class ServedKey:
    """What is served for a phone number.

    Args:
        public_key_pem: the key; None where none is served.
        fingerprint: of the key.
        signature_status: Meta's word, ``VALID`` or ``MISMATCH``; without a key it says nothing.
        trace_id: the registrar's name for the answer that said so.
    """

    public_key_pem: str | None = None
    fingerprint: str | None = None
    signature_status: str | None = None
    trace_id: str | None = field(default=None, compare=False)

    @property
    def is_valid(self) -> bool:
        """A key is served, signed for the number's present registration."""
        return self.fingerprint is not None and self.signature_status == VALID


class Registrar(Protocol):
    """Who serves the public keys of numbers. Threads may call it at once."""

    def served(self, phone_number_id: str) -> ServedKey:
        """What is served now. Raises :class:`RegistrarError`."""

    def publish(self, phone_number_id: str, public_key_pem: str) -> str | None:
        """Publishes a key, which does no harm where it is served already. Returns the registrar's name for its answer.

        Raises :class:`RegistrarError`, whose ``may_have_taken_effect`` says whether the key may be served all the same.
        """


class Settings(Protocol):
    """What a registrar needs, checked. Equal ones make one registrar; they can be hashed."""

    def __hash__(self) -> int:
        """Of what makes it this registrar."""

    @property
    def app_secret(self) -> str | None:
        """Signs the requests to a Flow endpoint, as Meta's app does."""

    def name(self, setting: str) -> str:
        """What the program's configuration calls a setting of this account, as in ``whatsapp:appSecret``."""


def _as_it_is(url: str, _environ: Mapping[str, str]) -> str:
    return url


@dataclass(frozen=True)
class RegistrarKind:
    """One kind of registrar; each folder has its own as ``KIND``.

    Args:
        check: a complete URL, given with the field that errors name. Raises InputError and MissingExtraError.
        settings: what the registrar behind a complete URL needs, of that URL and a function that gives a setting of the
            account by its name. Raises InputError, which names the one that is missing or wrong.
        connect: the registrar with these settings; nobody is asked yet.
        write: the URL of what a program gives to the registrar's class, by the names of its fields. What can't be used
            is written so that ``check`` refuses it.
        complete: a URL with what the environment knows of where the registrar is; unchanged where it is whole, or
            wrong.
    """

    check: Callable[[str, str], object]
    settings: Callable[[str, Callable[[str], Any]], Settings]
    connect: Callable[[Any], Registrar]
    write: Callable[..., str]
    complete: Callable[[str, Mapping[str, str]], str] = _as_it_is
