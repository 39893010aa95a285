"""Each recipe in docs/recovery/: its disaster is staged on the reference stack, and its commands are typed."""

import re
from typing import Any

import pytest

from tests.pages import PAGES, ROOT, section_to_type
from tests.stack.keyboard import type_in
from tests.stack.project import STACK, TOKEN, Project
from tests.stack.reference import configure
from whatsapp_flow_endpoint import FlowKeys
from whatsapp_flow_keys.flow_protocol.message import encrypt_request
from whatsapp_flow_keys.keys import PrivateKey, load_public_key


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
    type_in(line, section_to_type("docs/recovery/lost-store.md", "A backup holds the keys"))
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
    type_in(line, section_to_type("docs/recovery/lost-store.md", "It was soft-deleted"))
    assert is_whole(line)
    assert line.served() == before


def test_a_store_that_is_lost_for_good_gets_a_new_key(line: Project) -> None:
    in_file(line)
    line.up()
    lost = line.served()
    assert lost is not None
    (line.folder / "keys.json").unlink()
    commands = section_to_type("docs/recovery/lost-store.md", "Nothing holds the keys")
    type_in(line, commands, filled_in={"FINGERPRINT": lost})
    assert is_whole(line)
    assert line.served() != lost
    type_in(line, ["pulumi up"])
    assert is_whole(line)


@pytest.mark.parametrize(
    ("passphrase", "commands"),
    [
        (None, section_to_type("docs/recovery/lost-state.md", "The keys are in a store", block=0)),
        ("generated", section_to_type("docs/recovery/lost-state.md", "The keys are in a store", block=1)),
    ],
    ids=["in the clear", "with a passphrase"],
)
def test_a_lost_state_is_made_anew_from_the_store(line: Project, passphrase: str | None, commands: list[str]) -> None:
    in_file(line, **({"passphrase": passphrase} if passphrase else {}))
    line.up()
    old, env = line.emulator.served(line.number)[0], environment(line)
    assert old is not None
    lose_state(line)
    type_in(line, commands, env=env)
    assert is_whole(line)
    body, _ = encrypt_request(load_public_key(old), {"screen": "DAY"})
    assert FlowKeys.from_env(environment(line)).decrypt(body)[0] == {"screen": "DAY"}


def test_a_lost_state_is_made_anew_from_a_backup_of_the_stack(line: Project) -> None:
    configure(line, [{"name": "a", "phoneNumberId": line.number, "backups": ["file:backup.json"]}])
    line.up()
    lose_state(line)
    type_in(line, section_to_type("docs/recovery/lost-state.md", "The keys were in the stack, and a backup holds them"))
    assert is_whole(line)


def test_a_lost_state_is_made_anew_from_what_the_endpoint_was_given(line: Project) -> None:
    configure(line, [{"name": "a", "phoneNumberId": line.number}])
    line.up()
    env = environment(line)
    lose_state(line)
    type_in(line, section_to_type("docs/recovery/lost-state.md", "The keys were in the stack alone"), env=env)
    assert is_whole(line)


def test_a_stack_whose_passphrase_is_forgotten_is_made_again(line: Project) -> None:
    in_file(line)
    line.up()
    line.environment["PULUMI_CONFIG_PASSPHRASE"] = "which was it?"
    assert "incorrect passphrase" in line.fail("up", "--yes", "--skip-preview")
    file = line.folder / f"Pulumi.{STACK}.yaml"
    commands = section_to_type("docs/recovery/lost-state.md", "The passphrase of the stack is forgotten")
    type_in(line, commands, filled_in={"Pulumi.prod.yaml": file.name})
    before = (line.folder / "settings-before.yaml").read_text().splitlines()
    kept = [each for each in before if not each.startswith("encryptionsalt")]
    file.write_text("\n".join(kept))
    type_in(line, section_to_type("docs/recovery/lost-state.md", "The keys are in a store", block=0))
    assert is_whole(line)


def test_a_leaked_key_is_replaced(line: Project) -> None:
    in_file(line)
    line.up()
    leaked = line.served()
    type_in(line, section_to_type("docs/recovery/leaked-key.md", "The key"))
    assert line.served() != leaked
    assert is_whole(line)


def test_a_leaked_passphrase_is_replaced_and_the_key_with_it(line: Project) -> None:
    in_file(line, passphrase="oldPassphrase")
    line.succeed("config", "set", "--secret", "oldPassphrase", "correct horse battery")
    line.up()
    leaked = line.served()
    type_in(line, section_to_type("docs/recovery/leaked-key.md", "The passphrase, or a copy of the store"))
    assert line.served() != leaked
    assert environment(line)["WHATSAPP_FLOW_PASSPHRASE"] != "correct horse battery"
    assert is_whole(line)


def test_a_reset_token_is_taken_from_the_configuration(line: Project) -> None:
    in_file(line)
    line.succeed("config", "set", "--secret", "whatsapp:accessToken", "EAAresetByMeta")
    commands = section_to_type("docs/recovery/leaked-key.md", "The access token, the app secret")
    type_in(line, commands, env={"WHATSAPP_ACCESS_TOKEN": ""}, answers={"whatsapp:accessToken": TOKEN})
    assert is_whole(line)


def test_no_page_types_a_secret_as_an_argument() -> None:
    """Whoever lists a machine's processes would see it."""
    text = "\n".join((ROOT / page).read_text() for page in PAGES)
    after_the_name = re.findall(r"config set --secret\s+[\w:]+[ \t]*(.*)", text)
    assert len(after_the_name) > 10
    assert [rest for rest in after_the_name if not re.match(r"#|<|`|$", rest)] == []


def test_a_number_that_was_registered_anew_has_its_key_signed_again(line: Project) -> None:
    in_file(line)
    line.up()
    before = line.served()
    line.emulator.reregister(line.number)
    type_in(line, section_to_type("docs/recovery/registered-anew.md", "The same number"))
    assert line.emulator.served(line.number)[1:] == (before, "VALID")


def test_somebody_elses_key_is_published_over(line: Project) -> None:
    in_file(line)
    line.up()
    line.emulator.set_key(line.number, PrivateKey.generate().public_key_pem)
    type_in(line, section_to_type("docs/recovery/wrong-key-live.md", "It may go"))
    assert is_whole(line)


def test_a_key_that_was_made_by_hand_is_adopted(line: Project) -> None:
    in_file(line)
    line.up()
    by_hand = PrivateKey.generate()
    line.emulator.set_key(line.number, by_hand.public_key_pem)
    (line.folder / "private.pem").write_text(by_hand.to_pem())
    type_in(line, section_to_type("docs/recovery/wrong-key-live.md", "It is the right one"))
    assert line.served() == by_hand.fingerprint
    assert is_whole(line)


def test_an_old_key_of_ours_gives_way_to_the_newest(line: Project) -> None:
    in_file(line)
    line.up()
    old = line.emulator.served(line.number)[0]
    line.up(env={"WHATSAPP_ROTATION_TRIGGER": "two"})
    newest = line.served()
    line.emulator.set_key(line.number, old)
    commands = section_to_type("docs/recovery/wrong-key-live.md", "It is an old one of ours")
    type_in(line, commands, env={"WHATSAPP_ROTATION_TRIGGER": "two"})
    assert line.served() == newest
    assert is_whole(line)
