"""What a key service is to everybody else: it makes private keys, unwraps with them, and never hands one out."""

from collections.abc import Callable, Collection, Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING, Protocol

from whatsapp_flow_keys.key_reference import KeyReference

if TYPE_CHECKING:
    from whatsapp_flow_keys.keys import PrivateKey


class KeyService(Protocol):
    """The keys of one phone number at a service. Each method may raise :class:`StoreUnavailableError`."""

    @property
    def url(self) -> str:
        """Its URL, canonical: what references name."""

    def make(self) -> KeyReference:
        """A new key, which cannot be exported."""

    def adopt(self, key: "PrivateKey") -> KeyReference:
        """A key that was made elsewhere, imported."""

    def find(self, fingerprint: str) -> KeyReference | None:
        """One of the number's keys, by its public half; None where the service has no such key."""

    def trouble(self, reference: KeyReference) -> str | None:
        """Why forms can't be decrypted with this key, as the service says; None where they can."""

    def retire(self, gone: Collection[str], kept: Collection[str]) -> None:
        """Takes keys that left the ring out of use, so that it can be undone: those whose fingerprints it has. The keys
        that stay in the ring, ``kept``, stay usable, by whatever address the ring refers to them."""

    def unwrap(self, reference: KeyReference, wrapped: bytes) -> bytes:
        """See :class:`DecryptionKey`."""


@dataclass(frozen=True)
class CustodyKind:
    """One kind of key service; each folder has its own as ``KIND``.

    Args:
        open: the service behind a complete URL, for a phone number ID, given with the field that errors name. Nobody is
            asked yet. Raises InputError and MissingExtraError.
        write: the URL of what a program gives to the custody's class, by the names of its fields.
        complete: a URL with what the environment knows of where the service is; unchanged where it is whole, or wrong.
    """

    open: Callable[[str, str, str], KeyService]
    write: Callable[..., str]
    complete: Callable[[str, Mapping[str, str]], str]
