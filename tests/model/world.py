"""The world of a search: what Meta serves, what the places hold, what is still under way, what the state records.

Every value is immutable. A call of the real code becomes a :class:`Call`; :func:`outcomes` says what can come of it.
"""

from collections.abc import Iterator
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from enum import Enum
from typing import Any, NamedTuple

from tests.model.keys import public_pem
from whatsapp_flow_keys.flow_protocol.live_endpoint import NOT_HELD, Refusal
from whatsapp_flow_keys.registrars.registrar import VALID, ServedKey
from whatsapp_flow_keys.ring import KeyRing, keep_both
from whatsapp_flow_keys.stores.store import Versioned

NOW = datetime(2026, 11, 24, 12, tzinfo=UTC)
"""Time stands still; when it passes, everything recorded grows older instead."""
LONG_AGO = NOW - timedelta(hours=25)
NUMBER = "106540352242922"


class Meta(NamedTuple):
    """``hidden``: what reads may still answer instead of ``served``, for a while after a publication."""

    served: str | None = None
    status: str = VALID
    hidden: tuple[str | None] | None = None


class Place(NamedTuple):
    """A store: what it holds, and which write made it so. ``before`` is what a stale read answers."""

    ring: KeyRing | None = None
    version: int = 0
    deleted: bool = False
    before: tuple[KeyRing | None, int] | None = None


class Service(NamedTuple):
    """A key service: the keys that it has in use, those that are out of use, and which of these somebody else took out,
    who can put them back."""

    in_use: frozenset[str] = frozenset()
    out: frozenset[str] = frozenset()
    by_others: frozenset[str] = frozenset()


class Late(NamedTuple):
    """A publication or a write that was sent and has not taken effect yet."""

    place: int | None
    fingerprint: str | None
    ring: KeyRing | None = None
    version: int = 0


class Props(NamedTuple):
    """The properties of a resource, by name; lists are tuples, a key ring document is a ring."""

    items: tuple[tuple[str, Any], ...] = ()

    def get(self, name: str) -> Any:
        """One property, None where there is none."""
        for key, value in self.items:  # a generator would take twice as long, in the search's busiest place
            if key == name:
                return value
        return None

    def replaced(self, name: str, value: Any) -> "Props":
        """With another value of a property that is there."""
        return Props(tuple((key, value if key == name else old) for key, old in self.items))


class Digest(NamedTuple):
    """What a state records of a ring that the program gives."""

    ring: KeyRing


class Resource(NamedTuple):
    """A resource as the state records it. ``deleted``: replaced, its deletion is due. ``pending``: deleted already, and
    to be made again. ``process`` is the provider that it belongs to."""

    kind: str
    id: str
    inputs: Props
    outs: Props
    deleted: bool = False
    name: str = "line"
    pending: bool = False
    process: int = 0


class World(NamedTuple):
    """``states``: one Pulumi state for each stack. ``outside``: somebody else changed Meta or a store, or a late
    message landed, since this was last proven; then a plain `up` need not see it. ``snapshot``: what a backup may be
    rolled back to. ``forgone``: keys at Meta that a person let go by force. ``odd``: what else may come of a call,
    in the searches that are about it."""

    meta: Meta
    places: tuple[Place, ...]
    states: tuple[tuple[Resource, ...], ...]
    late: tuple[Late, ...] = ()
    outside: bool = False
    snapshot: KeyRing | None = None
    taken: frozenset[int] = frozenset()
    forgone: frozenset[str] = frozenset()
    odd: frozenset[str] = frozenset()
    service: Service = Service()


GOES_DOWN = "the process goes down before it"
EMPTY = "answers with no key, while one is served"
FAILS_AFTER = "refused, and it took effect"
NO_EFFECT = "accepted, without effect"


class Failure(Enum):
    """An answer that is an error; :mod:`tests.model.ports` raises it as the product's own."""

    META_DOWN = "Meta can't be reached"
    META_REFUSES = "Meta refuses"
    ANSWER_LOST = "the answer is lost"
    STORE_DOWN = "the store can't be reached"
    CONFLICT = "somebody else wrote"


class Call(NamedTuple):
    """One call through a port. ``subject`` is a fingerprint, several, a ring, or None; ``expected`` the version of a
    write. ``joins``: the store has no compare-and-set."""

    port: str
    place: int | None = None
    subject: Any = None
    expected: int = 0
    joins: bool = False


class Pinged(NamedTuple):
    """What the endpoint answered to a ping made with a key; ``refusal`` is None where it holds it."""

    fingerprint: str
    refusal: Refusal | None


class Asked(NamedTuple):
    """What a key service answered of a key: whether forms can be decrypted with it, or whether it has it."""

    fingerprint: str
    said: bool


