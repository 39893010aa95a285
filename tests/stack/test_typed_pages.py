"""Pages that say what to type, typed: the README's quick start, adoption, accounts, a watching job, a restoration."""

import re
from typing import Any

from tests.forms import APP_SECRET
from tests.pages import fenced, section_to_type
from tests.servers.secrets_manager import SecretsManager
from tests.stack.keyboard import entered, type_in
from tests.stack.project import ACCOUNT_TOKENS, TOKEN, Project, is_quiet
from tests.stack.reference import configure
from whatsapp_flow_keys.keys import PrivateKey

NUMBER = "106540352242922"
"""That of the pages."""


def write_program(project: Project, page: str) -> str:
    """The first program of a page, for the project's number."""
    program = fenced(page, "python")[0].replace(NUMBER, project.number)
    (project.folder / "__main__.py").write_text(program)
    return program


def test_the_readmes_quick_start_registers_a_key(project: Project) -> None:
    write_program(project, "README.md")
    project.stack = "prod"
    del project.environment["WHATSAPP_ACCESS_TOKEN"]
    printed = type_in(project, section_to_type("README.md", "Quick start"), answers={"whatsapp:accessToken": TOKEN})
    assert re.search(rf"phone number {project.number}: key [0-9a-f]{{12}} is live and verified", printed)
    assert project.opens_a_form("endpoint")


def test_a_live_key_is_adopted_by_the_commands_of_the_page(project: Project, openbao: Any) -> None:
    project.environment |= openbao.environment
    live, passphrase = PrivateKey.generate(), "the key's own passphrase"
    project.emulator.set_key(project.number, live.public_key_pem)
    (project.folder / "private.pem").write_text(live.to_pem(passphrase))
    path = project.unused_name()
    program = write_program(project, "docs/adoption.md").replace("whatsapp/flows/support-line", path)
    (project.folder / "__main__.py").write_text(program)
    *give, remove_key, remove_passphrase, up = section_to_type("docs/adoption.md", "A number that is live already")
    type_in(project, give, answers={"existingPassphrase": passphrase})
    assert project.served() == live.fingerprint
    assert project.publications() == 0

    arguments = re.compile(r"^    existing_.*\n", re.MULTILINE)
    (project.folder / "__main__.py").write_text(arguments.sub("", program))
    project.emulator.clear_requests()
    type_in(project, [remove_key, remove_passphrase, f"{up} --expect-no-changes"])
    assert is_quiet(project)
    secrets = openbao.client().secrets.kv.v2
    held = secrets.read_secret_version(path, raise_on_deleted_version=True)["data"]["data"]["private_keys"]
    assert PrivateKey.from_pem(held).fingerprint == live.fingerprint


def test_an_accounts_settings_are_set_by_the_commands_of_the_page(reference: Project) -> None:
    number = f"{reference.number}9"
    reference.emulator.add_number(number, tokens=[ACCOUNT_TOKENS["north"]])
    commands = section_to_type("docs/many-numbers.md", "Accounts")
    answers = {"north:accessToken": ACCOUNT_TOKENS["north"], "north:appSecret": APP_SECRET}
    type_in(reference, commands, answers=answers, filled_in={NUMBER: number})
    type_in(reference, section_to_type("docs/many-numbers.md", "When one number fails"))
    assert reference.emulator.served(number)[1] == reference.outputs()["fingerprints"][number]


def test_a_watching_job_fails_once_anything_has_drifted_or_a_rotation_is_overdue(project: Project) -> None:
    (watch,) = section_to_type("docs/rotation.md", "On a schedule")
    project.declare({"rotate_after_days": 90})
    project.up()
    assert entered(project, watch).status == 0
    key, foreign = project.emulator.served(project.number)[0], PrivateKey.generate()
    project.emulator.set_key(project.number, foreign.public_key_pem)
    drifted = entered(project, watch)
    assert (drifted.status != 0, foreign.fingerprint[:12] in drifted) == (True, True), drifted.output
    project.emulator.set_key(project.number, key)
    project.issue_on("2026-01-01")
    overdue = entered(project, watch)
    assert (overdue.status != 0, "rotation, due" in overdue) == (True, True), overdue.output


def test_a_store_is_restored_without_pulumi_by_the_commands_of_the_page(
    reference: Project, secrets_manager: SecretsManager
) -> None:
    reference.environment |= secrets_manager.environment
    name, backup = f"flows/{reference.unused_name()}", reference.path("backup.json").as_uri()
    store = f"awssecretsmanager://eu-west-1/{name}"
    configure(reference, [{"name": "a", "phoneNumberId": reference.number, "store": store, "backups": [backup]}])
    reference.up()
    secrets_manager.client().delete_secret(SecretId=name, ForceDeleteWithoutRecovery=True)
    restore, refresh = section_to_type("docs/stores.md", "Backups")
    shown = {"file:///mnt/offline/support-line.json": backup, "whatsapp/flows/support-line": name}
    assert str(reference.served()) in type_in(reference, [restore], filled_in=shown)
    type_in(reference, [f"{refresh} --expect-no-changes"])
    held = secrets_manager.client().get_secret_value(SecretId=name)["SecretString"]
    assert held == reference.path("backup.json").read_text()
