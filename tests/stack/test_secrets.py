"""No secret in the state, previews, outputs, event logs. The search is proven able to find one."""

import json
from pathlib import Path

import pytest

from tests.pages import command_to_type
from tests.secret_forms import forms_of, leaks, pem_blocks
from tests.servers.flow_endpoint import FlowEndpoint
from tests.stack.keyboard import type_in
from tests.stack.project import TOKEN, Project, on_file, stored_text
from tests.stack.written_program import Code, write
from whatsapp_flow_keys.keys import PrivateKey

APP_SECRET = "0123456789abcdef0123456789abcdef"


def lived(project: Project) -> str:
    """All that a create, a rotation, and looking at both leaves behind and prints."""
    project.environment["PULUMI_DEBUG_COMMANDS"] = "true"  # it offers --event-log
    log = project.path("events.json")
    printed = [project.succeed("up", "--yes", "--diff", "--event-log", str(log)).output]
    spec = json.loads((project.folder / "program.json").read_text())
    spec["numbers"][0]["rotation_trigger"] = "two"
    (project.folder / "program.json").write_text(json.dumps(spec))
    printed += [
        project.succeed("preview", "--diff", "--event-log", str(log) + "2").output,
        project.succeed("preview", "--json").output,
        project.succeed("up", "--yes", "--diff", "--event-log", str(log) + "3").output,
    ]
    project.emulator.reregister(project.number)
    printed += [
        project.succeed("refresh", "--yes", "--diff").output,
        project.succeed("up", "--yes", "--json").output,
        type_in(project, [command_to_type("docs/reference/resources.md", "pulumi stack export")]),
        project.succeed("stack", "output").output,
        project.succeed("stack", "history", "--json").output,
    ]
    logs = "\n".join(path.read_text() for path in log.parent.glob("events.json*"))
    assert "whatsapp:EncryptionKey" in logs
    return "\n".join(
        [*printed, logs, stored_text(project.backend), stored_text(Path(project.environment["PULUMI_HOME"]))]
    )


@pytest.mark.parametrize("store", ["stack", "file"])
def test_no_private_key_and_no_token_lies_anywhere_in_the_open(project: Project, store: str) -> None:
    arguments = on_file(project, passphrase="generated") if store == "file" else {}
    project.declare(arguments)
    project.succeed("config", "set", "--secret", "whatsapp:accessToken", TOKEN)
    project.succeed("config", "set", "--secret", "whatsapp:appSecret", APP_SECRET)
    found = lived(project) + stored_text(project.folder)
    secrets = {TOKEN, APP_SECRET}
    outputs = project.outputs()
    if store == "stack":
        for block in pem_blocks(outputs["line-keys"]):
            secrets |= forms_of(block)
    else:
        passphrase = outputs["line"]["WHATSAPP_FLOW_PASSPHRASE"]
        ring = json.loads(project.path("ring.json").read_text())
        for block in pem_blocks(ring["private_keys"]):
            secrets |= forms_of(PrivateKey.from_pem(block, passphrase).to_pem())
            secrets |= {line for line in block.splitlines() if len(line) == 64}
        secrets.add(passphrase)
    assert len(secrets) > 50
    assert leaks(found, secrets) == set()


def test_with_a_store_no_private_key_is_in_the_state_even_when_its_secrets_are_shown(project: Project) -> None:
    project.declare(on_file(project))
    project.up()
    shown = project.succeed("stack", "export", "--show-secrets").output
    pem = json.loads(project.path("ring.json").read_text())["private_keys"]
    assert leaks(shown, forms_of(pem)) == set()


def test_the_search_finds_a_key_that_a_program_gives_away(project: Project) -> None:
    program = project.folder / "__main__.py"
    kept = "pulumi.export(name, number.endpoint_env)"
    given_away = 'pulumi.export("given-away", pulumi.Output.unsecret(number.private_keys))'
    assert kept in program.read_text()
    program.write_text(program.read_text().replace(kept, f"{kept}\n    {given_away}"))
    found = lived(project)
    (block, *_) = pem_blocks(project.outputs()["line-keys"])
    assert leaks(found, forms_of(block)) != set()


def test_the_providers_alone_keep_every_key_out_of_the_open(project: Project) -> None:
    """As with a transform that takes the resources' own `additional_secret_outputs` away."""
    project.prepend("""
merge = pulumi.ResourceOptions.merge

def unprotected(first, second):
    merged = merge(first, second)
    merged.additional_secret_outputs = merged.hide_diffs = None
    return merged

pulumi.ResourceOptions.merge = unprotected
""")
    found = lived(project)
    blocks = pem_blocks(project.outputs()["line-keys"])
    assert len(blocks) == 2
    assert leaks(found, set().union(*map(forms_of, blocks))) == set()


