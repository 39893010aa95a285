"""Each recipe in docs/recovery/: its disaster is staged on the reference stack, and its commands are typed."""

import ast
import re
import subprocess
from pathlib import Path
from typing import Any

import pytest

from tests.stack.project import STACK, TOKEN, Project
from tests.stack.reference import configure
from whatsapp_flow_endpoint import FlowKeys
from whatsapp_flow_keys.flow_protocol.message import encrypt_request
from whatsapp_flow_keys.keys import PrivateKey, load_public_key

ROOT = Path(__file__).parents[2]
PAGES = ROOT / "docs" / "recovery"


def recipe(page: str, section: str, nth: int = 0) -> list[str]:
    """The commands of one block of a section."""
    text = (PAGES / f"{page}.md").read_text()
    found = re.search(rf"^## {re.escape(section)}\n(.*?)(?=^## |\Z)", text, re.M | re.S)
    assert found is not None, f"{page}.md has no section {section!r}"
    return [line.strip() for line in blocks(found[1])[nth].splitlines()]


def type_in(
    project: Project, commands: list[str], env: dict[str, str] | None = None, answer: str = "", **values: str
) -> None:
    """Types the commands in the project's folder, with what stands in capitals filled in; each must succeed.

    ``answer`` is given to a command that asks for something.
    """
    environment = {**project.environment, "PULUMI_SKIP_CONFIRMATIONS": "true", **(env or {})}
    for command in commands:
        filled = command.replace(" prod", f" {STACK}")
        for name, value in values.items():
            filled = filled.replace(name.replace("_", "-"), value)
        done = subprocess.run(
            ["sh", "-c", filled],
            cwd=project.folder,
            env=environment,
            input=answer,
            capture_output=True,
            text=True,
            timeout=240,
        )
        assert done.returncode == 0, f"{filled}\n{done.stdout}{done.stderr}"


@pytest.fixture
def line(reference: Project) -> Project:
    """The reference stack, not yet configured."""
    return reference


def in_file(line: Project, **more: Any) -> None:
    configure(line, [{"name": "a", "phoneNumberId": line.number, "store": "file:keys.json", **more}])


def environment(line: Project) -> dict[str, str]:
    """What the endpoint was given."""
    found: dict[str, str] = line.outputs()["endpoint_envs"]["a"]
    return found


def lose_state(line: Project) -> None:
    for file in (line.backend / ".pulumi" / "stacks").rglob(f"{STACK}.json*"):
        file.unlink()


def opens(line: Project, env: dict[str, str], key: PrivateKey | None = None) -> bool:
    """Whether a form for what Meta serves, or for a key, is opened."""
    public = key.key.public_key() if key else load_public_key(line.emulator.served(line.number)[0] or "")
    body, _ = encrypt_request(public, {"screen": "DAY"})
    return bool(FlowKeys.from_env(env).decrypt(body)[0] == {"screen": "DAY"})


def is_whole(line: Project) -> bool:
    """Meta serves the desired key, and the endpoint that is given its environment now opens forms."""
    return line.served() == line.outputs()["fingerprints"]["a"] and opens(line, environment(line))


def test_a_lost_store_is_written_anew_from_its_backup(line: Project) -> None:
    in_file(line, backups=["file:backup.json"])
    line.up()
    before = line.served()
    (line.folder / "keys.json").unlink()
    type_in(line, recipe("lost-store", "A backup holds the keys"))
    assert (line.folder / "keys.json").read_text() == (line.folder / "backup.json").read_text()
    assert is_whole(line)
    assert line.served() == before


