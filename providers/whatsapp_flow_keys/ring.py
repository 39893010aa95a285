"""The key ring: every private key of one phone number that Meta serves, served, or may come to serve.

A value and pure functions on it: staging, offering, promoting, retiring, union. Nothing here does input or output.
Keys are matched by fingerprint only.
"""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from enum import StrEnum

from whatsapp_flow_keys.fingerprint import short
from whatsapp_flow_keys.key_reference import KeyReference

GRACE = timedelta(hours=24)
"""How long a key that lost its seat stays after its last offer: a late answer or a client's cache may still name it."""

UNDER_WAY = timedelta(hours=1)
"""How long a publication whose answer was lost may still take effect."""


class Role(StrEnum):
    """What a key is to the ring."""

    CURRENT = "current"
    """The last key proven at Meta."""
    PENDING = "pending"
    """Staged: durable, to be published."""
    PREVIOUS = "previous"
    """Current before."""
    RETAINED = "retained"
    """Any other key that was ever offered to Meta."""


_ORDER = {Role.CURRENT: 0, Role.PENDING: 1, Role.PREVIOUS: 2, Role.RETAINED: 3}


@dataclass(frozen=True, repr=False)
class RingKey:
    """One key of the ring. ``issued_on`` is a UTC date (ISO 8601).

    ``offered_at`` is the last moment at which Meta may have taken the key or handed it out: set before each
    publication, and again when the key loses its seat; None while it was never offered. ``private_key_pem`` is empty
    where a key service has the private key: ``reference`` then says which.
    """

    fingerprint: str
    role: Role
    issued_on: str
    offered_at: datetime | None
    private_key_pem: str
    reference: KeyReference | None = None

    def __repr__(self) -> str:
        return f"RingKey({short(self.fingerprint)}…, {self.role.value})"


@dataclass(frozen=True)
class KeyRing:
    """The keys of one phone number, *current* first, and whose they are.

    ``managed_by`` is ``organization/project/stack``; ``owner`` the id of the live EncryptionKey resource;
    ``revision`` counts the writes.
    """

    phone_number_id: str
    managed_by: str
    owner: str
    revision: int = 0
    keys: tuple[RingKey, ...] = ()

    def __contains__(self, fingerprint: object) -> bool:
        return any(key.fingerprint == fingerprint for key in self.keys)

    def key(self, fingerprint: str) -> RingKey | None:
        """The key with this fingerprint, or None."""
        return next((key for key in self.keys if key.fingerprint == fingerprint), None)

    @property
    def current(self) -> RingKey | None:
        """The key last proven at Meta, or None before the first proof."""
        return next((key for key in self.keys if key.role is Role.CURRENT), None)

    @property
    def private_keys(self) -> str:
        """The PEM bundle of every key that is not held by a key service, in the order of ``keys``."""
        return "".join(key.private_key_pem for key in self.keys)

    @property
    def references(self) -> tuple[KeyReference, ...]:
        """Those of the keys that a key service holds, in the order of ``keys``."""
        return tuple(key.reference for key in self.keys if key.reference is not None)


def stage(ring: KeyRing, key: RingKey, *, served: str | None, now: datetime, recorded: str | None = None) -> KeyRing:
    """``ring`` with ``key`` as *pending*.

    A pending key that was never offered is replaced; one that was offered becomes retained, and so does the one that
    is ``recorded`` in the stack's state: if this run ends before the new one is, the next one wants it. A key that is
    in the ring already (one that is adopted again) keeps its record; *current* stays current.
    """
    known = ring.key(key.fingerprint)
    if known is not None and known.role is Role.CURRENT:
        return ring
    others = [_unseated(other, served, now) for other in ring.keys if other.fingerprint != key.fingerprint]
    staged = replace(known or key, role=Role.PENDING)
    kept = [other for other in others if other.offered_at or other.fingerprint == recorded]
    return retire(_with(ring, [staged, *kept]), served=served, desired=key.fingerprint, now=now, recorded=recorded)


def offer(ring: KeyRing, fingerprint: str, *, now: datetime) -> KeyRing:
    """``ring`` with the key marked as offered to Meta at ``now``. To be stored *before* the key is published."""
    return _with(ring, [replace(k, offered_at=now) if k.fingerprint == fingerprint else k for k in ring.keys])


