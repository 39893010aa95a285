"""What people, time and others do between commands, as moves of a search."""

from collections.abc import Iterator

from tests.model.canonical import older, put_back
from tests.model.component import PASSPHRASE
from tests.model.engine import live
from tests.model.keys import foreign
from tests.model.moments import Move, State
from tests.model.ports import thaw
from tests.model.program import (
    DESTROY,
    IN_RING,
    KEY,
    REGISTRATION,
    RING,
    SERVICE,
    STACK,
    UP,
    UP_REFRESH,
    Command,
    Program,
)
from tests.model.promises import lost
from tests.model.world import Meta, Place, Service, with_place

TRIGGERS = "abc"
_WORDS = ("the first passphrase", "the second passphrase")


def rotating(program: Program) -> Program:
    """The program with another rotation trigger."""
    return program._replace(trigger=TRIGGERS[(TRIGGERS.index(program.trigger) + 1) % len(TRIGGERS)])


def taken_back(program: Program) -> Program:
    """The program with the trigger that it had before."""
    return program._replace(trigger=TRIGGERS[TRIGGERS.index(program.trigger) - 1])


def commands(state: State) -> Iterator[Move]:
    """Commands of one stack, with and without a rotation."""
    (program,) = state.programs
    yield Move("up", state, ((0, UP),))
    yield Move("up --refresh", state, ((0, UP_REFRESH),))
    yield Move("refresh", state, ((0, Command("refresh")),))
    yield Move("destroy", state, ((0, DESTROY),))
    yield Move("rotation asked for, up", state._replace(programs=(rotating(program),)), ((0, UP),))
    yield Move("rotation taken back, up", state._replace(programs=(taken_back(program),)), ((0, UP),))
    forced = state._replace(programs=(program._replace(forced=True),))
    for kind in (KEY, RING, REGISTRATION):
        if live(state.world.states[0], kind):
            yield Move(f"up --replace {kind}", forced, ((0, Command("up", replace=frozenset([kind]))),))
    if live(state.world.states[0], KEY):
        targeted = Command("up", replace=frozenset([KEY]), only=frozenset([KEY]))
        yield Move("up --target-replace EncryptionKey", forced, ((0, targeted),))


def all_moves(state: State) -> Iterator[Move]:
    """All that the stages name."""
    yield from commands(state)
    yield from others(state)
    (program,) = state.programs
    turned = rotating(program)
    away = program._replace(process=1 - program.process)
    renamed = program._replace(names=("hotline",))
    twice = program._replace(names=("line", "hotline"), forced=True)  # each drops what the other never offered
    go_on, target = Command("up", goes_on=True), Command("up", only=frozenset(["hotline"]))
    typed = {
        "up --continue-on-error": (program, go_on),
        "destroy --continue-on-error": (program, Command("destroy", goes_on=True)),
        "destroy --refresh": (program, Command("destroy", refresh=True)),
        "destroy --refresh, what is due last": (program, Command("destroy", refresh=True, due_last=True)),
        "up --replace RandomPassword": (program, Command("up", replace=frozenset([PASSPHRASE]))),
        "force_destroy set, up": (program._replace(force_destroy=True), UP),
        "rotation asked for, up --continue-on-error": (turned, go_on),
        "rotation asked for, up --exclude KeyRegistration": (turned, Command("up", but=frozenset([REGISTRATION]))),
        "rotation asked for, up --target EncryptionKey": (turned, Command("up", only=frozenset([KEY]))),
        "renamed with an alias, up": (renamed._replace(aliased=True), UP),
        "renamed, up": (renamed, UP),
        "renamed, up --continue-on-error": (renamed, go_on),
        "renamed, up --target": (renamed, target),
        "the next version, up": (program._replace(older=False), UP),
        "the next version, up --target": (program._replace(older=False), Command("up", only=frozenset([KEY]))),
        "the next version, to another account and rotation asked for, up": (rotating(away)._replace(older=False), UP),
        "to the key service, up": (program._replace(custody=SERVICE), UP),
        "back into the ring, up": (program._replace(custody=IN_RING), UP),
        "named as before, up": (program._replace(names=("line",), aliased=False), UP),
        "named twice, up": (twice, UP),
        "named twice, up --continue-on-error": (twice, go_on),
        "to another account, up": (away, UP),
        "to another account and rotation asked for, up": (rotating(away), UP),
    }
    for words, (following, command) in typed.items():
        yield Move(words, state._replace(programs=(following,)), ((0, command),))
    yield from _to_the_store(state)
    yield from _to_the_service(state)


