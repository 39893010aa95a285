"""Searches through the life of one stack: rotations, moves in any order or in one, an adopted key."""

from collections.abc import Iterator

from tests.model.engine import live
from tests.model.keys import by_hand
from tests.model.moments import Move, State, nothing_yet
from tests.model.moves import changes, commands, others, rotating
from tests.model.program import CLOUD, FILE, OTHER_FILE, REGISTRATION, STACK, UP, UP_REFRESH, Program
from tests.model.search import Scenario
from tests.model.world import Meta

CREATED_AND_ROTATED = ("the stack", "one store", "the stack with a backup", "a store with a backup")

STORES: dict[str, tuple[Program, ...]] = {
    "one store": (Program(FILE),),
    "one store with soft deletion": (Program(CLOUD),),
    "a store with a backup": (Program(FILE, (OTHER_FILE,)),),
    "the stack": (Program(),),
    "the stack with a backup": (Program(STACK, (FILE,)),),
    "the stack, forced": (Program(force_destroy=True),),
    "a move to another store": (
        Program(FILE),
        Program(FILE, (OTHER_FILE,)),
        Program(OTHER_FILE, (FILE,)),
        Program(OTHER_FILE),
    ),
    "a move out of the stack": (Program(), Program(STACK, (FILE,)), Program(FILE)),
}
"""A person's program, or the steps of a move, each taken once the one before is recorded."""


def create_and_rotate(stores: str, faults: int, rotations: int = 2) -> Scenario:
    """An `up`, and then rotations; after each, whether it failed or not, any number of `up`s and `up --refresh`."""

    def moves(state: State) -> Iterator[Move]:
        (left,) = state.left
        assert isinstance(left, int)
        yield Move("up", state, ((0, UP),))
        yield Move("up --refresh", state, ((0, UP_REFRESH),))
        if left:
            (program,) = state.programs
            turned = state._replace(programs=(rotating(program),), left=(left - 1,))
            yield Move("rotation asked for, up", turned, ((0, UP),))

    begin = nothing_yet(STORES[stores][0])._replace(left=(rotations,))
    how_often = " once" if rotations == 1 else ""
    return Scenario(f"create and rotate{how_often}: {stores}", lambda: begin, moves, faults)


def whole_life(stores: str, faults: int, length: int) -> Scenario:
    """``length`` things that people, time and others do, in any order."""
    steps = STORES[stores]

    def moves(state: State) -> Iterator[Move]:
        (left,) = state.left
        assert isinstance(left, int)
        if left:
            rest = state._replace(left=(left - 1,))
            yield from commands(rest)
            yield from changes(rest, steps)
            yield from others(rest)

    begin = nothing_yet(steps[0])._replace(left=(length,))
    return Scenario(f"{length} moves: {stores}", lambda: begin, moves, faults)


def adoption(stores: str, faults: int, length: int) -> Scenario:
    """A number that is live already: its key is given, and later taken out of the program; beside all that happens."""

    def moves(state: State) -> Iterator[Move]:
        (left,) = state.left
        assert isinstance(left, int)
        if not left:
            return
        rest = state._replace(left=(left - 1,))
        (program,) = state.programs
        yield from commands(rest)
        yield from others(rest)
        registration = live(state.world.states[0], REGISTRATION)
        if program.given and registration and registration.outs.get("proven_fingerprint") == by_hand().fingerprint:
            removed = program._replace(given=False, given_up=True)
            yield Move("the argument removed, up", rest._replace(programs=(removed,)), ((0, UP),))
            turned = rest._replace(programs=(rotating(removed),))
            yield Move("the argument removed and rotation asked for, up", turned, ((0, UP),))

    def begin() -> State:
        served = Meta(by_hand().fingerprint)
        without = nothing_yet(STORES[stores][0]._replace(given=True))
        return without._replace(world=without.world._replace(meta=served), left=(length,))

    return Scenario(f"a key is adopted, {length} moves: {stores}", begin, moves, faults)


ORDERS: dict[str, tuple[str, int, tuple[str, ...]]] = {
    "a backup is rolled back": (
        "a store with a backup",
        1,
        (
            "up",
            "a snapshot of the backup is taken",
            "a day passes",
            "the number is registered again",
            "up --refresh",
            "rotation asked for, up",
            "rotation asked for, up",
            "the backup is rolled back",
            "rotation asked for, up",
        ),
    ),
    "a rotation is taken back": (
        "one store",
        2,
        ("up", "rotation asked for, up", "rotation asked for, up", "rotation taken back, up"),
    ),
    "a destroy after rotations": (
        "one store",
        1,
        ("up", "rotation asked for, up", "rotation asked for, up", "a day passes", "destroy", "up", "destroy"),
    ),
}
"""Stores, faults, and things in one order, each of which may be left out."""


def in_order(name: str, more_faults: int = 0) -> Scenario:
    """One of the orders."""
    stores, faults, order = ORDERS[name]

    def moves(state: State) -> Iterator[Move]:
        (done,) = state.left
        assert isinstance(done, int)
        for index in range(done, len(order)):
            following = state._replace(left=(index + 1,))
            yield from (m for m in (*commands(following), *others(following)) if m.label == order[index])

    return Scenario(name, lambda: nothing_yet(STORES[stores][0])._replace(left=(0,)), moves, faults + more_faults)
