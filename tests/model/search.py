"""The search: every command of a scenario in every world that can be reached, with every fault at every call.

States between commands are kept and visited once, with the most faults left. Within a command each call branches into
all its outcomes, and late messages land at any moment. After each step the promises are checked; from each state
between commands a run without faults must repair what is amiss.
"""

from collections import deque
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass, field
from typing import NamedTuple

from tests.model import promises
from tests.model.engine import (
    KEY,
    UP,
    UP_REFRESH,
    Command,
    Ended,
    Program,
    Run,
    answered,
    is_at_call,
    live,
    saved,
    start,
    with_state,
)
from tests.model.keys import name
from tests.model.ports import Failed
from tests.model.world import Late, World, aged, aged_date, landings, outcomes
from whatsapp_flow_keys.ring import KeyRing


class State(NamedTuple):
    """Between commands: the world, each stack's program, and what of the scenario is left."""

    world: World
    programs: tuple[Program, ...]
    left: tuple[object, ...] = ()


class Move(NamedTuple):
    """A command of one or more actors at once, or, without one, something that others do."""

    label: str
    state: State
    commands: tuple[tuple[int, Command], ...] = ()


@dataclass(frozen=True)
class Scenario:
    """Where it begins and what can happen next. ``faults``: how many in a whole history."""

    name: str
    begin: State
    moves: Callable[[State], Iterable[Move]]
    faults: int


@dataclass
class Found:
    """``states``: between commands; ``moves``: commands and events from there; ``steps``: points within commands.

    ``trace`` tells how a promise was broken."""

    states: int = 0
    moves: int = 0
    steps: int = 0
    broken: str | None = None
    trace: list[str] = field(default_factory=list)


DOWN = Ended(Failed("Down", "the process is gone"))


class Broken(Exception):
    """A promise does not hold."""


class Moment(NamedTuple):
    """Within commands: ``runs`` are under way, or ended."""

    world: World
    runs: tuple[Run | Ended, ...]
    budget: int

    def is_under_way(self) -> bool:
        """Whether a command still runs."""
        return any(isinstance(run, Run) for run in self.runs)


def explore(scenario: Scenario, progress: Callable[[Found], None] = lambda _found: None) -> Found:
    """Visits everything; stops at the first broken promise."""
    found = Found()
    visited: dict[State, int] = {scenario.begin: scenario.faults}
    parents: dict[State, tuple[State, list[str]] | None] = {scenario.begin: None}
    queue = deque([(scenario.begin, scenario.faults)])
    path: list[str] = []
    while queue:
        state, budget = queue.popleft()
        if visited[state] > budget:
            continue
        found.states += 1
        if found.states % 500 == 0:
            progress(found)
        try:
            path = []
            path = ["-- repair"]
            check_repair(state, path)
            for move in scenario.moves(state):
                found.moves += 1
                path = [f"-- {move.label}"]
                for after, left, steps in _all_ends(move, budget, found, path):
                    if visited.get(after, -1) < left:
                        visited[after] = left
                        parents[after] = (state, steps)
                        queue.append((after, left))
        except Broken as broken:
            found.broken = str(broken)
            found.trace = [*_history(parents, state), *path]
            return found
    return found


def _history(parents: dict[State, tuple[State, list[str]] | None], state: State) -> list[str]:
    steps: list[str] = []
    parent = parents[state]
    while parent is not None:
        state, taken = parent
        steps = [*taken, *steps]
        parent = parents[state]
    return steps


def _all_ends(move: Move, budget: int, found: Found, path: list[str]) -> Iterator[tuple[State, int, list[str]]]:
    """Every way in which a move can end, with the faults that are left; ``path`` is set where a promise breaks."""
    title = path[0]
    begin = begun(move, budget)
    came_from: dict[Moment, tuple[Moment, str] | None] = {begin: None}
    stack = [begin]
    while stack:
        moment = stack.pop()
        found.steps += 1
        if not moment.is_under_way():
            yield ended(move, moment), moment.budget, [title, *_told(came_from, moment)]
        for label, after in next_moments(moment):
            if after in came_from:
                continue
            came_from[after] = (moment, label)
            fault = next(broken_between(moment, after, move.state.programs), None)
            if fault:
                path[:] = [title, *_told(came_from, after)]
                raise Broken(fault)
            stack.append(after)


def begun(move: Move, budget: int) -> Moment:
    """The first moment of a move."""
    world, runs = move.state.world, []
    for actor, command in move.commands:
        world, run = start(world, actor, command, move.state.programs[actor])
        runs.append(run)
    return Moment(world._replace(outside=False) if runs else world, tuple(runs), budget)


def ended(move: Move, moment: Moment) -> State:
    """The state in which a move ends."""
    together = len(move.commands) > 1
    unseen = together or moment.world.outside or (move.state.world.outside and not _looked(move, moment))
    return canonical(move.state._replace(world=moment.world._replace(outside=unseen)))