class Outcome(NamedTuple):
    """``answer`` is None where the process goes down. ``cost`` counts faults. ``label`` stands in a trace."""

    label: str
    cost: int
    world: World
    answer: Any
    survives: bool = True


def outcomes(world: World, call: Call, budget: int) -> Iterator[Outcome]:
    """All that can come of a call, with at most ``budget`` faults."""
    if budget:
        yield Outcome(GOES_DOWN, 1, world, None, survives=False)
    kinds = {
        "get": _get,
        "publish": _publish,
        "ping": _ping,
        "read": _read,
        "write": _write,
        "restore": _restore,
        "delete": _delete,
        "make": _make,
        "trouble": _trouble,
        "find": _find,
        "retire": _retire,
    }
    yield from kinds[call.port](world, call, budget)


def _get(world: World, _call: Call, budget: int) -> Iterator[Outcome]:
    meta = world.meta
    if meta.hidden:
        yield Outcome("stale", 0, world, _registered(meta.hidden[0], VALID))
    yield Outcome("", 0, world._replace(meta=meta._replace(hidden=None)), _registered(meta.served, meta.status))
    if budget:
        yield Outcome("fails", 1, world, Failure.META_DOWN)
    if budget and EMPTY in world.odd and meta.served:
        yield Outcome(EMPTY, 1, world, ServedKey())


def _publish(world: World, call: Call, budget: int) -> Iterator[Outcome]:
    done = world._replace(meta=Meta(call.subject, VALID))
    yield Outcome("", 0, done, True)
    if not budget:
        return
    yield Outcome("refused", 1, world, Failure.META_REFUSES)
    if FAILS_AFTER in world.odd:
        yield Outcome(FAILS_AFTER, 1, done, Failure.META_REFUSES)
    if NO_EFFECT in world.odd:
        yield Outcome(NO_EFFECT, 1, world, True)
    yield Outcome("answer lost after the effect", 1, done, Failure.ANSWER_LOST)
    late = with_late(world, Late(None, call.subject))
    yield Outcome("answer lost, takes effect late", 1, late, Failure.ANSWER_LOST)
    yield Outcome("takes effect late, and the process goes down", 1, late, None, survives=False)
    if world.meta.served != call.subject:
        yield Outcome(
            "not seen for a while", 1, world._replace(meta=Meta(call.subject, VALID, (world.meta.served,))), True
        )


_NOT_HELD = Refusal("https://flows.example.com", "answered 421: it does not hold the key", NOT_HELD)


def _ping(world: World, call: Call, budget: int) -> Iterator[Outcome]:
    yield Outcome("", 0, world, Pinged(call.subject, None))
    if budget:
        yield Outcome("does not hold it", 1, world, Pinged(call.subject, _NOT_HELD))


def _read(world: World, call: Call, budget: int) -> Iterator[Outcome]:
    assert call.place is not None
    place = world.places[call.place]
    shown = None if place.deleted else place.ring
    yield Outcome("", 0, world, Versioned(shown, str(place.version), place.deleted))
    if budget:
        yield Outcome("fails", 1, world, Failure.STORE_DOWN)
        if place.before is not None and not place.deleted:
            ring, version = place.before
            yield Outcome("stale", 1, world, Versioned(ring, str(version)))


def _write(world: World, call: Call, budget: int) -> Iterator[Outcome]:
    assert call.place is not None
    place = world.places[call.place]
    if call.expected != place.version:
        yield Outcome("conflict", 0, world, Failure.CONFLICT)
        if call.joins and place.ring is not None and not place.deleted:
            both = with_place(world, call.place, written(place, _joined(place.ring, call.subject)))
            yield Outcome("conflict, and the keys of both are kept", 0, both, Failure.CONFLICT)
        return
    done = with_place(world, call.place, written(place, call.subject))
    yield Outcome("", 0, done, done.places[call.place].version)
    if not budget:
        return
    yield Outcome("fails", 1, world, Failure.STORE_DOWN)
    yield Outcome("answer lost after the effect", 1, done, Failure.STORE_DOWN)
    late = with_late(world, Late(call.place, None, call.subject, call.expected))
    yield Outcome("answer lost, takes effect late", 1, late, Failure.STORE_DOWN)


def _restore(world: World, call: Call, budget: int) -> Iterator[Outcome]:
    assert call.place is not None
    place = world.places[call.place]
    yield Outcome("", 0, with_place(world, call.place, place._replace(deleted=False)), True)
    if budget:
        yield Outcome("fails", 1, world, Failure.STORE_DOWN)


