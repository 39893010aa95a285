"""The promises P1, P2, P3 and P5 of the design, as predicates on the real contents of both sides."""

from collections.abc import Iterator

from tests.model.engine import KEY, REGISTRATION, RING, STACK, Program, Run, live
from tests.model.keys import BY_HAND, FOREIGN, name
from tests.model.world import Call, Failure, Outcome, Resource, World
from whatsapp_flow_keys.errors import PrivateKeyError
from whatsapp_flow_keys.graph.answers import RegisteredKey
from whatsapp_flow_keys.graph.signature_status import VALID
from whatsapp_flow_keys.keys import CHECKED
from whatsapp_flow_keys.lifecycle.passphrases import open_key
from whatsapp_flow_keys.ring import KeyRing, RingKey


def needed(world: World) -> set[str]:
    """The keys that Meta serves, or may come to serve by a message under way; another's are not ours to keep."""
    late = {late.fingerprint for late in world.late if late.fingerprint}
    served = {world.meta.served} if world.meta.served else set()
    return (served | late) - {FOREIGN.fingerprint}


def broken_by_call(before: World, run: Run, call: Call, outcome: Outcome) -> Iterator[str]:
    """What a call breaks by taking effect, or by being made at all."""
    if call.port == "publish":
        yield from _published(before, run, call.subject)
    if call.port == "write" and outcome.answer is not Failure.CONFLICT:
        yield from _left(before, outcome.world)
        yield from _taken(before, outcome.world, run, call)
        if outcome.world.places != before.places:
            yield from _promoted(before, run, call)


def broken(world: World, programs: tuple[Program, ...]) -> Iterator[str]:
    """P2: what no place and no state holds any more, or nothing opens; where nobody forced it."""
    if any(program.force_destroy for program in programs):
        return
    kept = set() if any(program.given_up for program in programs) else {BY_HAND.fingerprint}  # by the person
    for fingerprint in needed(world) - kept:
        if not any(_is_openable(key, world, programs) for key in _copies(world, fingerprint)):
            yield f"P2: nothing holds {name(fingerprint)} any more, which Meta serves or may come to serve"


def left_state(before: World, after: World, programs: tuple[Program, ...]) -> Iterator[str]:
    """P2: a key that left the stack's ring while it was needed, and nobody forced it."""
    if any(program.force_destroy for program in programs):
        return
    for old, new in zip(before.states, after.states, strict=True):
        if live(old, RING) and live(new, RING):
            yield from (f"P2: {name(key)} left the state" for key in (_recorded(old) - _recorded(new)) & needed(after))


def _recorded(state: tuple[Resource, ...]) -> set[str]:
    return {key for each in state if each.kind == RING for key in _fingerprints(each.outs.get("ring"))}


def amiss(world: World, program: Program, actor: int) -> list[str]:
    """P3: what stands between the world and a finished registration."""
    state = world.states[actor]
    key, ring, registration = live(state, KEY), live(state, RING), live(state, REGISTRATION)
    if key is None or registration is None:
        return ["P3: there is no registered key"]
    desired = key.outs.get("fingerprint")
    found: list[str] = []
    if world.meta.served != desired or world.meta.status != VALID:
        found.append(f"P3: Meta serves {name(world.meta.served)} ({world.meta.status}), not {name(desired)}")
    if registration.outs.get("proven_fingerprint") != desired:
        found.append("P3: the registration is not recorded as proven")
    for place in program.places():
        held = world.places[place]
        if held.ring is None or held.deleted or held.ring.current is None:
            found.append(f"P3: place {place} has no current key")
        elif held.ring.current.fingerprint != desired:
            found.append(f"P3: current in place {place} is {name(held.ring.current.fingerprint)}")
    if program.store == STACK and (ring is None or desired not in ring.outs.get("ring")):
        found.append("P3: the stack's ring lacks the key")
    return found


