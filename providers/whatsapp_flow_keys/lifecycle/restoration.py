"""Restoration: a lost store is rebuilt from a backup, by the same union that every `pulumi up` makes."""

from dataclasses import dataclass, replace

from whatsapp_flow_keys.audit import Audit, Operation
from whatsapp_flow_keys.clock import Clock
from whatsapp_flow_keys.errors import InputError, StoreError
from whatsapp_flow_keys.lifecycle.claim import Claim
from whatsapp_flow_keys.lifecycle.rings import read_rings
from whatsapp_flow_keys.ring import KeyRing, keep_both
from whatsapp_flow_keys.stores.store import Store


@dataclass(frozen=True)
class Restored:
    """``ring`` is what both stores hold now; ``regained`` are the fingerprints that the target did not hold."""

    ring: KeyRing
    regained: tuple[str, ...]


def restore(source: Store, target: Store, clock: Clock, audit: Audit) -> Restored:
    """Adds every key of ``source`` to ``target``, which keeps its own. A soft-deleted document is restored first.

    The source is only read: a backup may be on a medium that can't be written. The ring stays its stack's.

    Raises, before anything is written:
        InputError: both are one place.
        StoreError: the source holds no ring.
        ForeignDocumentError: the target holds another number's or another stack's ring.
    """
    if source.url == target.url:
        raise InputError(f"{source.url} is given as source and as target")
    held_by_source = source.read()
    ring = held_by_source.ring
    if ring is None:
        deleted = " (it was deleted; bring it back first)" if held_by_source.deleted else ""
        raise StoreError(source.url, f"there is no key ring to restore from{deleted}")
    claim = Claim(ring.phone_number_id, ring.managed_by, ring.owner)
    trail = claim.trail(audit)
    with trail.step(Operation.RESTORED, None, store=target.url):
        found = read_rings([target], claim, trail).found[0][1]
        if found.place and found.place == held_by_source.place:
            raise InputError(f"{source.url} and {target.url} are one place under two names")
        joined = keep_both(found.ring, ring, at=clock.now()) if found.ring else ring
        if joined not in (ring, found.ring):
            joined = replace(joined, revision=joined.revision + 1)
        held = found.ring or replace(ring, keys=())
        regained = tuple(key.fingerprint for key in joined.keys if key.fingerprint not in held)
        if joined != found.ring:
            with trail.changing([(Operation.RESTORED, key) for key in regained], target.url):
                target.write(joined, found)
    return Restored(joined, regained)
