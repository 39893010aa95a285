"""From moment to moment: commands that are under way, all that can come of their next calls, and what it breaks."""

from collections.abc import Iterator
from typing import NamedTuple

from tests.model import promises
from tests.model.canonical import canonical
from tests.model.engine import Ended, Run, answered, is_at_call, saved, start
from tests.model.keys import name
from tests.model.ports import Failed
from tests.model.program import Command, Program
from tests.model.world import Meta, Place, World, landings, outcomes
from whatsapp_flow_keys.ring import KeyRing


class State(NamedTuple):
    """Between commands: the world, each stack's program, and what of the scenario is left."""

    world: World
    programs: tuple[Program, ...]
    left: tuple[object, ...] = ()


def nothing_yet(program: Program) -> State:
    """Before the first `up`."""
    return State(World(Meta(), tuple(Place() for _ in range(3)), ((),)), (program,))


class Move(NamedTuple):
    """A command of one or more actors at once, or, without one, something that others do. ``meanwhile``: those after
    the first begin at any moment, with the state of then."""

    label: str
    state: State
    commands: tuple[tuple[int, Command], ...] = ()
    meanwhile: bool = False


class Waiting(NamedTuple):
    """A command that somebody types while another one is under way."""

    actor: int
    command: Command
    program: Program


DOWN = Ended(Failed("Down", "the process is gone"))
UNSAVED = "the process goes down before it is saved"


class Broken(Exception):
    """A promise does not hold."""


class Moment(NamedTuple):
    """Within commands: ``runs`` are under way, or ended."""

    world: World
    runs: tuple[Run | Ended | Waiting, ...]
    budget: int

    def is_under_way(self) -> bool:
        """Whether a command still runs."""
        return not all(isinstance(run, Ended) for run in self.runs)


def begun(move: Move, budget: int) -> Moment:
    """The first moment of a move."""
    world = move.state.world
    runs: list[Run | Ended | Waiting] = []
    for actor, command in move.commands:
        program = move.state.programs[actor]
        run: Run | Ended | Waiting = Waiting(actor, command, program)
        if not (runs and move.meanwhile):
            world, run = start(world, actor, command, program)
        runs.append(run)
    return Moment(world._replace(outside=False) if runs else world, tuple(runs), budget)


def ended(move: Move, moment: Moment) -> State:
    """The state in which a move ends."""
    together = len(move.commands) > 1 or any(len(program.names) > 1 for program in move.state.programs)
    unseen = together or moment.world.outside or (move.state.world.outside and not _looked(move, moment))
    return move.state._replace(world=canonical(moment.world._replace(outside=unseen)))


def _looked(move: Move, moment: Moment) -> bool:
    """Whether what others did before has been seen: by a registration, or by a refresh, that was finished."""
    return any(
        isinstance(run, Ended)
        and run.error is None
        and (run.registered or command.refresh or command.verb == "refresh")
        for run, (_, command) in zip(moment.runs, move.commands, strict=True)
    )


def next_moments(moment: Moment) -> Iterator[tuple[str, Moment]]:
    """All that can come next, and what it is called in a trace."""
    for label, world in landings(moment.world):
        yield label, moment._replace(world=world)
    for index, run in enumerate(moment.runs):
        if isinstance(run, Ended):
            continue
        who = f"{'AB'[run.actor]}: " if len(moment.runs) > 1 else ""
        if isinstance(run, Waiting):
            world, begun_run = start(moment.world, *run)
            yield f"{who}begins", moment._replace(world=world, runs=_with_run(moment, index, begun_run))
            continue
        for label, cost, world, after in _steps(moment.world, run, moment.budget):
            yield f"{who}{label}", Moment(world, _with_run(moment, index, after), moment.budget - cost)


def _with_run(moment: Moment, index: int, run: Run | Ended) -> tuple[Run | Ended | Waiting, ...]:
    return (*moment.runs[:index], run, *moment.runs[index + 1 :])


def _steps(world: World, run: Run, budget: int) -> Iterator[tuple[str, int, World, Run | Ended]]:
    """What can come of the call that a run waits for, or of saving its result."""
    assert run.point is not None
    task, call = run.point.task, is_at_call(run)
    where = f"{task.kind}.{task.method}"
    if call is None:
        after, next_run = saved(world, run)
        after = _forgiven(after, run)
        yield f"{where} done, saved{_said(next_run)}", 0, after, next_run
        if budget and task.method != "read":
            yield f"{where} done, {UNSAVED}", 1, world, DOWN
        return
    what = f"{call.port}{'' if call.place is None else f' place {call.place}'}{_named(call.subject)}"
    for outcome in outcomes(world, call, budget):
        if not outcome.survives:
            after, next_run = outcome.world, DOWN
        else:
            after, next_run = answered(outcome.world, run, outcome.answer)
        if task.method == "read" and outcome.label == "stale":
            after = after._replace(outside=True)  # what a refresh took for the present was the past
        after = _forgiven(after, run)
        for broken in promises.broken_by_call(world, run, call, outcome):
            raise Broken(f"{broken} ({where}: {what}; {outcome.label})")
        yield f"{where}: {what} {outcome.label}{_said(next_run)}", outcome.cost, after, next_run


def _forgiven(world: World, run: Run) -> World:
    """The world after a step; what a recorded force let go is no longer missed."""
    forgone = promises.forgone(world, run)
    return world._replace(forgone=world.forgone | forgone) if forgone else world


def broken_between(before: Moment, after: Moment, programs: tuple[Program, ...]) -> Iterator[str]:
    """The promises that a step broke."""
    if after.world == before.world:
        return
    yield from promises.broken(after.world, programs)
    yield from promises.left_state(before.world, after.world)


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