def _published(world: World, run: Run, fingerprint: str) -> Iterator[str]:
    """P1: durable and marked in every configured store. P5: over another's key only where somebody said so."""
    for place in run.program.places():
        held = world.places[place]
        key = held.ring.key(fingerprint) if held.ring and not held.deleted else None
        if key is None:
            yield f"P1: {name(fingerprint)} is published, and place {place} does not hold it"
        elif key.offered_at is None:
            yield f"P1: {name(fingerprint)} is published, and place {place} does not say that it was offered"
    if run.program.store == STACK:
        ring = live(world.states[run.actor], RING)
        if ring is None or fingerprint not in ring.outs.get("ring"):
            yield f"P1: {name(fingerprint)} is published, and the state does not hold it"
    assert run.point is not None
    seen = [answer for answer in run.point.answers if isinstance(answer, RegisteredKey)][-1].fingerprint
    if seen is not None and seen not in _held(world) and seen not in _replaceable(run):
        yield f"P5: {name(fingerprint)} is published over {name(seen)}, which nobody named"


def _replaceable(run: Run) -> set[str | None]:
    assert run.point is not None
    recorded = run.point.task.arguments[1] if run.point.task.method == "update" else None
    return {run.program.take_over, recorded.get("foreign_fingerprint") if recorded else None}


def _left(before: World, after: World) -> Iterator[str]:
    """P2: a key that was written out of one place while it was needed."""
    for index, (old, new) in enumerate(zip(before.places, after.places, strict=True)):
        gone = _fingerprints(old.ring) - _fingerprints(new.ring)
        yield from (f"P2: {name(key)} left place {index}" for key in gone & needed(after))


def _taken(before: World, after: World, run: Run, call: Call) -> Iterator[str]:
    """Another stack's document is never overwritten."""
    assert call.place is not None
    held = before.places[call.place].ring
    if held is not None and after.places != before.places and held.managed_by != run.program.managed_by:
        yield f"P2: {run.program.managed_by} writes over the document of {held.managed_by}"


def _promoted(before: World, run: Run, call: Call) -> Iterator[str]:
    """P3: a key becomes current only after Meta was seen to serve it."""
    assert run.point is not None
    current = call.subject.current
    known = {ring.current.fingerprint for ring in _rings(before) if ring.current}
    seen = {answer.fingerprint for answer in run.point.answers if isinstance(answer, RegisteredKey)}
    if current is not None and current.fingerprint not in known | seen:
        yield f"P3: {name(current.fingerprint)} becomes current, and Meta was not seen to serve it"


def _fingerprints(ring: KeyRing | None) -> set[str]:
    return {key.fingerprint for key in ring.keys} if ring else set()


def _held(world: World) -> set[str]:
    return {key.fingerprint for ring in _rings(world) for key in ring.keys}


def _copies(world: World, fingerprint: str) -> Iterator[RingKey | None]:
    for ring in _rings(world):
        key = ring.key(fingerprint)
        if key is not None:
            yield key
    for state in world.states:  # a new pair is in the state before it is in the stack's ring
        if any(_is_in_state(each) and each.outs.get("fingerprint") == fingerprint for each in state):
            yield None


def _is_in_state(resource: Resource) -> bool:
    return bool(resource.outs.get("private_key"))


def _rings(world: World) -> Iterator[KeyRing]:
    yield from (place.ring for place in world.places if place.ring)
    for resource in (each for state in world.states for each in state):
        ring = resource.outs.get("ring")
        if resource.kind == RING and ring is not None:
            yield ring


def live_keys(world: World) -> set[str]:
    """The keys in the rings that are not about to be deleted."""
    rings = [place.ring for place in world.places if not place.deleted]
    rings += [ring.outs.get("ring") for state in world.states if (ring := live(state, RING))]
    alone = {key.outs.get("fingerprint") for state in world.states if (key := live(state, KEY)) and _is_in_state(key)}
    return {key for ring in rings for key in _fingerprints(ring)} | alone


def _is_openable(key: RingKey | None, world: World, programs: tuple[Program, ...]) -> bool:
    if key is None:
        return True
    words = {word for program in programs for word in (program.passphrase, *program.words)}
    for resource in (each for state in world.states for each in state):
        words |= {resource.outs.get("passphrase"), *(resource.outs.get("former_passphrases") or ())}
    try:
        open_key(key, *sorted(word or "" for word in words), checked=CHECKED)
    except PrivateKeyError:
        return False
    return True
