"""The model of Pulumi's engine that the search runs on is held against the real engine: the same history in both."""

from dataclasses import dataclass

import pytest

from tests.model.engine import (
    DESTROY,
    KEY,
    REGISTRATION,
    UP,
    UP_REFRESH,
    Command,
    Program,
    Run,
    answered,
    is_at_call,
    saved,
    start,
    store_url,
)
from tests.model.ports import scripted
from tests.model.scenarios import nothing_yet
from tests.model.world import World, outcomes
from tests.stack.project import Project, on_file
from whatsapp_flow_keys import document
from whatsapp_graph_emulator import Emulator

REPLACED_KEY = Command("up", replace=frozenset([KEY]))
REPLACED_REGISTRATION = Command("up", replace=frozenset([REGISTRATION]))
TARGETED = Command("up", replace=frozenset([KEY]), only=KEY)
HISTORY: tuple[tuple[str, Command], ...] = (
    ("a", UP),
    ("a", UP),
    ("b", UP),
    ("b", UP_REFRESH),
    ("b", REPLACED_REGISTRATION),
    ("b", REPLACED_KEY),
    ("b", TARGETED),
    ("b", UP),
    ("anew", UP),
    ("b", UP_REFRESH),
    ("b", DESTROY),
    ("b", UP),
)
"""Triggers and commands; ``anew`` stands for the number's being registered anew before it."""


@dataclass(frozen=True)
class Seen:
    """After a command: how it ended, the calls of Meta, the resources in the state, the roles in the store."""

    succeeded: bool
    calls: list[str]
    resources: list[tuple[str, bool]]
    roles: list[str]


def in_the_model(world: World, command: Command, program: Program) -> tuple[World, Seen]:
    calls: list[str] = []
    world, run = start(world, 0, command, program)
    while isinstance(run, Run):
        call = is_at_call(run)
        if call is None:
            world, run = saved(world, run)
            continue
        if call.port in ("get", "publish"):
            calls.append({"get": "GET", "publish": "POST"}[call.port])
        outcome = next(outcomes(world, call, 0))
        world, run = answered(outcome.world, run, outcome.answer)
    resources = sorted((each.kind, each.deleted) for each in world.states[0])
    ring = world.places[0].ring
    return world._replace(taken=frozenset()), Seen(
        run.error is None, calls, resources, [key.role.value for key in ring.keys] if ring else []
    )


def on_the_engine(project: Project, command: Command) -> Seen:
    project.emulator.clear_requests()
    words = [command.verb, "--yes", "--skip-preview"]
    if command.refresh:
        words.append("--refresh")
    for kind in command.replace:
        words += ["--target-replace" if command.only else "--replace", project.urn(kind)]
    run = project.run(*words)
    calls = [entry["method"] for entry in project.emulator.requests(project.number)]
    found = project.export()["deployment"].get("resources", [])
    kinds = [(each["type"].rpartition(":")[2], bool(each.get("delete"))) for each in found]
    resources = sorted((kind, deleted) for kind, deleted in kinds if kind.startswith("Key") or kind == KEY)
    path = project.path("ring.json")
    roles = [key.role.value for key in document.load(path.read_text(), "ring").keys] if path.exists() else []
    return Seen(run.status == 0, calls, resources, roles)


@pytest.mark.parametrize("store", ["the stack", "a file"])
def test_the_model_and_the_engine_live_the_same_history(project: Project, emulator: Emulator, store: str) -> None:
    where = {} if store == "the stack" else on_file(project)
    program = Program() if store == "the stack" else Program(store_url(0))
    world, lived = nothing_yet(program).world, []
    with scripted():
        for trigger, command in HISTORY:
            if trigger == "anew":
                world = world._replace(meta=world.meta._replace(status="MISMATCH"))
                emulator.reregister(project.number)
            else:
                program = program._replace(trigger=trigger)
                project.declare({**where, "rotation_trigger": trigger})
            world, expected = in_the_model(world, command, program)
            lived.append((command, expected))
            assert (command, on_the_engine(project, command)) == lived[-1], f"after {lived[:-1]}"
