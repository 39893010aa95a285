"""Restoration: a lost store is rebuilt from a backup, by the same union that every `pulumi up` makes."""

from dataclasses import dataclass

from whatsapp_flow_keys.errors import InputError, StoreError
from whatsapp_flow_keys.lifecycle.rings import Claim, read_rings
from whatsapp_flow_keys.ring import KeyRing
from whatsapp_flow_keys.stores.store import Store


@dataclass(frozen=True)
class Restored:
    """``ring`` is what both stores hold now; ``regained`` are the fingerprints that the target did not hold."""

    ring: KeyRing
    regained: tuple[str, ...]


def restore(source: Store, target: Store) -> Restored:
    """``target`` with every key of ``source``; what it holds itself stays. A softly deleted document is restored first.

    The ring goes on to be its stack's. Raises :class:`InputError` where both are one place, :class:`StoreError` where
    the source holds no ring, :class:`ForeignDocumentError` where the target holds another number's or another stack's;
    then nothing was written.
    """
    if source.url == target.url:
        raise InputError(f"{source.url} is given as source and as target")
    ring = source.read().ring
    if ring is None:
        raise StoreError(f"{source.url}: there is no key ring to restore from")
    rings = read_rings([target, source], Claim(ring.phone_number_id, ring.managed_by, ring.owner))
    held = rings.found[0][1].ring
    written = rings.write(rings.ring)
    written.settle()
    regained = tuple(key.fingerprint for key in written.ring.keys if held is None or key.fingerprint not in held)
    return Restored(written.ring, regained)
