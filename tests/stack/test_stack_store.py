"""The stack as the store: what the contract suite asks of every store, asked of the engine's own state.

Size, slowness and outages of a state backend are the engine's to report. Renamed and rival stacks: test_failures.py.
"""

import shutil
from pathlib import Path
from threading import Event
from typing import Any

import pytest

from tests.stack.project import Project, is_quiet, on_file, stack_ring


def with_ring(deployment: dict[str, Any], ring: str) -> dict[str, Any]:
    for resource in deployment["deployment"]["resources"]:
        if resource["type"].endswith(":KeyRing"):
            resource["outputs"]["ring"] = ring
    return deployment


@pytest.mark.parametrize("store", ["stack", "file"])
def test_of_two_runs_at_once_the_second_is_told_that_the_stack_is_locked(project: Project, store: str) -> None:
    where = {} if store == "stack" else on_file(project)
    project.declare(where)
    project.up()
    old, pause = project.served(), Event()
    project.declare({**where, "rotation_trigger": "two"})
    project.emulator.fault("delay", seconds=4, phone_number_id=project.number)
    with project.started("up", "--yes", "--skip-preview") as first:
        while not list(Path(project.backend).rglob("locks/**/*.json")):
            assert first.poll() is None, "the first run ended before the second began"
            pause.wait(0.02)
        second = project.run("up", "--yes", "--skip-preview")
        assert second.status != 0
        assert "the stack is currently locked" in second
        project.emulator.clear_faults()
        assert first.wait(120) == 0
    assert project.served() == project.fingerprint() != old
    assert project.opens_a_form()


def test_somebody_without_the_passphrase_of_the_stack_changes_nothing(project: Project) -> None:
    project.up()
    before, served = project.export(), project.served()
    project.declare({"rotation_trigger": "two"})
    run = project.run("up", "--yes", "--skip-preview", env={"PULUMI_CONFIG_PASSPHRASE": "wrong"})
    assert run.status != 0
    assert "incorrect passphrase" in run
    assert (project.export(), project.served()) == (before, served)


def test_a_stack_that_lost_its_state_publishes_nothing_over_the_served_key(project: Project) -> None:
    project.up()
    served = project.served()
    project.succeed("stack", "rm", "--yes", "--force", "test")
    project.succeed("stack", "init", "test")
    assert f'take_over="{served}"' in project.failing_up()
    assert project.served() == served


def test_a_state_rolled_back_to_before_a_rotation_publishes_nothing_over_the_served_key(project: Project) -> None:
    project.up()
    snapshot = project.export()
    project.declare({"rotation_trigger": "two"})
    project.up()
    served = project.served()
    project.import_state(snapshot)
    assert f'take_over="{served}"' in project.failing_up()
    assert project.served() == served


def test_a_ring_in_the_state_that_is_none_is_named_and_not_overwritten(project: Project) -> None:
    project.up()
    served = project.served()
    sound = project.export()
    project.import_state(with_ring(project.export(), '{"password": "hunter2"}'))
    project.declare({"rotation_trigger": "two"})
    run = project.failing_up()
    assert "the stack's key ring: holds JSON without the field `format`" in run
    assert "hunter2" not in run
    assert project.served() == served
    project.import_state(sound)
    project.up()
    assert stack_ring(project) == [project.fingerprint(), served]


def test_a_backup_keeps_the_keys_that_a_lost_state_would_take_along(project: Project) -> None:
    backup = project.path("backup.json").as_uri()
    project.declare({"backups": [backup]})
    project.up()
    old = project.served()
    shutil.rmtree(project.backend / ".pulumi" / "stacks")
    project.succeed("stack", "init", "test")
    project.up()
    assert stack_ring(project) == [project.fingerprint(), old]
    assert project.served() == project.fingerprint()
    assert project.opens_a_form()


def test_an_output_that_turns_out_to_be_the_stack_is_refused_before_a_key_is_made(project: Project) -> None:
    project.declare({"store": {"made": "stack"}, "deploy": True})
    project.succeed("preview")
    assert "store: an Output can't ask for the stack as the store; give StackStore()" in project.failing_up()
    assert [project.resources(kind) for kind in ("EncryptionKey", "KeyRing", "Endpoint")] == [[], [], []]
    assert is_quiet(project)
