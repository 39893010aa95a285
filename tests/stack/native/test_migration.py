"""From a Python program's resources to the native ones in one `up`: no key is made, lost or published again."""

from typing import Any

import pytest

from tests.stack.native.program import declare
from tests.stack.native.test_components import registering
from tests.stack.project import Project, kept, on_file, planned
from tests.stack.recorded_state import Earlier
from tests.stack.test_upgrade import held, opens

NUMBERS: dict[str, Any] = {
    "the stack": lambda project: {},
    "the stack with a backup": lambda project: {"backups": [project.path("backup.json").as_uri()]},
    "a file": on_file,
    "a file with a backup": lambda project: on_file(project, backups=[project.path("backup.json").as_uri()]),
    "a file with a passphrase": lambda project: on_file(project, passphrase="the words of a person"),
    "a file with a generated passphrase": lambda project: on_file(project, passphrase="generated"),
}


def only_updates(project: Project) -> bool:
    """Whether a preview changes every resource of the number in place, and makes and deletes none."""
    steps = planned(project)
    kinds = {"EncryptionKey", "KeyRing", "StoredKeyRing", "KeyRegistration"} & steps.keys()
    others = set().union(*(steps[kind] for kind in steps.keys() - kinds - {"whatsapp", "pulumi-python"}))
    return len(kinds) == 3 and all(steps[kind] == {"update"} for kind in kinds) and others <= {"same", "update"}


def ids(project: Project) -> dict[str, str]:
    kinds = ("EncryptionKey", "KeyRing", "StoredKeyRing", "KeyRegistration")
    return {kind: found["id"] for kind in kinds for found in project.resources(kind)}


@pytest.mark.parametrize("number", NUMBERS.values(), ids=NUMBERS.keys())
def test_a_number_comes_over_in_place_without_a_request(project: Project, number: Any) -> None:
    arguments = number(project)
    project.declare({**arguments, "rotation_trigger": "one"})
    project.up()
    before, recorded, form = project.fingerprint(), ids(project), project.form()
    project.emulator.clear_requests()

    declare(project, {**arguments, "rotation_trigger": "one"})
    assert only_updates(project)
    project.up()
    assert project.fingerprint() == project.served() == before
    assert ids(project) == recorded
    assert types(project) == {f"whatsapp:flows:{kind}" for kind in recorded}
    assert project.emulator.requests(project.number) == []
    assert project.opens(form)
    project.succeed("preview", "--expect-no-changes")

    declare(project, {**arguments, "rotation_trigger": "two"})
    project.up()
    assert project.served() == project.fingerprint() != before
    assert project.opens(form, project.form())
    assert kept(project, "file" if "store" in arguments else "stack") == [project.fingerprint(), before]


@pytest.mark.parametrize("number", NUMBERS.values(), ids=NUMBERS.keys())
def test_a_number_goes_back_to_a_python_program_in_place(project: Project, number: Any) -> None:
    arguments, python = number(project), (project.folder / "Pulumi.yaml").read_text()
    declare(project, arguments)
    project.up()
    before, recorded, form = project.fingerprint(), ids(project), project.form()

    (project.folder / "Pulumi.yaml").write_text(python)
    project.declare(arguments)
    project.up()
    assert project.fingerprint() == project.served() == before
    assert ids(project) == recorded
    assert types(project) == {f"pulumi-python:dynamic/whatsapp:{kind}" for kind in recorded}
    assert project.publications() == 1
    project.succeed("preview", "--expect-no-changes")

    project.declare({**arguments, "rotation_trigger": "two"})
    project.up()
    assert project.served() == project.fingerprint() != before
    assert project.opens(form, project.form())
    assert kept(project, "file" if "store" in arguments else "stack") == [project.fingerprint(), before]


def test_a_number_that_waited_for_a_deployment_comes_over_to_a_registration_of_its_own(project: Project) -> None:
    project.declare({"deploy": True})
    project.up()
    before = project.served()
    project.emulator.clear_requests()
    declare(project, {"register": False}, live=registering(deployed=["an endpoint that is not in this program"]))
    project.up()
    assert project.emulator.requests(project.number) == []
    assert project.served() == project.fingerprint() == before
    assert types(project) == {f"whatsapp:flows:{kind}" for kind in ("EncryptionKey", "KeyRing", "KeyRegistration")}
    project.succeed("preview", "--expect-no-changes")


def types(project: Project) -> set[str]:
    """Of the number's resources in the state."""
    kinds = ("EncryptionKey", "KeyRing", "StoredKeyRing", "KeyRegistration")
    return {found["type"] for kind in kinds for found in project.resources(kind)}


def test_a_recorded_state_of_each_version_comes_over_and_keeps_every_key(earlier: Earlier) -> None:
    project, (number,) = earlier.project, earlier.numbers
    declare(project, number, **earlier.more)
    project.up()
    assert project.fingerprint() == project.served() == earlier.keys[-1].fingerprint
    assert all(opens(project, key) for key in earlier.keys)
    assert {key.fingerprint for key in earlier.keys} <= set(held(earlier))
    project.succeed("preview", "--expect-no-changes")
