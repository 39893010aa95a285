"""One number's ring in several stores: all are read first and worked on as their union, then all are written."""

from collections.abc import Sequence
from dataclasses import dataclass, field, replace

from whatsapp_flow_keys.audit import THROUGH_LOGGING, Audit, Operation
from whatsapp_flow_keys.errors import ForeignDocumentError, StoreError
from whatsapp_flow_keys.lifecycle.trail import Trail, changes_between
from whatsapp_flow_keys.ring import KeyRing, union
from whatsapp_flow_keys.stores.recorded import RecordedRing
from whatsapp_flow_keys.stores.store import Store, Versioned


@dataclass(frozen=True)
class Claim:
    """Whose ring it is: the number, the stack (``organization/project/stack``), the live EncryptionKey's id.

    ``formerly`` is the name that the stack had when the ring was last written, where it was renamed since.
    """

    phone_number_id: str
    managed_by: str
    owner: str
    formerly: str | None = None

    def trail(self, audit: Audit) -> Trail:
        """For one step: what tells ``audit`` what is done to this number's keys."""
        return Trail(audit, self.phone_number_id, self.managed_by)


@dataclass(frozen=True)
class Rings:
    """What the stores hold, and their union. ``ring`` is empty where no store holds a document."""

    ring: KeyRing
    found: tuple[tuple[Store, Versioned], ...]
    trail: Trail = field(repr=False)

    def write(self, ring: KeyRing) -> "Rings":
        """Every store with ``ring``; those that hold it already are left alone.

        Raises :class:`StoreConflictError` when another run wrote one of them meanwhile.
        """
        revision = max((_revision(held) for _, held in self.found), default=0)
        unchanged = replace(ring, revision=revision)
        if self.found and all(held.ring == unchanged for _, held in self.found):
            return replace(self, ring=unchanged)
        written = replace(ring, revision=revision + 1)
        return replace(self, ring=written, found=tuple((s, self._write(s, written, held)) for s, held in self.found))

    def _write(self, store: Store, ring: KeyRing, held: Versioned) -> Versioned:
        if isinstance(store, RecordedRing):  # a copy: the step that writes the state tells of it
            return store.write(ring, held)
        with self.trail.changing(changes_between(held.ring, ring), store.url):
            return store.write(ring, held)

    def read_again(self, claim: Claim, desired: str) -> "Rings":
        """What the stores answer now.

        Raises :class:`StoreError` where one answers with an older document than before: a replica that lags, or
        somebody rolled it back. What it holds is not known then.
        """
        again = read_rings([store for store, _ in self.found], claim, desired, self.trail)
        for (store, before), (_, now) in zip(self.found, again.found, strict=True):
            if _revision(now) < _revision(before):
                raise StoreError(
                    f"{store.url}: answers with an older key ring than it held a moment ago. If that stays, somebody "
                    f"rolled it back. Run `pulumi up` again"
                )
        return again

    def settle(self) -> None:
        """What surrounds each document (tags, the key that encrypts it) is in line with what was asked for."""
        for store, held in self.found:
            if held.ring is not None:
                store.settle()


def read_rings(stores: Sequence[Store], claim: Claim, desired: str | None = None, trail: Trail | None = None) -> Rings:
    """Reads every store; a soft-deleted document is restored first, and deleted again if it is somebody else's.

    The union names ``claim`` as its manager and owner. It keeps the key with the fingerprint ``desired`` though it may
    never have been offered.
    Raises :class:`ForeignDocumentError` where a store holds another number's ring or another stack's, and
    :class:`StoreError` where two of the stores turn out to be one place.
    """
    trail = trail or claim.trail(THROUGH_LOGGING)
    return _joined(tuple((store, _read_restored(store, claim, trail)) for store in stores), claim, trail, desired)


def look_at_ring(store: Store, claim: Claim) -> Rings:
    """Reads one store as it is, for somebody who must change nothing.

    Raises :class:`StoreError`, also for a document that is soft-deleted.
    """
    held = store.read()
    if held.deleted:
        raise StoreError(f"{store.url}: its document was deleted; the next `pulumi up` restores it")
    return _joined(((store, held),), claim, claim.trail(THROUGH_LOGGING))


def _revision(held: Versioned) -> int:
    return held.ring.revision if held.ring else 0


def _read_restored(store: Store, claim: Claim, trail: Trail) -> Versioned:
    held = store.read()
    if not held.deleted:
        return held
    with trail.step(Operation.RESTORED, None, store=store.url):
        store.restore()
        held = store.read()
        if held.ring is not None:
            try:
                _check_ownership(store.url, held.ring, claim)
            except ForeignDocumentError:
                store.delete(held)  # no service says whose it is before it is restored
                raise
    for key in held.ring.keys if held.ring else ():
        trail.done(Operation.RESTORED, key.fingerprint, store=store.url)
    return held


def _joined(
    found: tuple[tuple[Store, Versioned], ...], claim: Claim, trail: Trail, desired: str | None = None
) -> Rings:
    places: dict[str, str] = {}
    for store, held in found:
        if held.ring is not None:
            _check_ownership(store.url, held.ring, claim)
        if held.place and places.setdefault(held.place, store.url) != store.url:
            raise StoreError(
                f"{places[held.place]} and {store.url} are one place under two names, so one is no backup of the "
                f"other; nothing was changed. Name it once, and give another place as the backup"
            )
    joined = union([held.ring for _, held in found if held.ring], desired=desired)
    ring = joined or KeyRing(claim.phone_number_id, claim.managed_by, claim.owner)
    return Rings(replace(ring, managed_by=claim.managed_by, owner=claim.owner), found, trail)


def _check_ownership(url: str, ring: KeyRing, claim: Claim) -> None:
    if ring.phone_number_id != claim.phone_number_id:
        raise ForeignDocumentError(
            f"{url}: holds the key ring of phone number {ring.phone_number_id}, not of {claim.phone_number_id}; "
            f"it was not touched. Give each phone number a place of its own"
        )
    if ring.managed_by not in (claim.managed_by, claim.formerly):
        raise ForeignDocumentError(
            f"{url}: the key ring of phone number {ring.phone_number_id} is managed by the stack {ring.managed_by}; "
            f"{claim.managed_by} must not change it. Give this stack another store, or manage the number there only"
        )
