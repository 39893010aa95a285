"""No private key and no token in what a YAML program leaves and prints. The search is proven able to find one."""

import json
from pathlib import Path

import pytest

from tests.pairs import pair
from tests.secret_forms import forms_of, leaks, pem_blocks
from tests.stack.native.program import declare
from tests.stack.project import TOKEN, Project, on_file, stored_text
from whatsapp_flow_keys.keys import PrivateKey


def lived(project: Project, number: dict[str, object]) -> str:
    """All that a first `up`, a preview, a rotation and a refresh leave behind and print."""
    project.environment["PULUMI_DEBUG_COMMANDS"] = "true"  # it offers --event-log
    log = project.path("events.json")
    declare(project, number)
    printed = [project.succeed("up", "--yes", "--diff", "--event-log", f"{log}1").output]
    declare(project, {**number, "rotation_trigger": "two"})
    printed += [
        project.succeed("preview", "--diff", "--event-log", f"{log}2").output,
        project.succeed("preview", "--json").output,
        project.succeed("up", "--yes", "--diff", "--event-log", f"{log}3").output,
        project.succeed("refresh", "--yes", "--diff").output,
        project.succeed("stack", "export").output,
        project.succeed("stack", "history", "--json").output,
    ]
    logs = "\n".join(path.read_text() for path in log.parent.glob("events.json*"))
    home = Path(project.environment["PULUMI_HOME"])
    return "\n".join([*printed, logs, stored_text(project.backend), stored_text(home), stored_text(project.folder)])


@pytest.mark.parametrize("store", ["stack", "file"])
def test_no_private_key_passphrase_or_token_lies_in_the_open(project: Project, store: str) -> None:
    number = on_file(project, passphrase="generated") if store == "file" else {}
    project.succeed("config", "set", "--secret", "whatsapp:accessToken", TOKEN)
    del project.environment["WHATSAPP_ACCESS_TOKEN"]
    found = lived(project, number)
    assert "whatsapp:flows:EncryptionKey" in found
    secrets, outputs = {TOKEN}, project.outputs()
    if store == "stack":
        for block in pem_blocks(outputs["line-keys"]):
            secrets |= forms_of(block)
    else:
        passphrase = outputs["line"]["WHATSAPP_FLOW_PASSPHRASE"]
        secrets.add(passphrase)
        for block in pem_blocks(json.loads(project.path("ring.json").read_text())["private_keys"]):
            secrets |= forms_of(PrivateKey.from_pem(block, passphrase).to_pem())
    assert len(secrets) > 50
    assert leaks(found, secrets) == set()


def test_the_search_finds_a_key_that_a_program_gives_away(project: Project) -> None:
    """By an argument that goes to the state in the open: the trigger of another number."""
    other = f"{project.number}7"
    project.emulator.add_number(other)
    given_away = {"phone_number_id": other, "name": "other", "rotation_trigger": pair().to_pem()[:900]}
    declare(project, {}, given_away)
    found = project.succeed("up", "--yes", "--skip-preview").output + stored_text(project.backend)
    assert leaks(found, forms_of(pair().to_pem())) != set()
