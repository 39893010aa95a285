"""Searches of two at once: two stacks, one stack from two machines, two commands of one state."""

from collections.abc import Iterator

from tests.model.moments import Move, State
from tests.model.moves import rotating
from tests.model.program import DESTROY, FILE, JOINING, OTHER_FILE, UP, UP_REFRESH, Command, Program
from tests.model.search import Scenario
from tests.model.world import Meta, Place, World


def meanwhile(name: str) -> Scenario:
    """A second command of one stack, typed after `pulumi cancel` while the first one goes on: one state for both."""
    program, faults, orders = {**MEANWHILE, **LIMITS}[name]

    def moves(state: State) -> Iterator[Move]:
        (done,) = state.left
        assert isinstance(done, int)
        if done < len(orders):
            first, second = orders[done]
            rest = state._replace(left=(done + 1,))
            turned = rest._replace(programs=tuple(map(rotating, rest.programs)))
            for label, following in (("", rest), ("rotation asked for, ", turned)):
                yield Move(f"{label}{first.verb}", following, ((0, first),))
                if second:
                    commands = ((0, first), (1, second))
                    yield Move(f"{label}{first.verb}, cancelled; {second.verb}", following, commands, meanwhile=True)

    shared = program._replace(slot=0, forced=True)
    both = (shared, shared)
    world = World(Meta(), tuple(Place() for _ in range(3)), ((),))
    return Scenario(f"meanwhile: {name}", lambda: State(world, both, (0,)), moves, faults)


MEANWHILE: dict[str, tuple[Program, int, tuple[tuple[Command, Command | None], ...]]] = {
    "a destroy beside the first up": (Program(FILE), 0, ((UP, DESTROY),)),
    "a destroy beside an up": (Program(FILE), 0, ((UP, None), (UP, DESTROY))),
    "two ups of one state, one store": (Program(FILE), 0, ((UP, None), (UP, UP))),
    "two ups of one state, one at the gate": (Program(FILE, gate=True), 0, ((UP, None), (UP, UP))),
    "two ups of one state, no compare-and-set": (Program(JOINING), 0, ((UP, None), (UP, UP))),
    "a destroy beside an up, no compare-and-set": (Program(JOINING), 1, ((UP, None), (UP, DESTROY))),
}
LIMITS: dict[str, tuple[Program, int, tuple[tuple[Command, Command | None], ...]]] = {
    "two ups of one state, the stack": (Program(), 0, ((UP, None), (UP, UP))),
}
"""What a file backend can't keep: a cancelled run writes its checkpoint over the next one's."""


def two_at_once(pair: str, faults: int, rounds: int) -> Scenario:
    """Two stacks, or one from two machines, whose commands run at the same time, or one after the other."""
    stores = PAIRS[pair]

    def moves(state: State) -> Iterator[Move]:
        (left,) = state.left
        assert isinstance(left, int)
        if not left:
            return
        rest = state._replace(left=(left - 1,))
        turned = rest._replace(programs=tuple(rotating(program) for program in rest.programs))
        yield Move("both: up", rest, ((0, UP), (1, UP)))
        yield Move("A: up", rest, ((0, UP),))
        yield Move("B: up", rest, ((1, UP),))
        yield Move("both: rotation asked for, up", turned, ((0, UP), (1, UP)))
        yield Move("A: rotation asked for, up; B: up --refresh", turned, ((0, UP), (1, UP_REFRESH)))
        if stores[0].managed_by == stores[1].managed_by and not state.world.states[1]:
            shared = rest.world._replace(states=(rest.world.states[0], rest.world.states[0]))
            yield Move("B takes A's state", rest._replace(world=shared))

    world = World(Meta(), tuple(Place() for _ in range(3)), ((), ()))
    how_long = "1 round" if rounds == 1 else f"{rounds} rounds"
    return Scenario(f"two at once, {how_long}: {pair}", lambda: State(world, stores, (rounds,)), moves, faults)


TWO_MACHINES = "one stack, two machines"
WITHOUT_COMPARE = "one stack, two machines, no compare-and-set"
MACHINES = (TWO_MACHINES, WITHOUT_COMPARE)
OTHER = "org/flows/other"
PAIRS: dict[str, tuple[Program, Program]] = {
    "two stacks, one store": (Program(FILE), Program(FILE, managed_by=OTHER)),
    TWO_MACHINES: (Program(FILE), Program(FILE)),
    WITHOUT_COMPARE: (Program(JOINING), Program(JOINING)),
    "two stacks, a store each": (Program(FILE), Program(OTHER_FILE, managed_by=OTHER)),
    "two stacks, their own secrets": (Program(), Program(managed_by=OTHER)),
}
