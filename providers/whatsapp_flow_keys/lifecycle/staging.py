"""Staging: makes a new key durable as *pending*, in every store or in the stack's ring. It publishes nothing."""

from collections.abc import Collection, Sequence
from dataclasses import dataclass, field, replace
from datetime import datetime
from typing import Any, Generic, TypeVar

from whatsapp_flow_keys.audit import Operation
from whatsapp_flow_keys.custody.pem import former_passphrases, open_key
from whatsapp_flow_keys.custody.service import KeyService
from whatsapp_flow_keys.errors import InputError, KeyNotInRingError, PrivateKeyError
from whatsapp_flow_keys.key_reference import KeyReference
from whatsapp_flow_keys.keys import PrivateKey
from whatsapp_flow_keys.lifecycle.foreign_key import refuse_foreign_key, refuse_other_key
from whatsapp_flow_keys.lifecycle.held_keys import regained, retire_what_left
from whatsapp_flow_keys.lifecycle.rings import Rings, read_rings
from whatsapp_flow_keys.lifecycle.session import Session
from whatsapp_flow_keys.lifecycle.trail import Trail, changes_between
from whatsapp_flow_keys.registrars.errors import RegistrarError, WrongClockError
from whatsapp_flow_keys.ring import KeyRing, RingKey, Role, newest_first, offer, promote, stage
from whatsapp_flow_keys.stores.recorded import RecordedRing
from whatsapp_flow_keys.stores.store import Store
from whatsapp_flow_keys.stores.urls import STACK

_RING_MAY_BE_IN_STATE = (
    ". If this stack made that key, the state may still hold it: after a rename or a move in the program, give the "
    "resource an alias; after --replace of the KeyRing, run `pulumi up` without it; after a taint, `pulumi state "
    "untaint`"
)


Key = TypeVar("Key", bound=PrivateKey | KeyReference | None, covariant=True)
Made = PrivateKey | KeyReference


@dataclass(frozen=True)
class NewKey(Generic[Key]):
    """A key to be staged.

    Args:
        key: the pair, or where its service has it; None where ``custody`` is yet to make it.
        issued_on: a UTC date (ISO 8601).
        passphrase: what its PEM is encrypted with; None leaves it in the clear.
        adopted: it was made elsewhere, so it must be the key that Meta serves.
        replaceable: fingerprints of keys that may be published over though no store holds them.
        custody: the key service that is to hold the key; None where it lies in the ring.
    """

    key: Key
    issued_on: str
    passphrase: str | None = field(default=None, repr=False)
    adopted: bool = False
    replaceable: Collection[str] = ()
    custody: KeyService | None = None

    @property
    def fingerprint(self) -> str | None:
        """Of the key; None where it is yet to be made."""
        return None if self.key is None else self.key.fingerprint

    def made(self, trail: Trail) -> Made:
        """The key, once its custody has made or imported it: one for the ring is there already."""
        if self.custody is None or isinstance(self.key, KeyReference):
            assert self.key is not None
            return self.key
        if self.key is not None:
            return self.custody.adopt(self.key)
        made = self.custody.make()
        trail.done(Operation.GENERATED, made.fingerprint, store=made.service)
        return made

    def entry(self, made: Made) -> RingKey:
        """What the ring records of it: pending, never offered."""
        if isinstance(made, KeyReference):
            return RingKey(made.fingerprint, Role.PENDING, self.issued_on, None, "", made)
        return RingKey(made.fingerprint, Role.PENDING, self.issued_on, None, made.to_pem(self.passphrase))


@dataclass(frozen=True)
class Staged:
    """What came of it.

    Args:
        key: what was staged.
        former_passphrases: those that some key still needs.
        ring: as it is now.
    """

    key: Made
    former_passphrases: Sequence[str] = field(repr=False)
    ring: KeyRing


@dataclass(frozen=True)
class Recorded:
    """The live key, as the stack's state records it.

    Args:
        fingerprint: of that key; None if it isn't known.
        formers: passphrases that keys may have been written with before, newest first.
    """

    fingerprint: str | None = None
    formers: Sequence[str] = field(default=(), repr=False)