def promote(ring: KeyRing, fingerprint: str, *, desired: str, now: datetime) -> KeyRing:
    """``ring`` with the key that Meta is proven to serve as *current*, wherever it lay.

    What was current becomes *previous*, what was previous becomes *retained*; a pending key stays pending.
    """
    current = ring.current
    if current is not None and current.fingerprint == fingerprint:
        return retire(ring, served=fingerprint, desired=desired, now=now)

    def seat(key: RingKey) -> RingKey:
        if key.fingerprint == fingerprint:
            return replace(key, role=Role.CURRENT, offered_at=key.offered_at or now)
        if key.role is Role.CURRENT:
            return replace(key, role=Role.PREVIOUS, offered_at=now)
        if key.role is Role.PREVIOUS:
            return replace(key, role=Role.RETAINED)
        return key

    return retire(_with(ring, [seat(key) for key in ring.keys]), served=fingerprint, desired=desired, now=now)


def retire(ring: KeyRing, *, served: str | None, desired: str, now: datetime, recorded: str | None = None) -> KeyRing:
    """``ring`` without the retained keys that are neither served nor desired nor ``recorded``, and past their grace.

    One that was never offered has no grace.

    Nothing leaves while Meta serves no key of the ring, since then nobody knows what it will serve next.
    """
    if served not in ring:
        return ring

    def stays(key: RingKey) -> bool:
        wanted = key.role is not Role.RETAINED or key.fingerprint in (served, desired, recorded)
        return wanted or (key.offered_at is not None and now - key.offered_at < GRACE)

    return _with(ring, [key for key in ring.keys if stays(key)])


def may_come_to_be_served(keys: Iterable[RingKey], now: datetime) -> list[str]:
    """The fingerprints of the keys that were offered so lately that a publication may still be under way."""
    return [key.fingerprint for key in keys if key.offered_at is not None and now - key.offered_at < UNDER_WAY]


def union(rings: Sequence[KeyRing], *, desired: str | None = None) -> KeyRing | None:
    """The rings of several stores as one, by fingerprint; None if there is none.

    The highest revision gives roles, order, owner and names. Keys found only elsewhere become retained if they were
    ever offered; never-offered ones belong to an old snapshot and are dropped, but for the ``desired`` one, which is
    about to be offered. ``offered_at`` is the latest.
    """
    if not rings:
        return None
    base = max(rings, key=lambda ring: ring.revision)
    everywhere = [key for ring in rings for key in ring.keys]
    elsewhere: dict[str, RingKey] = {}
    for key in everywhere:
        if key.fingerprint not in base and (key.offered_at is not None or key.fingerprint == desired):
            elsewhere.setdefault(key.fingerprint, replace(key, role=Role.RETAINED))
    joined = [*base.keys, *elsewhere.values()]
    return _with(base, [replace(k, offered_at=_latest(everywhere, k.fingerprint)) for k in joined])


def keep_both(ours: KeyRing, theirs: KeyRing, *, at: datetime) -> KeyRing:
    """Both rings of two writers who didn't see each other, where a store can't refuse the second.

    Their keys that the union drops, pending and never offered, stay as retained: the other run may have offered them
    since ``at``, when it wrote.
    """
    joined = union([ours, theirs]) or ours
    left = [key for ring in (ours, theirs) for key in ring.keys if key.fingerprint not in joined]
    return _with(joined, [*joined.keys, *(replace(key, role=Role.RETAINED, offered_at=at) for key in left)])


def newest_first(ring: KeyRing) -> KeyRing:
    """``ring`` with its pending key first: the order of the stack's ring, whose newest key is about to be current."""
    return replace(ring, keys=tuple(sorted(ring.keys, key=lambda key: key.role is not Role.PENDING)))


def _unseated(key: RingKey, served: str | None, now: datetime) -> RingKey:
    if key.role is not Role.PENDING:
        return key
    known_to_meta = key.offered_at is not None or key.fingerprint == served
    return replace(key, role=Role.RETAINED, offered_at=now if known_to_meta else None)


def _latest(keys: Iterable[RingKey], fingerprint: str) -> datetime | None:
    offers = [key.offered_at for key in keys if key.fingerprint == fingerprint and key.offered_at is not None]
    return max(offers, default=None)


def _with(ring: KeyRing, keys: Iterable[RingKey]) -> KeyRing:
    return replace(ring, keys=tuple(sorted(keys, key=lambda key: _ORDER[key.role])))
