"""No private key and no token in what a program leaves and prints. The search is proven able to find one."""

import json
from pathlib import Path

import pytest

from tests.pairs import pair
from tests.secret_forms import forms_of, leaks, pem_blocks
from tests.stack.native.program import Program, declare
from tests.stack.project import TOKEN, Project, on_file, stored_text
from whatsapp_flow_keys.keys import PrivateKey


def lived(program: Program, number: dict[str, object]) -> str:
    """All that a first `up`, a preview, a rotation and a refresh leave behind and print."""
    project = program.project
    project.environment["PULUMI_DEBUG_COMMANDS"] = "true"  # it offers --event-log
    log = project.path("events") / "log"
    log.parent.mkdir()
    program.declare(number)
    printed = [project.succeed("up", "--yes", "--diff", "--event-log", f"{log}1").output]
    program.declare({**number, "rotation_trigger": "two"})
    printed += [
        project.succeed("preview", "--diff", "--event-log", f"{log}2").output,
        project.succeed("preview", "--json").output,
        project.succeed("up", "--yes", "--diff", "--event-log", f"{log}3").output,
        project.succeed("refresh", "--yes", "--diff").output,
        project.succeed("stack", "export").output,
        project.succeed("stack", "history", "--json").output,
    ]
    events = [line for path in log.parent.glob("log*") for line in path.read_text().splitlines()]
    logs = "\n".join(event for event in events if not is_a_debug_event_of_typescript(program, event))
    home = Path(project.environment["PULUMI_HOME"])
    return "\n".join([*printed, logs, stored_text(project.backend), stored_text(home), stored_text(project.folder)])


def is_a_debug_event_of_typescript(program: Program, event: str) -> bool:
    """Pulumi's SDK for TypeScript writes the engine's answers there, with every secret: docs/security.md says so."""
    return program.language == "TypeScript" and json.loads(event).get("diagnosticEvent", {}).get("severity") == "debug"


@pytest.mark.parametrize(
    ("program", "store"),
    [("YAML", "stack"), ("YAML", "file"), ("TypeScript", "stack"), ("Go", "stack")],
    indirect=["program"],
)
def test_no_private_key_passphrase_or_token_lies_in_the_open(program: Program, store: str) -> None:
    project = program.project
    number = on_file(project, passphrase="generated") if store == "file" else {}
    project.succeed("config", "set", "--secret", "whatsapp:accessToken", TOKEN)
    del project.environment["WHATSAPP_ACCESS_TOKEN"]
    found = lived(program, number)
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