def stage_in_stores(
    new: NewKey[Any], stores: Sequence[Store], session: Session, recorded: Recorded = Recorded()
) -> Staged:
    """Writes ``new`` as pending to every store. A key service makes it once nothing else is in the way.

    Raises, before anything is written:
        ForeignKeyError: Meta serves a key that no store holds, or another one than the adopted key.
        PrivateKeyError: a key of the ring opens with none of the passphrases.
        RegistrarError: Meta could not be asked.
        StoreError: a store, or a key service, could not be asked.
    """
    trail = session.trail
    with trail.step(Operation.STAGED, new.fingerprint):
        rings = read_rings(stores, session.claim, trail)
        needed = _needed_passphrases(rings.ring, new.passphrase, recorded.formers)
        served = session.registrar.served(session.number).fingerprint
        ring = regained(rings.ring, served, new.replaceable, session)
        session.services.refuse_others(ring)
        _refuse_known_pem(new, ring)
        if new.adopted:
            refuse_other_key(str(new.fingerprint), served, ring, replaceable=new.replaceable)
        else:
            refuse_foreign_key(served, ring, replaceable=new.replaceable)
        made = new.made(trail)
        written = rings.write(_staged(ring, new.entry(made), served, session.clock.now(), recorded.fingerprint))
        written.settle()
        retire_what_left(ring, written.ring, session)
    if new.adopted:
        trail.done(Operation.ADOPTED, made.fingerprint)
    return Staged(made, needed, written.ring)


def _refuse_known_pem(new: NewKey[Any], ring: KeyRing) -> None:
    """A key that lies in the ring stays there: endpoints decrypt with that PEM, wherever else the key is."""
    held = ring.key(str(new.fingerprint))
    if new.custody is not None and held is not None and held.reference is None:
        raise InputError(
            f"existing_private_key: the key ring has key {held.fingerprint} as a PEM, so a copy at {new.custody.url} "
            f"would keep nobody from reading it. Nothing was imported. Leave it out: the change of `custody` makes "
            f"another key there"
        )


def refuse_before_adoption(new: NewKey[PrivateKey], session: Session) -> None:
    """With the stack as the store: asks Meta before a key is adopted. Raises :class:`ForeignKeyError`."""
    claim, adopted = session.claim, new.key.fingerprint
    with session.trail.step(Operation.ADOPTED, adopted):
        served = session.registrar.served(session.number).fingerprint
        nothing_held = KeyRing(claim.phone_number_id, claim.managed_by, claim.owner)
        refuse_other_key(adopted, served, nothing_held, replaceable=new.replaceable)
    session.trail.done(Operation.ADOPTED, adopted)


def _needed_passphrases(ring: KeyRing, passphrase: str | None, formers: Sequence[str]) -> list[str]:
    try:
        return former_passphrases(ring, passphrase, formers)
    except PrivateKeyError as error:
        raise PrivateKeyError(
            f"{error}. Nothing was written. Give the passphrase that the ring was written with. If the FlowEncryption "
            f"was renamed or moved in the program, give it an alias. If the passphrase is lost, give another place as "
            f"the store, and `take_over` for the key that Meta serves"
        ) from None


@dataclass(frozen=True)
class Claimed:
    """The ring, and the former passphrases that its keys still need."""

    former_passphrases: Sequence[str] = field(repr=False)
    ring: KeyRing


def claim_stores(
    recorded: Recorded, stores: Sequence[Store], session: Session, *, passphrase: str | None, moved: bool = False
) -> Claimed:
    """Writes the union of all stores, under the current owner and stack, to every store: after a move, a rename, a new
    backup.

    Args:
        recorded: the live key.
        stores: every place of the ring.
        session: the number, the clock, the audit log.
        passphrase: the one to be used from now on.
        moved: the store is another one than before, so the union must hold the live key.

    Returns:
        The former passphrases that some key still needs, all if no store shows the live key, which may need any of
        them; and the ring.

    Raises, before anything is written:
        KeyNotInRingError: the live key is not where the keys should move.
        PrivateKeyError, PassphraseChangeError: see :func:`former_passphrases`.
    """
    live = recorded.fingerprint
    with session.trail.step(Operation.STAGED, live):
        rings = read_rings(stores, session.claim, session.trail, live)
        if moved and live not in rings.ring:
            raise KeyNotInRingError(_not_where_it_moves(session.number, live, stores))
        needed = former_passphrases(rings.ring, passphrase, recorded.formers)
        session.services.refuse_others(rings.ring)
        if rings.ring.keys:
            rings.write(rings.ring).settle()
        return Claimed(needed if live in rings.ring else recorded.formers, rings.ring)


