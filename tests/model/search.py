"""The search: every command of a scenario in every world that can be reached, with every fault at every call.

States between commands are kept and visited once, with the most faults left. Within a command each call branches into
all its outcomes, and late messages land at any moment. After each step the promises are checked; from each state
between commands a run without faults must repair what is amiss.
"""

import functools
import gc
from collections import deque
from collections.abc import Callable, Iterable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from typing import NamedTuple

from tests.model.moments import Broken, Moment, Move, State, begun, broken_between, ended, next_moments
from tests.model.repair import check_repair

Trace = Callable[[], list[str]]


class Parent(NamedTuple):
    """How a state was first reached: by a move from ``state`` with ``budget`` faults, of which ``left`` are left.

    The way through the move is found again when it is asked for: to keep it takes most of a large search's memory.
    """

    state: State
    budget: int
    title: str
    left: int


@dataclass(frozen=True)
class Scenario:
    """Where it begins and what can happen next. ``faults``: how many in a whole history."""

    name: str
    begin: Callable[[], State]
    moves: Callable[[State], Iterable[Move]]
    faults: int


def label(scenario: Scenario) -> str:
    """What names a search on the command line."""
    return f"{scenario.name}, {scenario.faults} faults"


@dataclass
class Found:
    """``states``: between commands; ``moves``: commands and events from there; ``steps``: points within commands.

    ``trace`` tells how a promise was broken."""

    states: int = 0
    moves: int = 0
    steps: int = 0
    broken: str | None = None
    trace: list[str] = field(default_factory=list)


def explore(scenario: Scenario, progress: Callable[[Found], None] = lambda _found: None) -> Found:
    """Visits everything; stops at the first broken promise."""
    with _little_garbage():
        return _explored(scenario, progress)


@contextmanager
def _little_garbage() -> Iterator[None]:
    """To look for cycles among millions of live values as often as usual takes a third of a search's time."""
    usual = gc.get_threshold()
    gc.set_threshold(100_000, 20, 100)
    try:
        yield
    finally:
        gc.set_threshold(*usual)


def _explored(scenario: Scenario, progress: Callable[[Found], None]) -> Found:
    found = Found()
    begin = scenario.begin()
    visited: dict[State, int] = {begin: scenario.faults}
    parents: dict[State, Parent] = {}
    queue = deque([(begin, scenario.faults)])
    path: list[str] = []
    while queue:
        state, budget = queue.popleft()
        if visited[state] > budget:
            continue
        found.states += 1
        if found.states % 500 == 0:
            progress(found)
        try:
            path = ["-- repair"]
            check_repair(state, path)
            for move in _moves(scenario, state):
                found.moves += 1
                path = [_title(move)]
                for after, left, _ in _all_ends(move, budget, found, path):
                    if visited.get(after, -1) < left:
                        visited[after] = left
                        parents[after] = Parent(state, budget, _title(move), left)
                        queue.append((after, left))
        except Broken as broken:
            found.broken = str(broken)
            found.trace = [*_history(scenario, parents, state), *path]
            return found
    return found


def _moves(scenario: Scenario, state: State) -> list[Move]:
    arrival = [Move("what is under way arrives", state)] if state.world.late else []
    return [*scenario.moves(state), *arrival]


def _title(move: Move) -> str:
    return f"-- {move.label}"


def _history(scenario: Scenario, parents: dict[State, Parent], state: State) -> list[str]:
    steps: list[str] = []
    while state in parents:
        parent = parents[state]
        steps = [*_steps_to(scenario, parent, state), *steps]
        state = parent.state
    return steps


def _steps_to(scenario: Scenario, parent: Parent, state: State) -> list[str]:
    """How the move led there; the same as the first time, since nothing in a search is left to chance."""
    for move in _moves(scenario, parent.state):
        if _title(move) == parent.title:
            for after, left, trace in _all_ends(move, parent.budget, Found(), [parent.title]):
                if (after, left) == (state, parent.left):
                    return trace()
    raise AssertionError(f"{parent.title}: leads elsewhere when it is made again")


def _all_ends(move: Move, budget: int, found: Found, path: list[str]) -> Iterator[tuple[State, int, Trace]]:
    """Every way in which a move can end, with the faults that are left and what led there; ``path`` is set where a
    promise breaks."""
    title = path[0]
    begin = begun(move, budget)
    came_from: dict[Moment, tuple[Moment, str] | None] = {begin: None}
    stack = [begin]
    while stack:
        moment = stack.pop()
        found.steps += 1
        if not moment.is_under_way():
            yield ended(move, moment), moment.budget, functools.partial(_trace, title, came_from, moment)
        reached = moment
        try:
            for label, after in next_moments(moment):
                if after in came_from:
                    continue
                came_from[after] = (moment, label)
                reached = after
                for fault in broken_between(moment, after, move.state.programs):
                    raise Broken(fault)
                reached = moment
                stack.append(after)
        except Broken:
            path[:] = _trace(title, came_from, reached)
            raise


def _trace(title: str, came_from: dict[Moment, tuple[Moment, str] | None], moment: Moment) -> list[str]:
    steps: list[str] = []
    origin = came_from[moment]
    while origin is not None:
        moment, label = origin
        steps.insert(0, f"   {label}")
        origin = came_from[moment]
    return [title, *steps]
