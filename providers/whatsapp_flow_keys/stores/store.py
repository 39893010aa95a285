"""What a store is to the lifecycle: one document, read with a version, written only over that version."""

from dataclasses import dataclass
from typing import Protocol

from whatsapp_flow_keys.ring import KeyRing


@dataclass(frozen=True)
class Exposure:
    """A document that others can read: what was found, and what to do."""

    found: str
    do: str


@dataclass(frozen=True)
class Versioned:
    """A ring as read, or None where the store holds no document, and the version that a write or a deletion must name.

    ``deleted``: a document is there, soft-deleted; :meth:`Store.restore` brings it back. ``place``: what the service
    itself says this document is (a file's device and inode, a version's identifier), never what the URL spells; two
    reads with the same ``place`` found one document under two names. "" where there is no document, or nothing is said.
    ``exposed``: who can read it who should not; None where nobody is known to.
    """

    ring: KeyRing | None
    version: str
    deleted: bool = False
    place: str = ""
    exposed: Exposure | None = None


class Store(Protocol):
    """One place that holds one key ring document. An object serves one thread at a time."""

    @property
    def url(self) -> str:
        """Which place it is, as people write it in configuration and read it in errors. Holds no secret.

        Two URLs of one place give the same text: settings such as tags are left out.
        """

    @property
    def location(self) -> str:
        """The URL to record once the document was written: with its settings, and with what the service said of where
        it is (an AWS account), so that later calls never land elsewhere."""

    @property
    def secret_id(self) -> str:
        """The document's name in the words of the service (an ARN, an identifier), for policies and other tools."""

    @property
    def is_ours(self) -> bool:
        """False for a document that was given by ``secret_id=``: :meth:`delete` leaves it."""

    @property
    def is_recorded(self) -> bool:
        """True for a copy of the ring that a stack's state holds: the step that writes the state reports it."""

    @property
    def recoverable(self) -> bool:
        """True if what :meth:`delete` removes can be brought back. May ask the service; raises as :meth:`read`."""

    def read(self) -> Versioned:
        """Raises :class:`StoreUnavailableError`, and :class:`ForeignDocumentError` for what isn't a ring."""

    def write(self, ring: KeyRing, expected: Versioned) -> Versioned:
        """Writes ``ring`` if the store still holds what was read.

        Raises :class:`StoreConflictError` when somebody else wrote or deleted it meanwhile,
        :class:`RingTooLargeError`, and :class:`StoreUnavailableError` when it can't be written; nothing is
        half-written.
        """

    def settle(self) -> None:
        """Brings what surrounds the document (tags, the key that encrypts it) in line with the URL's settings."""

    def restore(self) -> None:
        """Brings a soft-deleted document back. Raises :class:`ForeignDocumentError` for one that isn't ours."""

    def delete(self, expected: Versioned) -> str:
        """Removes the document that was read, by soft deletion where the store has it; nothing happens where there is
        none, or where it was given by ``secret_id=``. Returns a sentence for the person about what is left, or "".

        Raises :class:`StoreConflictError` when somebody wrote since ``expected`` was read: then the document is there,
        or is back. Raises :class:`StoreUnavailableError`.
        """