def _looked(move: Move, moment: Moment) -> bool:
    """Whether what others did before has been seen: by a registration, or by a refresh, that was finished."""
    return any(
        isinstance(run, Ended)
        and run.error is None
        and (run.registered or command.refresh or command.verb == "refresh")
        for run, (_, command) in zip(moment.runs, move.commands, strict=True)
    )


def _told(came_from: dict[Moment, tuple[Moment, str] | None], moment: Moment) -> list[str]:
    steps: list[str] = []
    origin = came_from[moment]
    while origin is not None:
        moment, label = origin
        steps.insert(0, f"   {label}")
        origin = came_from[moment]
    return steps


def next_moments(moment: Moment) -> Iterator[tuple[str, Moment]]:
    for label, world in landings(moment.world):
        yield label, moment._replace(world=world)
    for index, run in enumerate(moment.runs):
        if isinstance(run, Ended):
            continue
        who = f"{'AB'[run.actor]}: " if len(moment.runs) > 1 else ""
        for label, cost, world, after in _steps(moment.world, run, moment.budget):
            runs = (*moment.runs[:index], after, *moment.runs[index + 1 :])
            yield f"{who}{label}", Moment(world, runs, moment.budget - cost)


def _steps(world: World, run: Run, budget: int) -> Iterator[tuple[str, int, World, Run | Ended]]:
    """What can come of the call that a run waits for, or of saving its result."""
    assert run.point is not None
    task, call = run.point.task, is_at_call(run)
    where = f"{task.kind}.{task.method}"
    if call is None:
        after, next_run = saved(world, run)
        yield f"{where} done, saved{_said(next_run)}", 0, after, next_run
        if budget and task.method != "read":
            yield f"{where} done, the process goes down before it is saved", 1, world, DOWN
        return
    what = f"{call.port}{'' if call.place is None else f' place {call.place}'}{_named(call.subject)}"
    for outcome in outcomes(world, call, budget):
        if not outcome.survives:
            after, next_run = outcome.world, DOWN
        else:
            after, next_run = answered(outcome.world, run, outcome.answer)
        if task.method == "read" and outcome.label == "stale":
            after = after._replace(outside=True)  # what a refresh took for the present was the past
        for broken in promises.broken_by_call(world, run, call, outcome):
            raise Broken(f"{broken} ({where}: {what}; {outcome.label})")
        yield f"{where}: {what} {outcome.label}{_said(next_run)}", outcome.cost, after, next_run


def broken_between(before: Moment, after: Moment, programs: tuple[Program, ...]) -> Iterator[str]:
    """The promises that a step broke."""
    if after.world == before.world:
        return
    yield from promises.broken(after.world, programs)
    yield from promises.left_state(before.world, after.world, programs)


def _said(run: Run | Ended) -> str:
    if not isinstance(run, Ended):
        return ""
    return f" -> {run.error.kind}: {run.error.text[:160]}" if run.error else " -> done"


def _named(subject: object) -> str:
    if isinstance(subject, KeyRing):
        keys = ", ".join(f"{name(k.fingerprint)} {k.role.value}{'*' if k.offered_at else ''}" for k in subject.keys)
        return f" [{keys}]"
    return f" {name(subject)}" if isinstance(subject, str) else ""


def run_alone(world: World, actor: int, command: Command, program: Program, path: list[str]) -> tuple[World, Ended]:
    """A command without faults and without others."""
    path.append(f"   {command.verb}{' --refresh' if command.refresh else ''}")
    world, run = start(world, actor, command, program)
    while isinstance(run, Run):
        label, _, world, run = next(_steps(world, run, budget=0))
        path.append(f"      {label}")
    if run.error:
        path.append(f"      -> {run.error.kind}: {run.error.text}")
    return world._replace(taken=frozenset()), run


def check_repair(state: State, path: list[str]) -> None:
    """P4: with the faults over and nothing under way, one command of any stack that has a claim reaches P3."""
    world = state.world._replace(meta=state.world.meta._replace(hidden=None))
    if world.late:
        return  # every way in which it lands is a state of its own
    reasons = [_repair(world, actor, program, path) for actor, program in enumerate(state.programs)]
    if all(reasons):
        raise Broken(reasons[0] or "")


def _repair(world: World, actor: int, program: Program, path: list[str]) -> str | None:
    """What keeps one stack from P3; None where nothing does. A person does what an error says."""
    command = UP_REFRESH if world.outside else UP
    repaired, program, ended = _until_done(world, actor, command, program, path)
    if ended.error:
        return f"P4: `up` does not repair: {ended.error.kind}: {ended.error.text}"
    for fault in promises.broken(repaired, (program,)):
        return fault
    found = promises.amiss(repaired, program, actor)
    if found:
        return f"P4: `up` does not repair: {'; '.join(found)}"
    return _rests(repaired, actor, program, path)


