"""Two changes in one `up`, or one after another that failed: the pairs in which a replacement could forget a thing.

A replacement's `create` is shown nothing of what it replaces; what it must know was noted by `diff` before.
"""

import json
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from tests.contract.stores.aws_place import AwsPlace
from tests.servers.secrets_manager import SecretsManager
from tests.stack.project import Project, file_ring, on_file, stack_ring
from whatsapp_flow_keys.ring import Role

LONG_AGO = (datetime.now(UTC).date() - timedelta(90)).isoformat()


@pytest.fixture
def aws(project: Project, secrets_manager: SecretsManager, monkeypatch: pytest.MonkeyPatch) -> AwsPlace:
    """A secret's name in AWS, whose server the project's environment knows."""
    project.environment |= secrets_manager.environment
    return AwsPlace(secrets_manager, monkeypatch)


def elsewhere(project: Project) -> str:
    return project.path("elsewhere.json").as_uri()


def test_a_rotation_with_credentials_of_another_account_is_refused_and_writes_nothing(
    project: Project, aws: AwsPlace
) -> None:
    where = {"store": aws.url, "backups": [elsewhere(project)]}
    project.declare(where)
    project.up()
    kept, served = aws.content(), project.served()
    recorded = json.dumps(project.export()).replace("account=123456789012", "account=999999999999")
    project.import_state(json.loads(recorded))
    project.declare({**where, "rotation_trigger": "two"})
    said = "these credentials are of account 123456789012, the ring was recorded in 999999999999"
    assert said in project.failing_up()
    assert (aws.content(), project.served()) == (kept, served)


def test_a_move_to_where_the_copy_failed_changes_nothing_and_going_back_works(project: Project) -> None:
    target = project.path("target")
    target.write_text("a file where the folder should be")
    store = (target / "ring.json").as_uri()
    project.up()
    project.declare({"backups": [store]})
    project.failing_up()
    target.unlink()
    project.declare({"store": store})
    assert "so the keys were not moved there" in project.failing_up()
    assert project.opens_a_form()
    project.declare({"backups": [store]})
    project.up()
    project.declare({"store": store})
    project.up()
    assert project.opens_a_form()


def test_a_move_whose_copy_was_lost_meanwhile_changes_nothing(project: Project) -> None:
    project.declare({"backups": [elsewhere(project)]})
    project.up()
    project.path("elsewhere.json").unlink()
    project.declare({"store": elsewhere(project)})
    assert "so the keys were not moved there" in project.failing_up()
    project.declare({"backups": [elsewhere(project)]})
    project.up("--refresh")
    assert stack_ring(project) == [project.served()]
    project.declare({"store": elsewhere(project)})
    project.up()
    assert project.opens_a_form()


@pytest.mark.parametrize("asked_by", ["date", "trigger"])
def test_a_move_goes_before_a_rotation_and_leaves_the_old_document(project: Project, asked_by: str) -> None:
    days = {"rotate_after_days": 30} if asked_by == "date" else {}
    project.declare(on_file(project, backups=[elsewhere(project)], **days))
    project.up()
    old, kept = project.served(), project.path("ring.json").read_bytes()
    if asked_by == "date":
        project.issue_on(LONG_AGO)
    moved = {"store": elsewhere(project), **days}
    moved |= {"rotation_trigger": "two"} if asked_by == "trigger" else {}
    project.declare(moved)
    project.up()
    assert project.served() == old
    project.up()
    assert project.served() == project.fingerprint() != old
    assert project.opens_a_form()
    assert project.path("ring.json").read_bytes() == kept
    project.succeed("preview", "--expect-no-changes")


def test_a_passphrase_whose_change_could_not_be_finished_does_not_block_the_rotation_after_it(
    project: Project,
) -> None:
    project.declare(on_file(project, passphrase="the first four words"))
    project.up()
    old = project.served()
    project.emulator.fault("error", code=131031, phone_number_id=project.number)
    project.declare(on_file(project, passphrase="the second four words", rotation_trigger="two"))
    project.failing_up()
    project.emulator.clear_faults()
    project.up()
    assert project.served() == project.fingerprint() != old
    assert project.opens_a_form()
    assert file_ring(project) == {Role.CURRENT: project.served(), Role.PREVIOUS: old}
    assert "WHATSAPP_FLOW_FORMER_PASSPHRASE" in project.outputs()["line"]
    project.declare(on_file(project, passphrase="the second four words", rotation_trigger="three"))
    project.up()
    assert "WHATSAPP_FLOW_FORMER_PASSPHRASE" not in project.outputs()["line"]
    project.succeed("preview", "--expect-no-changes")


def test_a_renamed_stack_rotates_in_the_same_up(project: Project) -> None:
    project.declare(on_file(project, rotate_after_days=30))
    project.up()
    old = project.served()
    project.issue_on(LONG_AGO)
    project.succeed("stack", "rename", "renamed")
    project.up()
    assert project.served() == project.fingerprint() != old
    assert project.opens_a_form()


def test_another_number_gets_another_store(project: Project) -> None:
    project.declare(on_file(project))
    project.up()
    other = f"{project.number}7"
    project.emulator.add_number(other)
    project.emulator.add_number(project.number, deleted=True)
    project.declare({"phone_number_id": other, "store": elsewhere(project)})
    project.succeed("preview")
    project.up()
    assert project.emulator.served(other)[1] == project.fingerprint()
    assert not project.path("ring.json").exists()


def test_a_replacement_by_force_in_another_place_deletes_nothing_in_the_old_one(
    project: Project, aws: AwsPlace
) -> None:
    store = {"class": "AwsSecretsManagerStore", "name": aws.secret}
    project.declare({"store": store, "backups": [elsewhere(project)]})
    project.up()
    kept = aws.content()
    project.up("--replace", project.urn("EncryptionKey"), env={"AWS_REGION": "us-east-1"})
    assert aws.content() == kept
    assert Path(project.path("elsewhere.json")).exists()


def test_a_state_that_does_not_say_whose_the_passphrase_is_is_not_destroyed_while_its_key_is_served(
    project: Project,
) -> None:
    project.declare(on_file(project, passphrase="generated", backups=[elsewhere(project)]))
    project.up()
    deployment = project.export()
    for resource in deployment["deployment"]["resources"]:
        if resource["type"].endswith(":EncryptionKey"):
            for side in ("inputs", "outputs"):
                resource[side].pop("passphrase_is_generated", None)
                resource[side].pop("locations", None)
    project.import_state(deployment)
    assert "Its passphrase was generated by this stack" in project.fail("destroy", "--yes", "--skip-preview")
    assert project.path("ring.json").exists()


def test_a_short_passphrase_that_is_recorded_goes_on_in_a_rotation_and_a_new_one_is_refused(project: Project) -> None:
    """The engine shows the check of a replacement no recorded inputs."""
    project.declare(on_file(project, passphrase="short words"))
    assert "passphrase: must have at least 15 characters" in project.fail("preview")
    project.succeed("up", "--yes", "--skip-preview", env={"WHATSAPP_SHORT_PASSPHRASE": project.number})
    first = project.served()
    project.declare(on_file(project, passphrase="short words", rotation_trigger="two"))
    project.up()
    assert project.served() == project.fingerprint() != first
    project.declare(on_file(project, passphrase="other words", rotation_trigger="two"))
    assert "passphrase: must have at least 15 characters" in project.fail("preview")
    project.declare(on_file(project, passphrase="short words", rotation_trigger="two", force_destroy=True))
    project.up()
    project.succeed("destroy", "--yes", "--skip-preview")
