"""The promises P1, P2, P3 and P5 of the design, as predicates on the real contents of both sides."""

from collections.abc import Iterator

from tests.model.engine import Run, live, state_of
from tests.model.keys import by_hand, foreign, name, ours, word_of
from tests.model.mentions import recorded_words
from tests.model.ports import JOINS
from tests.model.program import KEY, REGISTRATION, RING, SERVICE, STACK, Program, place_of
from tests.model.world import EMPTY, Asked, Call, Failure, Outcome, Pinged, Resource, World
from whatsapp_flow_keys.registrars.registrar import VALID, ServedKey
from whatsapp_flow_keys.ring import KeyRing, RingKey


def needed(world: World) -> set[str]:
    """The keys that Meta serves, or may come to serve by a message under way. Another's are not ours to keep, nor is
    what a person let go by force."""
    late = {late.fingerprint for late in world.late if late.fingerprint}
    served = {world.meta.served} if world.meta.served else set()
    return (served | late) - {foreign()} - world.forgone


def broken_by_call(before: World, run: Run, call: Call, outcome: Outcome) -> Iterator[str]:
    """What a call breaks by taking effect, or by being made at all."""
    if call.port == "publish":
        yield from _published(before, run, call.subject)
    if call.port == "write":
        yield from _left(before, outcome.world)
        yield from _taken(before, outcome.world, run, call)
        yield from _taken_in(before, run, call)
        if outcome.world.places != before.places:
            yield from _promoted(before, run, call)


def broken(world: World, programs: tuple[Program, ...]) -> Iterator[str]:
    """P2: what nothing that is left holds and opens: the stores, the state, the person's own words."""
    for fingerprint in lost(world, programs):
        yield f"P2: nothing holds and opens {name(fingerprint)} any more, which Meta serves or may come to serve"


def lost(world: World, programs: tuple[Program, ...], *, in_no_ring: bool = False) -> set[str]:
    """The keys that are needed and that nobody can use any more; or that are in no ring, though a resource may still
    hold one."""
    by_person = set() if any(program.given_up for program in programs) else {by_hand().fingerprint}
    known = _known_words(world, programs)
    return {
        fingerprint
        for fingerprint in needed(world) - by_person
        if fingerprint not in world.service.in_use
        and not any(
            not in_no_ring if key is None else _is_usable(key, known, world) for key in _copies(world, fingerprint)
        )
    }


def _is_usable(key: RingKey, known: set[str | None], world: World) -> bool:
    """Of a service's key: whoever else took it out of use can put it back, as long as a ring says which it is."""
    if key.reference is not None:
        return key.fingerprint in world.service.by_others
    return word_of(key.private_key_pem) in known


def forgone(world: World, run: Run) -> frozenset[str]:
    """What a deletion may lose, because a person recorded that it may: only what goes with the number, in that step."""
    assert run.point is not None
    task = run.point.task
    if task.method != "delete" or not task.arguments[1].get("force_destroy"):
        return frozenset()
    goes = run.command.verb == "destroy" or run.target[1].name not in run.program.names
    return frozenset(lost(world, (run.program,), in_no_ring=True)) if goes else frozenset()


def left_state(before: World, after: World) -> Iterator[str]:
    """P2: a key that left the stack's ring while it was needed."""
    for old, new in zip(before.states, after.states, strict=True):
        if live(old, RING) and live(new, RING):
            yield from (f"P2: {name(key)} left the state" for key in (_recorded(old) - _recorded(new)) & needed(after))


def _recorded(state: tuple[Resource, ...]) -> set[str]:
    return {key for each in state if each.kind == RING for key in _fingerprints(each.outs.get("ring"))}


def amiss(world: World, program: Program, actor: int) -> list[str]:
    """P3: what stands between the world and a finished registration."""
    state = state_of(world, actor, program)
    key, ring, registration = (live(state, kind, program.names[-1]) for kind in (KEY, RING, REGISTRATION))
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
    by_service = {bool(copy.reference) for copy in _copies(world, str(desired)) if copy is not None}
    if not program.given and by_service - {program.custody == SERVICE}:
        found.append("P3: the key is not where the program's custody would have it")
    return found