def _rests(world: World, actor: int, program: Program, path: list[str]) -> str | None:
    """P7: after what had to wait its turn (a rotation, behind another passphrase or place), `up` asks nobody."""
    for _ in range(3):
        _, run = start(world, actor, UP, program)
        if isinstance(run, Ended):
            return None
        world, ended = run_alone(world, actor, UP, program, path)
        faults = [*promises.broken(world, (program,)), *promises.amiss(world, program, actor)]
        if ended.error or faults:
            return f"P4: the `up` after that ends with {ended.error}, {'; '.join(faults)}"
    return "P7: `up` asks somebody each time"


def _until_done(
    world: World, actor: int, command: Command, program: Program, path: list[str], patience: int = 4
) -> tuple[World, Program, Ended]:
    """A command, and where it fails what the error says, as long as it says something new."""
    world, ended = run_alone(world, actor, command, program, path)
    if ended.error is None or not patience:
        return world, program, ended
    advised = program
    if ended.error.kind == "ForeignKeyError" and world.meta.served not in promises.live_keys(world):
        advised = program._replace(take_over=world.meta.served)
    elif ended.error.kind == "PrivateKeyError" and "the passphrase that the ring was written with" in ended.error.text:
        advised = program._replace(passphrase=next((w for w in program.words if w != program.passphrase), None))
    elif ended.error.kind == "DeletionRefusedError" and "Try again in an hour" in ended.error.text:
        path.append("   a day passes")
        return _until_done(older(world, days=1), actor, command, program, path, patience - 1)
    elif ended.error.kind == "LifecycleError" and "Set it back to the one before" in ended.error.text:
        key = live(world.states[actor], KEY)
        back = program._replace(passphrase=key.outs.get("passphrase") if key else None)
        world, back, _ = _until_done(world, actor, command, back, path, patience - 1)
        return _until_done(world, actor, command, program._replace(take_over=back.take_over), path, 0)
    elif ended.error.kind == "KeyNotInRingError" and program.forced and not program.before:
        advised = program._replace(trigger="a new one")
    elif ended.error.kind in ("KeyNotInRingError", "ForeignKeyError") and program.before:
        store, backups = program.before
        back = program._replace(store=store, backups=backups, before=None)
        world, back, _ = _until_done(world, actor, command, back, path, patience - 1)
        return _until_done(world, actor, command, program._replace(take_over=back.take_over), path, 0)
    if advised == program:
        return world, program, ended
    return _until_done(world, actor, command, advised, path, patience - 1)


def canonical(state: State) -> State:
    """A state without what no later step can tell apart: counters, and pairs that nothing refers to."""
    world = state.world
    if not world.late:
        places = tuple(
            place._replace(version=1, before=(place.before[0], 0) if place.before else None) for place in world.places
        )
        world = world._replace(places=places)
    return state._replace(world=_with_small_revisions(world._replace(taken=frozenset())))


def _with_small_revisions(world: World) -> World:
    rings = {ring.revision for ring in _rings(world)}
    small = {revision: index + 1 for index, revision in enumerate(sorted(rings))}

    def ring(value: KeyRing | None) -> KeyRing | None:
        if value is None or small[value.revision] == value.revision:
            return value
        return KeyRing(value.phone_number_id, value.managed_by, value.owner, small[value.revision], value.keys)

    return with_rings(world, ring)


def with_rings(world: World, change: Callable[[KeyRing | None], KeyRing | None]) -> World:
    """The world with every ring in it changed."""
    return world._replace(
        places=tuple(
            place._replace(
                ring=change(place.ring), before=(change(place.before[0]), place.before[1]) if place.before else None
            )
            for place in world.places
        ),
        late=tuple(Late(late.place, late.fingerprint, change(late.ring), late.version) for late in world.late),
        snapshot=change(world.snapshot),
        states=tuple(
            tuple(
                each._replace(
                    inputs=each.inputs.replaced("ring", change(each.inputs.get("ring"))),
                    outs=each.outs.replaced("ring", change(each.outs.get("ring"))),
                )
                for each in state
            )
            for state in world.states
        ),
    )


def _rings(world: World) -> Iterator[KeyRing]:
    for place in world.places:
        yield from (ring for ring in (place.ring, place.before[0] if place.before else None) if ring)
    yield from (late.ring for late in world.late if late.ring)
    if world.snapshot:
        yield world.snapshot
    for resource in (each for state in world.states for each in state):
        yield from (ring for props in (resource.inputs, resource.outs) if (ring := props.get("ring")))


def older(world: World, *, days: int) -> World:
    """The world when days have passed: a day ends every grace, 90 make every key due."""
    world = with_rings(world, lambda ring: aged(ring, days=days) if ring else None)
    state = tuple(
        each._replace(
            inputs=each.inputs.replaced("issued_on", aged_date(each.inputs.get("issued_on"), days)),
            outs=each.outs.replaced("issued_on", aged_date(each.outs.get("issued_on"), days)),
        )
        for each in world.states[0]
    )
    return with_state(world, 0, state)
