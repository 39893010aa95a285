"""A component that only stages, and one that registers what it staged: programs that deploy in between."""

from typing import Any

import pytest

from tests.stack.native.program import declare
from tests.stack.project import Project, on_file, planned
from whatsapp_flow_keys.native.version import VERSION

STORES = ["the stack", "a file"]


def registering(**more: Any) -> dict[str, Any]:
    """A FlowRegistration of the number `line`, after the resource `endpoint`."""
    properties = {"settings": "${line.settings}", "staged": "${line.staged}", "deployed": ["${endpoint.id}"], **more}
    options = {"version": VERSION}
    return {"type": "whatsapp:flows:FlowRegistration", "name": "line", "properties": properties, "options": options}


def endpoint(project: Project, *, fails: bool = False) -> dict[str, Any]:
    """Stands for a deployment that takes the staged keys: another number's key. It fails where Meta knows none such."""
    known, unknown = f"{project.number}7", f"{project.number}8"
    project.emulator.add_number(known)
    properties = {
        "phoneNumberId": unknown if fails else known,
        "managedBy": "organization/flows/endpoint",
        "store": project.path("endpoint.json").as_uri(),
        "rotationTrigger": "${line.fingerprint}",
        "storedRing": True,
    }
    return {"type": "whatsapp:flows:EncryptionKey", "properties": properties, "options": {"version": VERSION}}


def number_in(project: Project, store: str, **more: Any) -> dict[str, Any]:
    return on_file(project, **more) if store == "a file" else more


@pytest.mark.parametrize("store", STORES)
def test_a_staged_key_is_published_after_what_was_deployed_with_it(project: Project, store: str) -> None:
    number = number_in(project, store, register=False)
    declare(project, number, endpoint=endpoint(project, fails=True), live=registering())
    project.failing_up()
    assert project.publications() == 0
    declare(project, number, endpoint=endpoint(project), live=registering())
    project.up()
    first, form = project.served(), project.form()
    assert first == project.fingerprint()

    rotated = {**number, "rotation_trigger": "two"}
    declare(project, rotated, endpoint=endpoint(project), live=registering())
    assert planned(project)["KeyRegistration"] == {"update"}
    declare(project, rotated, endpoint=endpoint(project, fails=True), live=registering())
    project.failing_up()
    assert project.served() == first
    declare(project, rotated, endpoint=endpoint(project), live=registering())
    project.up()
    assert project.served() == project.fingerprint() != first
    assert project.opens(form, project.form())


@pytest.mark.parametrize("store", STORES)
def test_a_number_that_registered_itself_comes_over_and_back_in_place(project: Project, store: str) -> None:
    declare(project, number_in(project, store))
    project.up()
    project.emulator.clear_requests()
    for number, more in (
        ({"register": False}, {"endpoint": endpoint(project), "live": registering()}),
        ({}, {"endpoint": endpoint(project)}),
    ):
        declare(project, number_in(project, store, **number), **more)
        assert planned(project)["KeyRegistration"] <= {"same", "update"}
        project.up()
        assert project.publications() == 0
        assert [found["id"] for found in project.resources("KeyRegistration") if not found.get("delete")] == [
            project.number
        ]


def test_a_gate_that_only_stages_would_never_ask(project: Project) -> None:
    declare(project, {"register": False, "endpoint_url": "https://flows.example.com"})
    assert "endpointUrl: give it to the FlowRegistration" in project.fail("preview")


def test_a_registration_that_waits_for_nothing_is_refused(project: Project) -> None:
    declare(project, {"register": False}, live=registering(deployed=[]))
    assert "deployed: give an output, such as the ID, of each resource that must hold the key" in project.fail(
        "preview"
    )


def test_a_registration_of_a_number_that_registers_itself_is_refused(project: Project) -> None:
    declare(project, {}, endpoint=endpoint(project), live=registering())
    assert "settings: give those of a FlowEncryption with `register: false`" in project.fail("preview")
    assert project.publications() == 0


def test_a_gate_for_an_endpoint_that_this_program_could_only_deploy_later_is_refused(project: Project) -> None:
    declare(project, {"endpoint_url": "https://flows.example.com"})
    assert "endpointUrl: with the stack as the store nothing can deploy the new key before" in project.fail("preview")


def test_a_passphrase_that_a_preview_does_not_know_replaces_no_registration(project: Project) -> None:
    number = on_file(project, register=False, passphrase="generated")
    declare(project, number, endpoint=endpoint(project), live=registering())
    project.up()
    declare(project, {**number, "passphrase_length": 50}, endpoint=endpoint(project), live=registering())
    assert planned(project)["KeyRegistration"] == {"update"}


def test_a_number_that_fails_keeps_no_other_from_its_rotation(project: Project) -> None:
    other = f"{project.number}6"
    project.emulator.add_number(other)
    staged: dict[str, Any] = {"register": False}
    alone = {"name": "other", "phone_number_id": other, "store": project.path("other.json").as_uri()}
    live = {"endpoint": endpoint(project), "live": registering()}
    declare(project, staged, alone, **live)
    project.up()
    first = project.emulator.served(other)[1]
    unknown_to_meta = {**staged, "phone_number_id": f"{project.number}5"}
    declare(project, unknown_to_meta, {**alone, "rotation_trigger": "two"}, **live)
    failed = project.failing_up("--continue-on-error")
    assert "PhoneNumberNotFoundError" in failed
    assert project.emulator.served(other)[1] != first
    assert len(project.emulator.requests(other, "POST")) == 2