def _published(world: World, run: Run, fingerprint: str) -> Iterator[str]:
    """P1: durable and marked in every configured store. P5: over another's key only where somebody said so."""
    for url in run.program.urls():
        place, held = place_of(url), world.places[place_of(url)]
        # Without compare-and-set a deletion takes what was just written, too; the next `up` recovers it.
        there = not held.deleted or JOINS in url
        key = held.ring.key(fingerprint) if held.ring and there else None
        if key is None:
            yield f"P1: {name(fingerprint)} is published, and place {place} does not hold it"
        elif key.offered_at is None:
            yield f"P1: {name(fingerprint)} is published, and place {place} does not say that it was offered"
        elif key.reference and Asked(fingerprint, True) not in (run.point.answers if run.point else ()):
            yield f"P1: {name(fingerprint)} is published, and its service was not seen to have it in use"
    if run.program.store == STACK and fingerprint not in _recorded(world.states[run.slot]):
        yield f"P1: {name(fingerprint)} is published, and the state does not hold it"
    assert run.point is not None
    seen = [answer for answer in run.point.answers if isinstance(answer, ServedKey)][-1].fingerprint
    if EMPTY in world.odd:
        seen = world.meta.served  # an answer of nothing is no leave
    if run.program.gate and seen not in (None, fingerprint):
        asked = {fingerprint} if _is_sent_again(run) else {fingerprint, seen} & {fingerprint, *_held_by(run, world)}
        for pinged in sorted(asked):
            if Pinged(pinged, None) not in run.point.answers:
                over = f"{name(fingerprint)} is published over {name(seen)}"
                yield f"P1: {over}, and the endpoint was not seen to hold {name(pinged)}"
    if seen in world.service.in_use and run.program.custody == SERVICE and seen not in _held_by(run, world):
        yield f"P2: {name(fingerprint)} is published over {name(seen)}, which the service has, and no ring says so"
    if seen is not None and seen not in _held_by(run, world) and seen not in _replaceable(run):
        yield f"P5: {name(fingerprint)} is published over {name(seen)}, which nobody named"


def _is_sent_again(run: Run) -> bool:
    """This run published before. A key that another message made live since then is not waited for: where the endpoint
    lacks it, its forms fail until the wanted one, which the endpoint holds, is live."""
    assert run.point is not None
    return any(answer is True or answer is Failure.ANSWER_LOST for answer in run.point.answers)


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


def _taken_in(before: World, run: Run, call: Call) -> Iterator[str]:
    """P5: a key of the service joins a ring though it was in none, this run has not made it, and neither a person nor a
    refresh named it."""
    assert run.point is not None
    known = {key.fingerprint for ring in _rings(before) for key in ring.keys} | _recorded(before.states[run.slot])
    made = ours()[run.point.task.fresh].fingerprint
    for key in call.subject.keys:
        if key.reference and key.fingerprint not in {*known, made, by_hand().fingerprint, *_replaceable(run)}:
            yield f"P5: {name(key.fingerprint)} joins the ring, and nobody named it"


def _promoted(before: World, run: Run, call: Call) -> Iterator[str]:
    """P3: a key becomes current only after Meta was seen to serve it."""
    assert run.point is not None
    current = call.subject.current
    known = {ring.current.fingerprint for ring in _rings(before) if ring.current}
    seen = {answer.fingerprint for answer in run.point.answers if isinstance(answer, ServedKey)}
    if current is not None and current.fingerprint not in known | seen:
        yield f"P3: {name(current.fingerprint)} becomes current, and Meta was not seen to serve it"


def _fingerprints(ring: KeyRing | None) -> set[str]:
    return {key.fingerprint for key in ring.keys} if ring else set()


def _held_by(run: Run, world: World) -> set[str]:
    """The keys of the stack's own ring: in the places that its program names, and in its state."""
    rings = [world.places[place].ring for place in run.program.places()]
    return {key for ring in rings for key in _fingerprints(ring)} | _recorded(world.states[run.slot])


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


def _known_words(world: World, programs: tuple[Program, ...]) -> set[str | None]:
    """The passphrases that somebody still knows; None opens what is in the clear."""
    known: set[str | None] = {None}
    for program in programs:
        known |= {program.passphrase, *program.words}
    return known.union(*(recorded_words(each) for state in world.states for each in state))
