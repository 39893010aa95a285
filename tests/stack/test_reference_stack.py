"""The reference stack, `__main__.py`: one FlowEncryption for each number in the configuration."""

from tests.pages import command_to_type
from tests.servers.secrets_manager import SecretsManager
from tests.stack.keyboard import type_in
from tests.stack.project import Project
from tests.stack.reference import configure
from whatsapp_flow_keys.keys import PrivateKey


def test_each_configured_number_gets_a_registered_key(reference: Project) -> None:
    other = f"{reference.number}9"
    reference.emulator.add_number(other)
    store = {"store": "file:keys/other.json", "passphrase": "generated", "rotateAfterDays": 90}
    configure(
        reference, [{"name": "a", "phoneNumberId": reference.number}, {"name": "b", "phoneNumberId": other, **store}]
    )
    reference.up()
    outputs = reference.outputs()
    assert outputs["fingerprints"] == {"a": reference.served(), "b": reference.emulator.served(other)[1]}
    assert (reference.folder / "keys" / "other.json").stat().st_mode & 0o777 == 0o600
    assert set(outputs["endpoint_envs"]["b"]) == {"WHATSAPP_FLOW_KEYS", "WHATSAPP_FLOW_PASSPHRASE"}
    assert outputs["rotates_on"]["b"] is not None


def test_a_store_and_its_backups_are_configured_by_their_urls(
    reference: Project, secrets_manager: SecretsManager
) -> None:
    reference.environment |= secrets_manager.environment
    name = f"flows/{reference.number}"
    stores = {"store": f"awssecretsmanager:///{name}?tag.team=pay", "backups": ["file:backup.json"]}
    configure(reference, [{"name": "a", "phoneNumberId": reference.number, **stores}])
    reference.up()
    kept = secrets_manager.client().get_secret_value(SecretId=name, VersionStage="AWSCURRENT")["SecretString"]
    assert kept == (reference.folder / "backup.json").read_text()
    urls = reference.outputs()["endpoint_envs"]["a"]["WHATSAPP_FLOW_KEYS"].split()
    assert urls == [f"awssecretsmanager://eu-west-1/{name}", (reference.folder / "backup.json").as_uri()]


def test_a_passphrase_is_taken_from_a_secret_setting(reference: Project) -> None:
    configure(
        reference,
        [{"name": "a", "phoneNumberId": reference.number, "store": "file:ring.json", "passphrase": "linePassphrase"}],
    )
    reference.succeed("config", "set", "--secret", "linePassphrase", "correct horse battery")
    reference.up()
    assert reference.outputs()["endpoint_envs"]["a"]["WHATSAPP_FLOW_PASSPHRASE"] == "correct horse battery"


def test_a_key_to_adopt_is_taken_from_secret_settings(reference: Project) -> None:
    """A PEM from a file, over standard input."""
    live = PrivateKey.generate()
    reference.emulator.set_key(reference.number, live.public_key_pem)
    given = {"existingPrivateKey": "supportLineKey", "existingPassphrase": "supportLineWords"}
    configure(reference, [{"name": "a", "phoneNumberId": reference.number, "store": "file:ring.json", **given}])
    assert "existingPrivateKey: must be the name of a setting that holds it" in reference.fail("preview")
    (reference.folder / "private.pem").write_text(live.to_pem("correct horse battery"))
    type_in(reference, [command_to_type("docs/settings.md", "pulumi config set --secret supportLineKey")])
    reference.succeed("config", "set", "--secret", "supportLineWords", "correct horse battery")
    reference.up()
    assert reference.outputs()["fingerprints"]["a"] == reference.served() == live.fingerprint
    assert reference.publications() == 0


def test_the_rotation_trigger_of_the_environment_rotates_numbers_that_have_none(reference: Project) -> None:
    configure(reference, [{"name": "a", "phoneNumberId": reference.number}])
    reference.up()
    old = reference.served()
    reference.up(env={"WHATSAPP_ROTATION_TRIGGER": "2026-11-24"})
    assert reference.served() != old


def test_several_mistakes_are_shown_together(reference: Project) -> None:
    wrong = [{"name": "a", "phoneNumberId": "+49 1"}, {"name": "", "phoneNumberId": "12345", "passphrase": "hunter2"}]
    configure(reference, wrong)
    run = reference.fail("preview")
    assert "hunter2" not in run
    assert "numbers[0].phoneNumberId" in run
    assert "numbers[1].name" in run


def test_a_number_that_the_command_line_wrote_as_an_integer_is_refused_with_the_way_to_write_it(
    reference: Project,
) -> None:
    configure(reference, [{"name": "a"}])
    reference.succeed("config", "set", "--path", "numbers[0].phoneNumberId", "106540352242922")
    run = reference.fail("preview")
    assert "--type string" in run