def test_a_store_that_was_soft_deleted_is_restored(
    line: Project, openbao: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    for name, value in openbao.environment.items():
        monkeypatch.setenv(name, value)
    line.environment |= openbao.environment
    secret = line.unused_name()
    configure(line, [{"name": "a", "phoneNumberId": line.number, "store": openbao.url(f"secret/{secret}")}])
    line.up()
    before = line.served()
    openbao.client().secrets.kv.v2.delete_latest_version_of_secret(secret)
    type_in(line, recipe("lost-store", "It was soft-deleted"))
    assert is_whole(line)
    assert line.served() == before


def test_a_store_that_is_lost_for_good_gets_a_new_key(line: Project) -> None:
    in_file(line)
    line.up()
    lost = line.served()
    assert lost is not None
    (line.folder / "keys.json").unlink()
    type_in(line, recipe("lost-store", "Nothing holds the keys"), FINGERPRINT=lost)
    assert is_whole(line)
    assert line.served() != lost
    type_in(line, ["pulumi up"])
    assert is_whole(line)


@pytest.mark.parametrize("passphrase", [None, "generated"])
def test_a_lost_state_is_made_anew_from_the_store(line: Project, passphrase: str | None) -> None:
    in_file(line, **({"passphrase": passphrase} if passphrase else {}))
    line.up()
    old, env = line.emulator.served(line.number)[0], environment(line)
    assert old is not None
    lose_state(line)
    type_in(line, recipe("lost-state", "The keys are in a store", nth=1 if passphrase else 0), env)
    assert is_whole(line)
    body, _ = encrypt_request(load_public_key(old), {"screen": "DAY"})
    assert FlowKeys.from_env(environment(line)).decrypt(body)[0] == {"screen": "DAY"}


def test_a_lost_state_is_made_anew_from_a_backup_of_the_stack(line: Project) -> None:
    configure(line, [{"name": "a", "phoneNumberId": line.number, "backups": ["file:backup.json"]}])
    line.up()
    lose_state(line)
    type_in(line, recipe("lost-state", "The keys were in the stack, and a backup holds them"))
    assert is_whole(line)


def test_a_lost_state_is_made_anew_from_what_the_endpoint_was_given(line: Project) -> None:
    configure(line, [{"name": "a", "phoneNumberId": line.number}])
    line.up()
    env = environment(line)
    lose_state(line)
    type_in(line, recipe("lost-state", "The keys were in the stack alone"), env)
    assert is_whole(line)


def test_a_leaked_key_is_replaced(line: Project) -> None:
    in_file(line)
    line.up()
    leaked = line.served()
    type_in(line, recipe("leaked-key", "The key"))
    assert line.served() != leaked
    assert is_whole(line)


def test_a_leaked_passphrase_is_replaced_and_the_key_with_it(line: Project) -> None:
    in_file(line, passphrase="oldPassphrase")
    line.succeed("config", "set", "--secret", "oldPassphrase", "correct horse battery")
    line.up()
    leaked = line.served()
    type_in(line, recipe("leaked-key", "The passphrase, or a copy of the store"))
    assert line.served() != leaked
    assert environment(line)["WHATSAPP_FLOW_PASSPHRASE"] != "correct horse battery"
    assert is_whole(line)


def test_a_reset_token_is_taken_from_the_configuration(line: Project) -> None:
    in_file(line)
    line.succeed("config", "set", "--secret", "whatsapp:accessToken", "EAAresetByMeta")
    commands = recipe("leaked-key", "The access token, the app secret")
    type_in(line, commands, {"WHATSAPP_ACCESS_TOKEN": ""}, answer=TOKEN)
    assert is_whole(line)


def test_no_page_types_a_secret_as_an_argument() -> None:
    """Whoever lists a machine's processes would see it."""
    pages = [*(ROOT / "docs").rglob("*.md"), *(ROOT / "examples").rglob("*.md"), ROOT / "README.md"]
    text = "\n".join(page.read_text() for page in pages)
    after_the_name = re.findall(r"config set --secret\s+[\w:]+[ \t]*(.*)", text)
    assert len(after_the_name) > 10
    assert [rest for rest in after_the_name if not re.match(r"#|<|`|$", rest)] == []


def test_a_number_that_was_registered_anew_has_its_key_signed_again(line: Project) -> None:
    in_file(line)
    line.up()
    before = line.served()
    line.emulator.reregister(line.number)
    type_in(line, recipe("registered-anew", "The same number"))
    assert line.emulator.served(line.number)[1:] == (before, "VALID")


def test_somebody_elses_key_is_published_over(line: Project) -> None:
    in_file(line)
    line.up()
    line.emulator.set_key(line.number, PrivateKey.generate().public_key_pem)
    type_in(line, recipe("wrong-key-live", "It may go"))
    assert is_whole(line)


def test_a_key_that_was_made_by_hand_is_adopted(line: Project) -> None:
    in_file(line)
    line.up()
    by_hand = PrivateKey.generate()
    line.emulator.set_key(line.number, by_hand.public_key_pem)
    (line.folder / "private.pem").write_text(by_hand.to_pem())
    type_in(line, recipe("wrong-key-live", "It is the right one"))
    assert line.served() == by_hand.fingerprint
    assert is_whole(line)


def test_an_old_key_of_ours_gives_way_to_the_newest(line: Project) -> None:
    in_file(line)
    line.up()
    old = line.emulator.served(line.number)[0]
    line.up(env={"WHATSAPP_ROTATION_TRIGGER": "two"})
    newest = line.served()
    line.emulator.set_key(line.number, old)
    type_in(line, recipe("wrong-key-live", "It is an old one of ours"), {"WHATSAPP_ROTATION_TRIGGER": "two"})
    assert line.served() == newest
    assert is_whole(line)


def calls(node: ast.AST, name: str) -> list[ast.Call]:
    return [
        call
        for call in ast.walk(node)
        if isinstance(call, ast.Call) and isinstance(call.func, ast.Name) and call.func.id == name
    ]


def typed_here() -> set[tuple[str, str, int]]:
    """The page, the section and the number of each block of commands that a test of this file types."""
    found = set()
    for test in ast.parse(Path(__file__).read_text()).body:
        if isinstance(test, ast.FunctionDef) and test.name.startswith("test_") and calls(test, "type_in"):
            for call in calls(test, "recipe"):
                page, section = (ast.literal_eval(argument) for argument in call.args)
                given = [
                    constant.value
                    for word in call.keywords
                    for constant in ast.walk(word.value)
                    if isinstance(constant, ast.Constant) and isinstance(constant.value, int)
                ]
                found |= {(str(page), str(section), int(str(nth))) for nth in given or [0]}
    return found


def blocks(text: str) -> list[str]:
    return re.findall(r"(?:^    .*\n)+", text, re.M)


def test_every_recipe_is_typed_here() -> None:
    """Commands that no test types would be a promise that nobody keeps."""
    written = {
        (page.stem, section, nth)
        for page in PAGES.glob("*.md")
        for section, text in re.findall(r"^## ([^\n]+)\n(.*?)(?=^## |\Z)", page.read_text(), re.M | re.S)
        for nth in range(len(blocks(text)))
    }
    assert typed_here() == written
