"""A number's life in a program of each language, with the plugin, on the real engine."""

import json
from typing import TYPE_CHECKING, Any

import pytest

from tests.contract.stores.gcp_place import gcp_place, permissions
from tests.pairs import pair
from tests.stack.native.program import Program, declare
from tests.stack.project import Project, file_ring, is_quiet, on_file, stack_ring
from whatsapp_flow_keys.stores.gcp_secret_manager.connection import EMULATOR

if TYPE_CHECKING:
    from tools.openbao import OpenBao

STORES = ["the stack", "a file"]
IN_STORES = [("YAML", "the stack"), ("YAML", "a file"), ("TypeScript", "the stack"), ("Go", "a file")]


def number_in(project: Project, store: str, **more: Any) -> dict[str, Any]:
    return on_file(project, **more) if store == "a file" else more


def steps_of(project: Project) -> dict[str, dict[str, Any]]:
    """What a preview would do with each kind of resource: the step and the properties that it shows."""
    found = json.loads(project.succeed("preview", "--json").output)["steps"]
    return {
        step["urn"].split("::")[2].rsplit(":", 1)[-1]: {"op": step["op"], "shown": set(step.get("detailedDiff") or {})}
        for step in found
        if step["op"] != "same"
    }


@pytest.mark.parametrize(("program", "store"), IN_STORES, indirect=["program"])
def test_a_key_is_made_registered_and_rotated_and_the_key_before_stays_readable(program: Program, store: str) -> None:
    project = program.project
    program.declare(number_in(project, store, rotation_trigger="one"))
    project.up()
    first, form = project.fingerprint(), project.form()
    assert project.served() == first
    assert project.opens(form)

    project.emulator.clear_requests()
    project.up()
    assert is_quiet(project)

    program.declare(number_in(project, store, rotation_trigger="two"))
    planned = steps_of(project)
    assert planned["EncryptionKey"] == {"op": "replace", "shown": {"rotationTrigger"}}
    assert {planned[kind]["op"] for kind in planned.keys() - {"EncryptionKey"}} == {"update"}
    project.up()
    assert project.served() == project.fingerprint() != first
    assert project.opens(form, project.form())
    held = stack_ring(project) if store == "the stack" else list(file_ring(project).values())
    assert held == [project.fingerprint(), first]


@pytest.mark.parametrize(("program", "store"), IN_STORES, indirect=["program"])
def test_a_number_that_was_registered_anew_is_healed_by_a_refresh(program: Program, store: str) -> None:
    project = program.project
    program.declare(number_in(project, store))
    project.up()
    project.emulator.reregister(project.number)
    assert "signatureStatus" in project.succeed("preview", "--refresh", "--diff")
    project.up("--refresh")
    assert project.publications() == 2
    assert project.outputs()["line-signature"] == "VALID"
    project.succeed("preview", "--refresh", "--expect-no-changes")


def test_a_live_key_is_adopted_without_a_publication(program: Program) -> None:
    project, live = program.project, pair()
    project.emulator.set_key(project.number, live.public_key_pem)
    program.declare({"existing_private_key": live.to_pem()})
    project.up()
    assert project.fingerprint() == project.served() == live.fingerprint
    assert project.publications() == 0
    program.declare()
    project.succeed("preview", "--expect-no-changes")


def test_the_last_copy_of_a_served_key_is_not_destroyed_unless_it_is_named(project: Project) -> None:
    declare(project)
    project.up()
    refused = project.fail("destroy", "--yes", "--skip-preview")
    assert f"DeletionRefusedError: phone number {project.number}: Meta serves key {project.served()}" in refused
    assert stack_ring(project) == [project.served()]
    project.succeed("destroy", "--yes", "--skip-preview", env={"WHATSAPP_FORCE_DESTROY": str(project.served())})
    assert not project.resources("KeyRing")


def test_a_number_is_destroyed_and_comes_back_with_the_key_that_it_had(
    program: Program, openbao: "OpenBao", monkeypatch: pytest.MonkeyPatch
) -> None:
    project = program.project
    for name, value in openbao.environment.items():
        project.environment[name] = value
        monkeypatch.setenv(name, value)  # for the endpoint
    program.declare({"store": openbao.url(f"secret/{project.unused_name()}")})
    project.up()
    form = project.form()
    project.succeed("destroy", "--yes", "--skip-preview")
    assert not project.resources("EncryptionKey")
    project.up()
    assert project.served() == project.fingerprint()
    assert project.opens(form, project.form())


def test_a_generated_passphrase_encrypts_the_store(project: Project) -> None:
    declare(project, on_file(project, passphrase="generated"))
    project.up()
    passphrase = project.outputs()["line"]["WHATSAPP_FLOW_PASSPHRASE"]
    assert len(passphrase) == 43
    assert "BEGIN ENCRYPTED PRIVATE KEY" in project.path("ring.json").read_text()
    assert project.opens_a_form()


def test_a_store_of_google_works_in_the_plugins_process(project: Project, monkeypatch: pytest.MonkeyPatch) -> None:
    """Its client and Pulumi's SDK each bring protobuf messages of the same names."""
    with gcp_place(monkeypatch) as place:
        project.environment[EMULATOR] = place.way_for(*permissions("For the stack"))
        declare(project, {"store": place.url})
        project.up()
        assert project.served() == project.fingerprint()
        declare(project, {"store": place.url, "rotation_trigger": "two"})
        project.up()
        assert project.served() == project.fingerprint()