def _to_the_service(state: State) -> Iterator[Move]:
    """What others do to the keys of the service."""
    service = state.world.service
    taken = Service(frozenset(), service.out | service.in_use, service.by_others | service.in_use)
    yield Move("the keys are taken out of use", state._replace(world=state.world._replace(service=taken)))
    yield Move("the keys are put back into use", state._replace(world=put_back(state.world)))


def _to_the_store(state: State) -> Iterator[Move]:
    """What others do to the store itself, and what time does in two hours."""
    world = state.world
    if not world.late:
        yield Move("two hours pass", state._replace(world=older(world, hours=2)))
    (program,) = state.programs
    (first, *_) = program.places() or (0,)
    place = world.places[first]
    snapshot = world._replace(snapshot=place.ring)
    yield Move("a snapshot of the store is taken", state._replace(world=snapshot))
    for event, ring in (("the store is emptied", None), ("the store is rolled back", world.snapshot)):
        changed = with_place(world, first, Place(ring, place.version + 1))._replace(outside=True)
        gone = changed.forgone | lost(changed, state.programs)
        known = program._replace(forced=True)  # the person knows why a key is gone
        yield Move(event, state._replace(world=changed._replace(forgone=gone), programs=(known,)))


def changes(state: State, steps: tuple[Program, ...]) -> Iterator[Move]:
    """A move's next step, and another passphrase."""
    (program,) = state.programs
    key = live(state.world.states[0], KEY)
    if key is None:
        return
    places = [(step.store, step.backups) for step in steps]
    here = places.index((program.store, program.backups))
    recorded = (key.inputs.get("store"), tuple(thaw(key.inputs.get("backups") or ())))
    if recorded == places[here] and here + 1 < len(steps):
        store, backups = places[here + 1]
        moved = program._replace(store=store, backups=backups, before=places[here])
        yield Move("next step of the move, up", state._replace(programs=(moved,)), ((0, UP),))
        both = state._replace(programs=(rotating(moved),))
        yield Move("next step of the move and rotation asked for, up", both, ((0, UP),))
    if program.store != STACK and len(steps) == 1:
        word = _WORDS[program.passphrase == _WORDS[0]]
        known = tuple(sorted({*program.words, word}))
        changed = state._replace(programs=(program._replace(passphrase=word, words=known),))
        yield Move("passphrase changed, up", changed, ((0, UP),))


def others(state: State) -> Iterator[Move]:
    """What time does, others at Meta, and the platform team to a backup."""
    world = state.world
    if not world.late:
        yield Move("a day passes", state._replace(world=older(world, days=1)))
        yield Move("90 days pass", state._replace(world=older(world, days=90)))
    if world.meta.served:
        again = world._replace(meta=world.meta._replace(status="MISMATCH"), outside=True)
        yield Move("the number is registered again", state._replace(world=again))
    theirs = world._replace(meta=Meta(foreign()), outside=True)
    yield Move("somebody else publishes a key", state._replace(world=theirs))
    (program,) = state.programs
    if program.backups:
        index = program.places()[-1]
        yield Move(
            "a snapshot of the backup is taken", state._replace(world=world._replace(snapshot=world.places[index].ring))
        )
        # A backup that is the only copy is the platform team's to guard.
        alone = not live(world.states[0], KEY)
        if world.snapshot and world.snapshot != world.places[index].ring and not alone:
            place = Place(world.snapshot, world.places[index].version + 1)
            places = (*world.places[:index], place, *world.places[index + 1 :])
            yield Move("the backup is rolled back", state._replace(world=world._replace(places=places, outside=True)))
