"""What a store is to the lifecycle: one document, read with a version, written only over that version."""

from dataclasses import dataclass
from typing import Protocol

from whatsapp_flow_keys.ring import KeyRing


@dataclass(frozen=True)
class Versioned:
    """A ring as read, or None where the store holds no document, and the version that a write must name."""

    ring: KeyRing | None
    version: str


class Store(Protocol):
    """One place that holds one key ring document."""

    @property
    def url(self) -> str:
        """Where it is, as people write it in configuration and read it in errors. Holds no secret."""

    @property
    def recoverable(self) -> bool:
        """True if what :meth:`delete` removed can be brought back."""

    def read(self) -> Versioned:
        """Raises :class:`StoreUnavailableError`, and :class:`ForeignDocumentError` for what isn't a ring."""

    def write(self, ring: KeyRing, expected: Versioned) -> Versioned:
        """Writes ``ring`` if the store still holds what was read.

        Raises :class:`StoreConflictError` when somebody else wrote meanwhile, :class:`StoreUnavailableError` when it
        can't be written; nothing is half-written.
        """

    def delete(self) -> None:
        """Removes the document; nothing happens where there is none. Raises :class:`StoreUnavailableError`."""
