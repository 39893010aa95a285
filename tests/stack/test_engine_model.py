"""The model of Pulumi's engine that the search runs on is held against the real engine: the same histories in both,
each call of a provider with its arguments, and each state that was saved."""

import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any, NamedTuple
from unittest.mock import patch

import pytest

from tests.model import engine
from tests.model.engine import Run, answered, is_at_call, saved, start
from tests.model.moments import nothing_yet
from tests.model.ports import PROVIDERS, Point, Task, begin, scripted, thaw
from tests.model.program import KEY, STACK, Program
from tests.model.world import NOW, NUMBER, Resource, World, outcomes
from tests.stack.histories import HISTORIES, REFUSED_TO_PUBLISH, REFUSED_TO_READ, Step
from tests.stack.project import TOKEN, Project
from tests.stack.recorded_calls import SECRET, Call, Names, Saved, read_calls, read_state, today
from tests.stack.written_program import transform

_RECORDER = Path(__file__).with_name("recorder")
_REFUSALS = {"get": (REFUSED_TO_READ, "fails"), "publish": (REFUSED_TO_PUBLISH, "refused")}
_LOCKED = 131031


class Lived(NamedTuple):
    """A command, as one side lived it."""

    succeeded: bool
    calls: list[Any]
    saved: list[Any]


def in_the_model(program: Program, steps: tuple[Step, ...]) -> Iterator[Lived]:
    """Key pairs are never made twice here, so that each has a name of its own."""
    names = Names({NUMBER: "number", program.managed_by: "stack", "model:0": "place 0"}, NOW.date().isoformat())
    world = nothing_yet(program).world
    calls: list[Call] = []

    def recorded(task: Task) -> Point:
        calls.append(Call(task.kind, task.method, tuple(thaw(argument) for argument in task.arguments)))
        return begin(task)

    with scripted(), patch.object(engine, "begin", recorded):
        for step in steps:
            program = program._replace(**step.changes)
            if step.registered_again:
                world = world._replace(meta=world.meta._replace(status="MISMATCH"))
            calls.clear()
            world, succeeded = _run(world, step, program)
            yield Lived(succeeded, names.of_calls(calls), names.of_state(map(_saved, world.states[0])))


def _run(world: World, step: Step, program: Program) -> tuple[World, bool]:
    world, run = start(world, 0, step.command, program)
    while isinstance(run, Run):
        call = is_at_call(run)
        if call is None:
            world, run = saved(world, run)
            continue
        refused, label = _REFUSALS.get(call.port, (None, ""))
        wanted = label if refused and refused == step.refused else ""
        outcome = next(each for each in outcomes(world, call, 1) if each.label == wanted)
        world, run = answered(outcome.world, run, outcome.answer)
    return world, run.error is None


def _saved(resource: Resource) -> Saved:
    if resource.kind not in PROVIDERS:
        return Saved(resource.kind, resource.name, "", resource.deleted, resource.pending, {}, {})
    secrets = PROVIDERS[resource.kind].rules.state.names("secret")

    def plain(props: Any) -> dict[str, Any]:
        return {n: {SECRET: "1"} if n in secrets else value for n, value in thaw(props).items() if value is not None}

    inputs, outs = plain(resource.inputs), plain(resource.outs)
    return Saved(resource.kind, resource.name, resource.id, resource.deleted, resource.pending, inputs, outs)


def on_the_engine(project: Project, program: Program, steps: tuple[Step, ...]) -> Iterator[Lived]:
    """Through the recorder, which the providers' process loads by itself."""
    log, place = project.path("calls.jsonl"), project.path("ring.json").as_uri()
    project.environment |= {"PYTHONPATH": str(_RECORDER), "FLOW_KEYS_CALLS": str(log)}
    names = Names({project.number: "number", "organization/flows/test": "stack", place: "place 0"}, today())
    if program.deletes_first:
        project.prepend(transform(KEY, "delete_before_replace=True"))
    if program.retained:
        project.prepend(transform(KEY, "retain_on_delete=True"))
    several = any("process" in step.changes for step in steps)
    before: tuple[str, ...] = ()
    for step in steps:
        program = program._replace(**step.changes)
        _declare(project, program, before, several)
        before = program.names
        if step.registered_again:
            project.emulator.reregister(project.number)
        if step.refused:
            project.emulator.fault("error", code=_LOCKED, phone_number_id=project.number, method=step.refused)
        log.write_text("")
        run = project.run(*_typed(project, step, program))
        project.emulator.clear_faults()
        found = project.export()["deployment"].get("resources", [])
        calls = read_calls(log.read_text().splitlines())
        yield Lived(run.status == 0, names.of_calls(calls), names.of_state(read_state(found)))


def _declare(project: Project, program: Program, before: tuple[str, ...], several: bool) -> None:
    (name,) = program.names
    number: dict[str, Any] = {"name": name, "rotation_trigger": program.trigger, "rotate_after_days": 90}
    number["force_destroy"] = program.force_destroy
    if program.store != STACK:
        number["store"] = project.path("ring.json").as_uri()
    if program.generated:
        number["passphrase"] = "generated"
    if program.take_over:
        number["take_over"] = program.take_over
    if program.aliased and before and before != program.names:
        number["alias"] = before[0]
    more: dict[str, Any] = {}
    if several:
        number["provider"] = ("north", "south")[program.process]
        more["providers"] = {"north": {"access_token": TOKEN}, "south": {"access_token": TOKEN}}
    project.declare(number, **more)


def _typed(project: Project, step: Step, program: Program) -> list[str]:
    command = step.command
    words = [command.verb, "--yes", "--skip-preview"]
    words += ["--refresh"] * command.refresh + ["--continue-on-error"] * command.goes_on
    for kind in command.replace:
        words += ["--target-replace" if command.only else "--replace", _glob(kind, program)]
    if not command.replace:
        words += [word for each in command.only for word in ("--target", _glob(each, program))]
    return words + [word for each in command.but for word in ("--exclude", _glob(each, program))]


def _glob(kind_or_name: str, program: Program) -> str:
    if kind_or_name in program.names:
        return f"**::{kind_or_name}"
    return f"**{kind_or_name}::{program.names[0]}"


@pytest.mark.parametrize("history", HISTORIES)
def test_the_model_and_the_engine_live_the_same_history(project: Project, history: str) -> None:
    program, steps = HISTORIES[history]
    both = zip(steps, in_the_model(program, steps), on_the_engine(project, program, steps), strict=True)
    for number, (step, thought, seen) in enumerate(both):
        assert _lines(thought) == _lines(seen), f"step {number + 1}: {step}"


def _lines(lived: Lived) -> list[str]:
    """A difference then shows as a line."""
    told = [f"succeeded: {lived.succeeded}"]
    return told + [json.dumps(each, sort_keys=True) for each in (*lived.calls, *lived.saved)]