def _not_where_it_moves(number: str, desired: str | None, stores: Sequence[Store]) -> str:
    places = ", ".join(store.url for store in stores)
    return (
        f"phone number {number}: key {desired} is not in {places}, so the keys were not moved there. Set the store "
        f"back to the one before, with the new one in `backups`; run `pulumi up` until it succeeds; then make the new "
        f"one the store. If the one before is lost for good, set take_over to the key that Meta serves and run "
        f"`pulumi up --replace` with the EncryptionKey's URN: forms under way fail then"
    )


def begin_recorded_ring(new: NewKey[Made], backups: Sequence[Store], session: Session) -> KeyRing:
    """The stack's own ring if none is recorded yet: what the backups hold, and ``new``.

    Stops if Meta can't be asked, or serves a key that is in neither (:class:`ForeignKeyError`), and if a backup's key
    can't be opened without a passphrase (:class:`PrivateKeyError`).
    """
    fingerprint = new.key.fingerprint
    with session.trail.step(Operation.STAGED, fingerprint):
        rings = read_rings(backups, session.claim, session.trail)
        _refuse_encrypted(rings.ring.keys)
        served = session.registrar.served(session.number).fingerprint
        if served != fingerprint:
            rings = replace(rings, ring=regained(rings.ring, served, new.replaceable, session))
        session.services.refuse_others(rings.ring)
        refuse_foreign_key(served, rings.ring, replaceable={*new.replaceable, fingerprint}, last=_RING_MAY_BE_IN_STATE)
        return _record(rings, new, served, session, None)


def extend_recorded_ring(recorded: KeyRing, new: NewKey[Made], backups: Sequence[Store], session: Session) -> KeyRing:
    """The stack's recorded ring with ``new``. No key leaves it while Meta can't be asked.

    Raises :class:`PrivateKeyError` where a backup adds a key that can't be opened without a passphrase.
    """
    with session.trail.step(Operation.STAGED, new.key.fingerprint):
        rings = read_rings([RecordedRing(recorded), *backups], session.claim, session.trail)
        _refuse_encrypted([key for key in rings.ring.keys if key.fingerprint not in recorded])
        session.services.refuse_others(rings.ring)
        try:
            served = session.registrar.served(session.number).fingerprint
        except WrongClockError:
            raise  # the ring's moments would be of a clock that is wrong
        except RegistrarError:
            served = None  # staging continues: the registration meets the same fault and reports it
        if served in new.replaceable:
            rings = replace(rings, ring=regained(rings.ring, served, new.replaceable, session))
        ring = _record(rings, new, served, session, recorded)
        retire_what_left(recorded, ring, session)
        return ring


def _refuse_encrypted(keys: Sequence[RingKey]) -> None:
    """With the stack as the store there is no passphrase, so an endpoint could open none of these."""
    for key in keys:
        if key.reference is not None:
            continue
        try:
            open_key(key)
        except PrivateKeyError as error:
            raise PrivateKeyError(
                f"backups: {error}. With the stack as the store the keys are kept without a passphrase, so nothing was "
                f"written. Make that backup the store, with the passphrase that its keys were written with; or, if its "
                f"keys may go, leave it out"
            ) from None


def _record(rings: Rings, new: NewKey[Made], served: str | None, session: Session, recorded: KeyRing | None) -> KeyRing:
    """In the stack every key counts as offered: the registration can't mark it there before it publishes."""
    now = session.clock.now()
    staged = _staged(rings.ring, new.entry(new.key), served, now)
    if staged != rings.ring:
        staged = offer(staged, new.key.fingerprint, now=now)
    written = rings.write(staged)
    written.settle()
    for operation, fingerprint in changes_between(recorded, written.ring):
        if operation is not Operation.PROMOTED:  # the registration reported it when it had proven the key
            rings.trail.done(operation, fingerprint, store=STACK)
    return newest_first(written.ring)


def _staged(ring: KeyRing, key: RingKey, served: str | None, now: datetime, recorded: str | None = None) -> KeyRing:
    """``ring`` with the new key. An interrupted rotation is finished first: what Meta serves becomes current."""
    if served is not None and served in ring:
        ring = promote(ring, served, desired=key.fingerprint, now=now)
    return stage(ring, key, served=served, now=now, recorded=recorded)