def _delete(world: World, call: Call, budget: int) -> Iterator[Outcome]:
    assert call.place is not None
    place = world.places[call.place]
    if call.expected != place.version:
        yield Outcome("conflict", 0, world, Failure.CONFLICT)
        if call.joins and budget and place.ring is not None:
            newer = with_place(world, call.place, place._replace(deleted=True))
            yield Outcome("deletes what somebody else wrote, and the process goes down", 1, newer, None, survives=False)
        return
    gone = place._replace(deleted=True) if call.subject else Place(None, place.version + 1)
    done = with_place(world, call.place, gone) if place.ring is not None else world
    yield Outcome("", 0, done, True)
    if budget:
        yield Outcome("fails", 1, world, Failure.STORE_DOWN)
        yield Outcome("answer lost after the effect", 1, done, Failure.STORE_DOWN)


def _make(world: World, call: Call, budget: int) -> Iterator[Outcome]:
    service = world.service
    done = world._replace(service=service._replace(in_use=service.in_use | {call.subject}))
    yield Outcome("", 0, done, True)
    if budget:
        yield Outcome("fails", 1, world, Failure.STORE_DOWN)
        yield Outcome("answer lost after the effect", 1, done, Failure.STORE_DOWN)


def _trouble(world: World, call: Call, budget: int) -> Iterator[Outcome]:
    yield Outcome("", 0, world, Asked(call.subject, call.subject in world.service.in_use))
    if budget:
        yield Outcome("fails", 1, world, Failure.STORE_DOWN)


def _find(world: World, call: Call, budget: int) -> Iterator[Outcome]:
    yield from _trouble(world, call, budget)


def _retire(world: World, call: Call, budget: int) -> Iterator[Outcome]:
    """As harsh as a service may be: what left goes out of use, and what was out of use and does not stay is deleted for
    good, whoever took it out. Nothing goes where none of those that stay is here."""
    service, (gone, kept) = world.service, call.subject
    leaving, staying = frozenset(gone), frozenset(kept) - frozenset(gone)
    if (service.in_use | service.out) & frozenset(kept):
        out = service.out & staying | service.in_use & leaving
        service = Service(service.in_use - leaving, out, service.by_others & staying)
    done = world._replace(service=service)
    yield Outcome("", 0, done, True)
    if budget:
        yield Outcome("fails", 1, world, Failure.STORE_DOWN)
        yield Outcome("answer lost after the effect", 1, done, Failure.STORE_DOWN)


def _joined(held: KeyRing, ours: KeyRing) -> KeyRing:
    """What a store without compare-and-set makes of two rings that were written at one moment."""
    joined = keep_both(held, ours, at=NOW)
    return replace(joined, revision=joined.revision + 1)


def landings(world: World) -> Iterator[tuple[str, World]]:
    """What late messages can do at any moment."""
    for index, late in enumerate(world.late):
        rest = world._replace(late=world.late[:index] + world.late[index + 1 :], outside=True)
        if late.place is None:
            yield "a late publication takes effect", rest._replace(meta=Meta(late.fingerprint, VALID))
            continue
        place = rest.places[late.place]
        if place.version == late.version and not place.deleted:
            yield "a late write takes effect", with_place(rest, late.place, written(place, late.ring))
        else:
            yield "a late write is refused: the store holds another version", rest


def written(place: Place, ring: KeyRing | None) -> Place:
    """The place after a write."""
    return Place(ring, place.version + 1, before=(place.ring, place.version))


def with_place(world: World, index: int, place: Place) -> World:
    """The world with another content of one place."""
    return world._replace(places=(*world.places[:index], place, *world.places[index + 1 :]))


def with_late(world: World, late: Late) -> World:
    """The world with a message under way; two of the same are as one."""
    return world._replace(late=tuple(sorted({*world.late, late}, key=repr)))


def _registered(fingerprint: str | None, status: str) -> ServedKey:
    if fingerprint is None:
        return ServedKey(signature_status="MISMATCH")
    return ServedKey(public_pem(fingerprint), fingerprint, status)


def aged(ring: KeyRing, *, days: int = 0, hours: int = 0) -> KeyRing:
    """A ring as it reads when some days or hours have passed. ``days`` 90 makes its keys due. There are three ages of
    an offer: just made, two hours, more than a day."""

    def offered(at: datetime | None) -> datetime | None:
        if at is None or (not days and at != NOW):
            return at
        return LONG_AGO if days else NOW - timedelta(hours=hours)

    keys = tuple(
        replace(key, offered_at=offered(key.offered_at), issued_on=aged_date(key.issued_on, days)) for key in ring.keys
    )
    return replace(ring, keys=keys)


def aged_date(date: str, days: int) -> str:
    """One of two dates: made lately, or due."""
    return DUE_DATE if days >= 90 or date == DUE_DATE else TODAY


TODAY = NOW.date().isoformat()
DUE_DATE = (NOW.date() - timedelta(days=90)).isoformat()
