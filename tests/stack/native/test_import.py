"""`pulumi import`: a number that another stack manages becomes this one's, and its program previews "unchanged"."""

import json
import re
from typing import Any

import pytest

from tests.pairs import pair
from tests.stack.native.program import Program, declare, install_plugin
from tests.stack.project import STACK, Project, file_ring, on_file
from whatsapp_flow_endpoint import FlowKeys
from whatsapp_flow_keys.native.version import VERSION
from whatsapp_flow_keys.ring import Role

KINDS = ("EncryptionKey", "StoredKeyRing", "KeyRegistration")


def imported(project: Project, store: str, *words: str, env: dict[str, str] | None = None) -> str:
    """A new stack with the number of this store; the program that Pulumi wrote for it."""
    install_plugin(project)
    (project.folder / "Pulumi.yaml").write_text("name: other\nruntime: yaml\n")
    project.succeed("stack", "init", STACK)
    wanted = [
        {"type": f"whatsapp:flows:{kind}", "name": kind, "id": f"{project.number}@{store}", "version": VERSION}
        for kind in KINDS
    ]
    listed, program = project.path("imports.json"), project.path("generated.yaml")
    listed.write_text(json.dumps({"resources": wanted}))
    given = ["import", "--yes", "--protect=false", "--file", str(listed), "--out", str(program), *words]
    project.succeed(*given, env=env)
    written = program.read_text()
    (project.folder / "Pulumi.yaml").write_text(f"name: other\nruntime: yaml\n{written}")
    return written


@pytest.mark.parametrize("front_end", ["a Python program", "a YAML program"])
def test_a_number_of_another_stack_is_imported_unchanged_and_rotates_here(project: Project, front_end: str) -> None:
    number = on_file(project)
    if front_end == "a Python program":
        project.declare(number)
    else:
        declare(project, number)
    project.up()
    before, form = project.served(), project.form()
    project.emulator.clear_requests()
    written = imported(project, number["store"])
    project.succeed("preview", "--expect-no-changes")
    assert project.publications() == 0

    mine = written.replace("organization/flows/test", f"organization/other/{STACK}")
    trigger = re.sub(r"( +)(storedRing: true)", r"\1\2\n\1rotationTrigger: two", referring(mine))
    (project.folder / "Pulumi.yaml").write_text(f"name: other\nruntime: yaml\n{trigger}")
    project.up()
    assert project.served() != before
    assert file_ring(project) == {Role.CURRENT: project.served(), Role.PREVIOUS: before}
    assert FlowKeys.from_env({"WHATSAPP_FLOW_KEYS": number["store"]}).decrypt(form)[0]["screen"] == "BOOKING"


@pytest.mark.parametrize("program", ["TypeScript", "Go"], indirect=True)
def test_a_program_imports_a_number_of_another_stack_by_the_option_import_and_rotates_it(program: Program) -> None:
    project = program.project
    number = on_file(project)
    project.declare(number)
    project.up()
    before, form = project.served(), project.form()
    place = {"phoneNumberId": project.number, "store": number["store"]}
    project.succeed("stack", "init", "other")
    program.declare_import(id=f"{project.number}@{number['store']}", managedBy="organization/flows/test", **place)
    project.emulator.clear_requests()
    project.up()
    program.declare_import(managedBy="organization/flows/test", **place)
    project.succeed("preview", "--expect-no-changes")
    assert project.publications() == 0

    program.declare_import(managedBy="organization/flows/other", rotationTrigger="two", **place)
    project.up()
    assert file_ring(project) == {Role.CURRENT: project.served(), Role.PREVIOUS: before}
    assert project.served() != before
    assert FlowKeys.from_env({"WHATSAPP_FLOW_KEYS": number["store"]}).decrypt(form)[0]["screen"] == "BOOKING"


def referring(program: str) -> str:
    """The generated program as a person goes on with it: the resources refer to the key, which will be another one."""
    lines = []
    for line in program.splitlines():
        name = line.strip().partition(":")[0]
        if name == "keyId":
            line = line.partition(":")[0] + ": ${EncryptionKey.id}"
        if name == "fingerprint":
            line = line.partition(":")[0] + ": ${EncryptionKey.fingerprint}"
        lines.append(line)
    return "\n".join(lines)


def test_a_store_with_a_passphrase_is_imported_with_the_endpoints_variable(project: Project) -> None:
    words = "the words of a person"
    number = on_file(project, passphrase=words)
    project.declare(number)
    project.up()
    written = imported(project, number["store"], env={"WHATSAPP_FLOW_PASSPHRASE": words})
    assert words not in written
    assert words not in json.dumps(project.export())
    passphrase = f"passphrase: {json.dumps({'fn::secret': words})}"
    mine = re.sub(r"^( +)(store: .*)$", rf"\1\2\n\1{passphrase}", written, flags=re.MULTILINE)
    (project.folder / "Pulumi.yaml").write_text(f"name: other\nruntime: yaml\n{mine}")
    project.succeed("preview", "--expect-no-changes")


WRONG: dict[str, tuple[Any, str]] = {
    "no store": (lambda project: project.number, "names no store; give PHONE_NUMBER_ID@STORE"),
    "the stack": (lambda project: f"{project.number}@stack", "can't be imported, since no other stack can read it"),
    "an empty store": (lambda project: f"{project.number}@{project.path('none.json').as_uri()}", "does not exist"),
    "no number": (lambda project: f"line@{project.path('ring.json').as_uri()}", "phoneNumberId"),
    "another number's store": (
        lambda project: f"{project.number}9@{project.path('ring.json').as_uri()}",
        "holds the key ring of phone number",
    ),
}


@pytest.mark.parametrize(("wrong", "said"), WRONG.values(), ids=WRONG.keys())
def test_what_can_not_be_imported_is_said(project: Project, wrong: Any, said: str) -> None:
    project.declare(on_file(project))
    project.up()
    install_plugin(project)
    (project.folder / "Pulumi.yaml").write_text("name: other\nruntime: yaml\n")
    project.succeed("stack", "init", STACK)
    printed = project.fail("import", "--yes", "whatsapp:flows:EncryptionKey", "key", wrong(project))
    assert said in printed


def test_a_key_that_the_ring_lacks_is_not_imported(project: Project) -> None:
    number = on_file(project)
    project.declare(number)
    project.up()
    project.emulator.set_key(project.number, pair().public_key_pem)
    install_plugin(project)
    (project.folder / "Pulumi.yaml").write_text("name: other\nruntime: yaml\n")
    project.succeed("stack", "init", STACK)
    of = f"{project.number}@{number['store']}"
    printed = project.fail("import", "--yes", "whatsapp:flows:KeyRegistration", "live", of)
    assert f"ForeignKeyError: the key ring lacks the key {pair().fingerprint}" in printed
