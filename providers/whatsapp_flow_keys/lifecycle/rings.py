"""One number's ring in several stores: all are read first, worked on as their union, and all are written."""

from collections.abc import Sequence
from dataclasses import dataclass, field, replace

from whatsapp_flow_keys.audit import Operation
from whatsapp_flow_keys.errors import ForeignDocumentError, StoreError
from whatsapp_flow_keys.lifecycle.claim import Claim
from whatsapp_flow_keys.lifecycle.trail import Trail, changes_between
from whatsapp_flow_keys.ring import KeyRing, union
from whatsapp_flow_keys.stores.store import Store, Versioned


@dataclass(frozen=True)
class Rings:
    """What the stores hold, and ``ring``: their union, with the highest revision. It is empty if none holds one."""

    ring: KeyRing
    found: tuple[tuple[Store, Versioned], ...]
    claim: Claim
    trail: Trail = field(repr=False)

    def write(self, ring: KeyRing) -> "Rings":
        """Writes ``ring`` to every store, unless all hold it already.

        Raises :class:`StoreConflictError` if another run has written one of them since it was read.
        """
        if self.found and all(held.ring == ring for _, held in self.found):
            return self
        written = replace(ring, revision=self.ring.revision + 1)
        return replace(self, ring=written, found=tuple((s, self._write(s, written, held)) for s, held in self.found))

    def _write(self, store: Store, ring: KeyRing, held: Versioned) -> Versioned:
        if store.is_recorded:  # a copy: the step that writes the state reports it
            return store.write(ring, held)
        with self.trail.changing(changes_between(held.ring, ring), store.url):
            return store.write(ring, held)

    def read_again(self, desired: str) -> "Rings":
        """Reads the stores again."""
        return read_rings([store for store, _ in self.found], self.claim, self.trail, desired)

    def read_no_older(self, desired: str) -> "Rings":
        """Reads the stores again, for what must be evidence.

        Raises :class:`StoreError` if one answers with an older document than before: a replica lags, or somebody
        rolled the store back. What it holds is not known then.
        """
        again = self.read_again(desired)
        for (store, before), (_, now) in zip(self.found, again.found, strict=True):
            if _revision(now) < _revision(before):
                raise StoreError(
                    store.url,
                    "answers with an older key ring than it held a moment ago. If that stays, somebody "
                    "rolled it back. Run `pulumi up` again",
                )
        return again

    def settle(self) -> None:
        """Brings what surrounds each document (tags, the key that encrypts it) in line with the program."""
        for store, _ in self.found:
            store.settle()


def read_rings(stores: Sequence[Store], claim: Claim, trail: Trail, desired: str | None = None) -> Rings:
    """Reads every store. A soft-deleted document is restored first, and deleted again if it is somebody else's.

    Args:
        stores: every place of the ring.
        claim: the manager and owner that the union is to name.
        trail: where restored documents are reported.
        desired: the fingerprint of a key that the union keeps even if it was never offered.

    Raises:
        ForeignDocumentError: a store holds another number's or another stack's ring.
        StoreError: a store can't be read, or two of them are one place.
    """
    found = tuple((store, _read_restored(store, claim, trail)) for store in stores)
    return Rings(_union(found, claim, desired), found, claim, trail)


def look_at_ring(store: Store, claim: Claim) -> KeyRing:
    """One store's ring as it is, for a caller that must change nothing.

    Raises :class:`StoreError`, also for a document that is soft-deleted.
    """
    held = store.read()
    if held.deleted:
        raise StoreError(store.url, "its document was deleted; the next `pulumi up` restores it")
    return _union(((store, held),), claim, None)


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


def _union(found: Sequence[tuple[Store, Versioned]], claim: Claim, desired: str | None) -> KeyRing:
    places: dict[str, str] = {}
    for store, held in found:
        if held.ring is not None:
            _check_ownership(store.url, held.ring, claim)
        if held.place and places.setdefault(held.place, store.url) != store.url:
            raise StoreError(
                store.url,
                f"is the same place as {places[held.place]} under another name, so one is no backup of the other; "
                f"nothing was changed. Name it once, and give another place as the backup",
            )
    joined = union([held.ring for _, held in found if held.ring], desired=desired)
    ring = joined or KeyRing(claim.phone_number_id, claim.managed_by, claim.owner)
    return replace(ring, managed_by=claim.managed_by, owner=claim.owner)


def _check_ownership(url: str, ring: KeyRing, claim: Claim) -> None:
    if ring.phone_number_id != claim.phone_number_id:
        raise ForeignDocumentError(
            url,
            f"holds the key ring of phone number {ring.phone_number_id}, not of {claim.phone_number_id}; "
            f"it was not touched. Give each phone number a place of its own",
        )
    if ring.managed_by not in (claim.managed_by, claim.formerly):
        raise ForeignDocumentError(
            url,
            f"the key ring of phone number {ring.phone_number_id} is managed by the stack {ring.managed_by}; "
            f"{claim.managed_by} must not change it. Give this stack another store, or manage the number there only",
        )