PATH, QUERY, PASSPHRASE, OLD_PASSPHRASE = "flows-hunter2", "hunter2-in-the-query", "hunter2-opens-it", "hunter2-before"
TRIGGERS = ("hunter2-asks-first", "hunter2-asks-again")
TAKE_OVER = "5ec2e7" * 10 + "0123"
PLANTED = "hunter2-given-away"
GIVEN_AWAY = f'pulumi.export("given-away", pulumi.Output.unsecret(pulumi.Output.secret({PLANTED!r})))'


def secret(text: str) -> Code:
    return Code(f"pulumi.Output.secret({text!r})")


def held(project: Project) -> list[PrivateKey]:
    """The private keys in the file store."""
    bundle = json.loads(project.path("ring.json").read_text())["private_keys"]
    return [PrivateKey.from_pem(block, PASSPHRASE) for block in pem_blocks(bundle)]


def lived_with_secret_arguments(project: Project) -> str:
    """All that an adoption, a rotation that the endpoint holds up, its end, an update and a refresh print and leave
    behind, where every argument that may be secret is."""
    project.environment |= {"PULUMI_DEBUG_COMMANDS": "true", "WHATSAPP_AUDIT_LOG": str(project.path("audit.json"))}
    printed: list[str] = []

    def run(*words: str, fails: bool = False) -> None:
        log = project.path(f"events.json{len(printed)}")
        more = [] if words[0] == "stack" or "--json" in words else ["--event-log", str(log)]
        printed.append((project.fail if fails else project.succeed)(*words, *more).output)
        printed.append(log.read_text() if more else "")

    adopted = PrivateKey.generate().to_pem(OLD_PASSPHRASE)
    keys: list[PrivateKey] = []
    with FlowEndpoint(lambda: keys) as endpoint:
        url = endpoint.url.replace("/flows?token=in-the-query", f"/{PATH}?token={QUERY}")
        arguments = {
            **on_file(project),
            "passphrase": secret(PASSPHRASE),
            "endpoint_url": secret(url),
            "endpoint_wait": 0,
            "take_over": secret(TAKE_OVER),
        }
        given = {"existing_private_key": secret(adopted), "existing_passphrase": secret(OLD_PASSPHRASE)}
        write(project, **arguments, **given, rotation_trigger=secret(TRIGGERS[0]), after=GIVEN_AWAY)
        run("up", "--yes", "--diff")
        write(project, **arguments, rotation_trigger=secret(TRIGGERS[1]), after=GIVEN_AWAY)
        run("preview", "--diff")
        run("preview", "--json")
        run("up", "--yes", "--diff", fails=True)
        keys += held(project)
        run("up", "--yes", "--diff")
        assert project.served() == held(project)[0].fingerprint
        write(project, **arguments, force_destroy=True, after=GIVEN_AWAY)
        run("up", "--yes", "--diff")
        project.emulator.reregister(project.number)
        run("refresh", "--yes", "--diff")
        run("up", "--yes", "--json")
    run("stack", "export")
    run("stack", "output")
    run("stack", "history", "--json")
    audit = project.path("audit.json").read_text()
    assert "endpoint_not_ready" in audit
    return "\n".join([*printed, audit, *map(stored_text, (project.backend, Path(project.environment["PULUMI_HOME"])))])


def test_an_argument_that_is_secret_is_neither_printed_nor_recorded_in_the_open(project: Project) -> None:
    found = lived_with_secret_arguments(project)
    assert "asked for by a new rotation_trigger" in found
    assert "is staged, not published: the endpoint http://127.0.0.1:" in found
    words = {PATH, QUERY, PASSPHRASE, OLD_PASSPHRASE, *TRIGGERS, TAKE_OVER, PLANTED}
    assert leaks(found, words) == {PLANTED}


def test_what_names_a_number_or_its_stores_is_refused_as_a_secret(project: Project) -> None:
    late = """
import pulumi_random
late = pulumi_random.RandomShuffle("late", inputs=["hunter2"], result_count=1).results[0]
"""
    place = secret("file:///hunter2.json")
    write(project, before=late, store=place, backups=[place, Code("pulumi.Output.secret(late)")])
    said = project.fail("preview").output
    for argument in ("store", "backups"):
        assert f"FlowEncryption 'line': {argument}: is a secret, but errors, previews, the audit log and the" in said
    assert leaks(said, {"hunter2.json"}) == set()
