"""Staging: a new key becomes durable as *pending*, in every store or in the stack's ring. Nothing is published here."""

from collections.abc import Collection, Sequence
from dataclasses import dataclass

from whatsapp_flow_keys.clock import Clock
from whatsapp_flow_keys.errors import KeyNotInRingError, PrivateKeyError
from whatsapp_flow_keys.graph.client import Graph
from whatsapp_flow_keys.graph.errors import GraphError
from whatsapp_flow_keys.keys import PrivateKey
from whatsapp_flow_keys.lifecycle.foreign_key import refuse_foreign_key, refuse_other_key
from whatsapp_flow_keys.lifecycle.passphrases import former_passphrases
from whatsapp_flow_keys.lifecycle.rings import Claim, Rings, read_rings
from whatsapp_flow_keys.ring import KeyRing, RingKey, Role, newest_first, offer, promote, stage
from whatsapp_flow_keys.stores.recorded import RecordedRing
from whatsapp_flow_keys.stores.store import Store

_RING_MAY_BE_IN_STATE = (
    "if the KeyRing resource was replaced or tainted, the state still holds its keys: run `pulumi state untaint`, or "
    "`pulumi up` without --replace. Otherwise: "
)


@dataclass(frozen=True)
class NewKey:
    """A key to be staged. ``issued_on`` is a UTC date; its PEM is encrypted where there is a passphrase.

    ``adopted``: it was not made here, so it must be the one that Meta serves.
    """

    key: PrivateKey
    issued_on: str
    passphrase: str | None = None
    adopted: bool = False


def stage_in_stores(
    new: NewKey,
    claim: Claim,
    *,
    stores: Sequence[Store],
    graph: Graph,
    clock: Clock,
    replaceable: Collection[str],
    formers: Sequence[str] = (),
    recorded: str | None = None,
) -> list[str]:
    """Every store with ``new`` as pending. Returns which of the former passphrases some key still needs.

    ``recorded`` is the fingerprint that the state records until this one is saved; None where that isn't known.

    Before anything is written it stops if Meta can't be asked, if Meta serves a key that no store holds or another than
    one that is adopted (:class:`ForeignKeyError`), and if a key of the ring opens with none of the passphrases
    (:class:`PrivateKeyError`).
    """
    rings = read_rings(stores, claim)
    needed = _needed_passphrases(rings.ring, new.passphrase, formers)
    served = graph.get_registered_key(claim.phone_number_id).fingerprint
    if new.adopted:
        refuse_other_key(new.key.fingerprint, served, rings.ring, replaceable=replaceable)
    else:
        refuse_foreign_key(served, rings.ring, replaceable=replaceable)
    written = rings.write(_staged(rings.ring, new, served, clock, recorded))
    written.settle()
    return needed


def refuse_before_adoption(new: NewKey, claim: Claim, *, graph: Graph, replaceable: Collection[str]) -> None:
    """With the stack as the store: Meta is asked before a key is adopted. Raises :class:`ForeignKeyError`."""
    served = graph.get_registered_key(claim.phone_number_id).fingerprint
    nothing_held = KeyRing(claim.phone_number_id, claim.managed_by, claim.owner)
    refuse_other_key(new.key.fingerprint, served, nothing_held, replaceable=replaceable)


def _needed_passphrases(ring: KeyRing, passphrase: str | None, formers: Sequence[str]) -> list[str]:
    try:
        return former_passphrases(ring, passphrase, formers)
    except PrivateKeyError as error:
        raise PrivateKeyError(
            f"{error}. Nothing was written. Give the passphrase that the ring was written with; if it is lost, give "
            f"another place as the store, and `take_over` for the key that Meta serves"
        ) from None


def claim_stores(
    claim: Claim,
    *,
    stores: Sequence[Store],
    passphrase: str | None,
    formers: Sequence[str] = (),
    desired: str | None = None,
    moved: bool = False,
) -> list[str]:
    """Every store with the union of all and the present owner and manager: after a move, a rename, a new backup.

    ``desired`` is the fingerprint of the live key; where the store was ``moved``, the union must hold it. Returns which
    of the former passphrases some key still needs. Raises :class:`KeyNotInRingError`, and what
    :func:`former_passphrases` raises; then nothing was changed.
    """
    rings = read_rings(stores, claim, desired)
    if moved and desired not in rings.ring:
        places = ", ".join(store.url for store in stores)
        raise KeyNotInRingError(
            f"phone number {claim.phone_number_id}: key {desired} is not in {places}, so the keys were not moved "
            f"there. Set the store back to the one before, with the new one in `backups`; run `pulumi up` until it "
            f"succeeds; then make the new one the store. If the one before is lost for good, set take_over to the key "
            f"that Meta serves and run `pulumi up --replace` with the EncryptionKey's URN: forms under way fail then"
        )
    needed = former_passphrases(rings.ring, passphrase, formers)
    if rings.ring.keys:
        rings.write(rings.ring).settle()
    return needed


def begin_recorded_ring(
    new: NewKey, claim: Claim, *, backups: Sequence[Store], graph: Graph, clock: Clock, replaceable: Collection[str]
) -> KeyRing:
    """The stack's own ring where none is recorded: what the backups hold, and ``new``.

    Stops if Meta can't be asked, or serves a key that is in neither (:class:`ForeignKeyError`).
    """
    rings = read_rings(backups, claim)
    served = graph.get_registered_key(claim.phone_number_id).fingerprint
    refuse_foreign_key(served, rings.ring, replaceable={*replaceable, new.key.fingerprint}, first=_RING_MAY_BE_IN_STATE)
    return _record(rings, new, served, clock)


def extend_recorded_ring(
    recorded: KeyRing, new: NewKey, claim: Claim, *, backups: Sequence[Store], graph: Graph, clock: Clock
) -> KeyRing:
    """The stack's recorded ring with ``new``. No key leaves it while Meta can't be asked."""
    rings = read_rings([RecordedRing(recorded), *backups], claim)
    try:
        served = graph.get_registered_key(claim.phone_number_id).fingerprint
    except GraphError:
        served = None  # staging goes on: the registration meets the same fault and reports it
    return _record(rings, new, served, clock)


def _record(rings: Rings, new: NewKey, served: str | None, clock: Clock) -> KeyRing:
    """In the stack every key counts as offered: the registration can't mark it there before it publishes."""
    staged = _staged(rings.ring, new, served, clock)
    if staged != rings.ring:
        staged = offer(staged, new.key.fingerprint, now=clock.now())
    written = rings.write(staged)
    written.settle()
    return newest_first(written.ring)


def _staged(ring: KeyRing, new: NewKey, served: str | None, clock: Clock, recorded: str | None = None) -> KeyRing:
    """An interrupted rotation is finished first: what Meta serves becomes current."""
    now, desired = clock.now(), new.key.fingerprint
    if served is not None and served in ring:
        ring = promote(ring, served, desired=desired, now=now)
    pem = new.key.to_pem(new.passphrase)
    key = RingKey(desired, Role.PENDING, new.issued_on, None, pem)
    return stage(ring, key, served=served, now=now, recorded=recorded)
