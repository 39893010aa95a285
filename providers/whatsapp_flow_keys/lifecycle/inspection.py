"""A look at both sides, Meta and the stores, that changes nothing: what a refresh finds."""

from collections.abc import Collection, Sequence
from dataclasses import dataclass

from whatsapp_flow_keys.errors import StoreError
from whatsapp_flow_keys.lifecycle.findings import IN_PLACE
from whatsapp_flow_keys.lifecycle.rings import look_at_ring
from whatsapp_flow_keys.lifecycle.session import Session
from whatsapp_flow_keys.lifecycle.wanted import Wanted
from whatsapp_flow_keys.registrars.registrar import ServedKey
from whatsapp_flow_keys.ring import KeyRing
from whatsapp_flow_keys.stores.store import Store


@dataclass(frozen=True)
class Inspection:
    """What was found without changing anything.

    Args:
        served: what Meta serves.
        key_ring: :data:`IN_PLACE`, or a sentence that says what is wrong.
        foreign: the fingerprint that Meta serves, if every store could be read and none holds it.
    """

    served: ServedKey
    key_ring: str
    foreign: str | None

    def proves(self, fingerprint: str) -> bool:
        """Meta serves this key, signed, and it is current in every store."""
        return self.served.is_valid and self.served.fingerprint == fingerprint and self.key_ring == IN_PLACE


def inspect(wanted: Wanted, stores: Sequence[Store], session: Session) -> Inspection:
    """Reads both sides and changes nothing. A store that can't be read is part of the result.

    Raises :class:`RegistrarError` if Meta can't be asked: then nothing is known.
    """
    served = session.registrar.served(session.number)
    wrong: list[str] = []
    found: list[tuple[Store, KeyRing]] = []
    for store in stores:
        try:
            found.append((store, look_at_ring(store, session.claim)))
        except StoreError as error:
            wrong.append(str(error))
    # In the stack, keys leave a step later than in its backups.
    offered = {k.fingerprint for store, ring in found if not store.is_recorded for k in ring.keys if k.offered_at}
    for store, ring in found:
        wrong.extend(_what_is_wrong(store, ring, wanted.fingerprint, offered))
    readable = len(found) == len(stores)
    ours = any(served.fingerprint in ring for _, ring in found)
    foreign = served.fingerprint if readable and not ours else None
    return Inspection(served, "; ".join(wrong) or IN_PLACE, foreign)


def _what_is_wrong(store: Store, ring: KeyRing, desired: str, offered: Collection[str]) -> list[str]:
    if desired not in ring:
        return [f"{store.url}: lacks key {desired}"]
    if store.is_recorded:
        return []
    current = ring.current.fingerprint if ring.current else "none"
    if current != desired:
        return [f"{store.url}: current is {current}"]
    return [f"{store.url}: lacks key {other}, which another store holds" for other in offered if other not in ring]
