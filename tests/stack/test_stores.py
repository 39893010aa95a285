"""A key's whole life with its private half in a real store, on the real engine."""

import json
from collections.abc import Iterator
from contextlib import ExitStack
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from click.testing import CliRunner

from tests.contract.stores.aws_place import AwsPlace
from tests.contract.stores.azure_place import AzurePlace, signed_in
from tests.contract.stores.place import Place
from tests.contract.stores.vault_place import VaultPlace, policy
from tests.secret_forms import forms_of, leaks, pem_blocks
from tests.stack.project import Project, stored_text
from whatsapp_flow_keys import document
from whatsapp_flow_keys.command_line import command
from whatsapp_flow_keys.ring import KeyRing, Role

CLOSED = "http://127.0.0.1:9"

CLOUD = pytest.mark.parametrize("kind", ["vault", "aws", "azure"])


@pytest.fixture
def places(project: Project, request: pytest.FixtureRequest) -> Iterator[dict[str, Place]]:
    """A place in each cloud store; the project's environment, and this test's, is that of their servers."""
    vault, secrets, keys = (request.getfixturevalue(name) for name in ("openbao", "secrets_manager", "key_vault"))
    monkeypatch = request.getfixturevalue("monkeypatch")
    with ExitStack() as rest:
        found: dict[str, Place] = {
            "vault": VaultPlace(vault, monkeypatch),
            "aws": AwsPlace(secrets, monkeypatch),
            "azure": AzurePlace(keys, project.unused_name()),
        }
        rest.enter_context(signed_in(keys))
        for server in (vault, secrets, keys):
            project.environment |= server.environment
        # The engine and the endpoint have what the page about Vault grants them, and no more.
        project.environment["VAULT_TOKEN"] = vault.token_for(policy("For the stack"))
        monkeypatch.setenv("VAULT_TOKEN", vault.token_for(policy("For the endpoint")))
        project.environment["WHATSAPP_STORE_DEADLINE"] = "6"
        yield found


def ring_at(place: Place) -> KeyRing:
    return document.load(place.content() or "", place.url)


def roles(place: Place) -> dict[Role, str]:
    return {key.role: key.fingerprint for key in ring_at(place).keys}


def everything_left_behind(project: Project) -> str:
    shown = project.succeed("stack", "export", "--show-secrets").output
    return shown + stored_text(project.backend) + stored_text(project.folder)


@CLOUD
def test_a_key_lives_in_the_store_and_nowhere_in_the_state(
    project: Project, places: dict[str, Place], kind: str
) -> None:
    place = places[kind]
    project.declare({"store": place.url})
    printed = project.succeed("up", "--yes", "--diff").output
    first, forms = project.served(), [project.form()]
    assert roles(place) == {Role.CURRENT: first}
    project.declare({"store": place.url, "rotation_trigger": "two"})
    printed += project.succeed("up", "--yes", "--diff").output
    assert roles(place) == {Role.CURRENT: project.served(), Role.PREVIOUS: first}
    assert project.served() == project.fingerprint() != first
    assert project.opens(*forms, project.form())
    secrets = set().union(*(forms_of(pem) for pem in pem_blocks(ring_at(place).private_keys)))
    assert len(secrets) > 50
    assert leaks(printed + everything_left_behind(project), secrets) == set()


@pytest.mark.parametrize("kind", ["vault"])
def test_a_second_up_asks_neither_meta_nor_the_store(project: Project, places: dict[str, Place], kind: str) -> None:
    project.declare({"store": places[kind].url})
    project.up()
    project.emulator.clear_requests()
    unreachable = {"AWS_ENDPOINT_URL": CLOSED, "IDENTITY_ENDPOINT": CLOSED, "VAULT_TOKEN": "none"}
    run = project.succeed("up", "--yes", env=unreachable)
    assert "to update" not in run
    assert project.emulator.requests() == []


@pytest.mark.parametrize("kind", ["aws"])
def test_a_mismatch_is_healed_with_the_same_key(project: Project, places: dict[str, Place], kind: str) -> None:
    project.declare({"store": places[kind].url})
    project.up()
    served = project.served()
    project.emulator.reregister(project.number)
    project.up("--refresh")
    assert project.emulator.served(project.number)[1:] == (served, "VALID")
    project.succeed("preview", "--refresh", "--expect-no-changes")


@CLOUD
def test_destroy_soft_deletes_and_the_next_up_restores_and_rotates(
    project: Project, places: dict[str, Place], kind: str
) -> None:
    place = places[kind]
    project.declare({"store": place.url})
    project.up()
    old, forms = project.served(), [project.form()]
    destroyed = project.succeed("destroy", "--yes", "--skip-preview")
    assert "the next `pulumi up`" in destroyed
    assert place.content() is None
    project.up()
    assert roles(place) == {Role.CURRENT: project.served(), Role.PREVIOUS: old}
    assert project.opens(*forms, project.form())


def test_destroy_is_refused_where_the_passphrase_would_go_with_the_stack(
    project: Project, places: dict[str, Place]
) -> None:
    place = places["aws"]
    project.declare({"store": place.url, "passphrase": "generated"})
    project.up()
    run = project.fail("destroy", "--yes", "--skip-preview")
    assert "Its passphrase was generated by this stack and goes with it" in run
    assert place.content() is not None
    aws = places["aws"]
    assert isinstance(aws, AwsPlace)
    aws.client.delete_secret(SecretId=aws.secret)
    assert "Its passphrase was generated" in project.fail("destroy", "--yes", "--skip-preview")
    project.up("--refresh")
    words = project.outputs()["line"]["WHATSAPP_FLOW_PASSPHRASE"]
    project.declare({"store": place.url, "passphrase": words})
    project.up()
    project.succeed("destroy", "--yes", "--skip-preview")
    project.up()
    assert project.opens_a_form()


def test_a_number_moves_from_the_stack_through_every_store_and_no_form_becomes_unreadable(
    project: Project, places: dict[str, Place]
) -> None:
    project.declare({})
    project.up()
    forms = [project.form()]
    before: dict[str, Any] = {}
    for step, place in enumerate(places.values()):
        project.declare({**before, "backups": [place.url]})
        project.up()
        assert project.opens(*forms)
        project.declare({"store": place.url, "backups": [before["store"]] if before else []})
        project.up()
        assert project.opens(*forms)
        before = {"store": place.url}
        project.declare({**before, "rotation_trigger": f"after move {step}"})
        project.up()
        forms.append(project.form())
        assert project.opens(*forms[-2:])
        assert roles(place)[Role.CURRENT] == project.served() == project.fingerprint()
    secrets = set().union(*(forms_of(pem) for pem in pem_blocks(ring_at(place).private_keys)))
    shown = project.succeed("stack", "export", "--show-secrets").output
    assert leaks(shown, secrets) == set()


@pytest.mark.parametrize("kind", ["azure"])
def test_a_jump_to_a_store_is_refused_in_the_preview(project: Project, places: dict[str, Place], kind: str) -> None:
    project.up()
    project.declare({"store": places[kind].url})
    assert "first add it to `backups`" in project.fail("preview")


def test_an_environment_of_another_day_that_names_another_region_is_a_jump(
    project: Project, places: dict[str, Place]
) -> None:
    name = places["aws"].url.partition("eu-west-1/")[2]
    project.declare({"store": {"class": "AwsSecretsManagerStore", "name": name}})
    project.up()
    run = project.fail("preview", env={"AWS_REGION": "us-east-1"})
    assert f"to move the keys from awssecretsmanager://eu-west-1/{name} to awssecretsmanager://us-east-1/{name}" in run
    project.succeed("refresh", "--yes", env={"AWS_REGION": "us-east-1"})
    project.succeed("preview", "--expect-no-changes")


def test_credentials_of_another_account_than_was_recorded_touch_nothing(
    project: Project, places: dict[str, Place]
) -> None:
    backup = project.path("backup.json").as_uri()
    project.declare({"store": places["aws"].url, "backups": [backup]})
    project.up()
    kept = places["aws"].content()
    recorded_elsewhere = json.dumps(project.export()).replace("account=123456789012", "account=999999999999")
    project.import_state(json.loads(recorded_elsewhere))
    said = "these credentials are of account 123456789012, the ring was recorded in 999999999999"
    assert said in project.succeed("preview", "--refresh", "--diff")
    assert said in project.fail("destroy", "--yes", "--skip-preview")
    project.declare({"store": f"{places['aws'].url}?tag.team=new", "backups": [backup]})
    assert said in project.failing_up()
    assert places["aws"].content() == kept


def test_nothing_is_published_while_a_backup_is_down_and_the_next_up_goes_on(
    project: Project, places: dict[str, Place]
) -> None:
    project.declare({"store": places["vault"].url, "backups": [places["aws"].url]})
    project.up()
    old = project.served()
    project.declare({"store": places["vault"].url, "backups": [places["aws"].url], "rotation_trigger": "two"})
    assert places["aws"].url in project.failing_up(env={"AWS_ENDPOINT_URL": CLOSED})
    assert project.served() == old
    project.up()
    assert project.served() == project.fingerprint() != old
    assert ring_at(places["aws"]) == ring_at(places["vault"])


def test_refresh_says_which_store_is_down_and_the_next_up_finds_all_in_place(
    project: Project, places: dict[str, Place]
) -> None:
    project.declare({"store": places["aws"].url, "backups": [places["vault"].url]})
    project.up()
    published = project.publications()
    run = project.succeed("preview", "--refresh", "--diff", env={"AWS_ENDPOINT_URL": CLOSED})
    assert f"{places['aws'].url}: AWS can't be reached" in run
    project.succeed("refresh", "--yes", env={"AWS_ENDPOINT_URL": CLOSED})
    project.up("--refresh")
    project.succeed("preview", "--refresh", "--expect-no-changes")
    assert project.publications() == published


@pytest.mark.parametrize("kind", ["vault"])
def test_a_store_that_was_lost_is_rebuilt_from_a_backup_by_up(
    project: Project, places: dict[str, Place], kind: str
) -> None:
    backup = project.path("backup.json")
    project.declare({"store": places[kind].url, "backups": [backup.as_uri()]})
    project.up()
    places[kind].destroy()
    assert project.opens_a_form()
    project.up("--refresh")
    assert ring_at(places[kind]) == document.load(backup.read_text(), "backup")
    project.succeed("preview", "--refresh", "--expect-no-changes")


def test_a_store_that_was_lost_is_rebuilt_by_the_command_and_a_refresh_finds_nothing_to_do(
    project: Project, places: dict[str, Place]
) -> None:
    backup = project.path("backup.json")
    project.declare({"store": places["aws"].url, "backups": [backup.as_uri()]})
    project.up()
    published = project.publications()
    places["aws"].destroy()
    done = CliRunner().invoke(command, ["restore", "--from", backup.as_uri(), "--to", places["aws"].url])
    assert done.exit_code == 0, done.output
    project.up("--refresh")
    assert ring_at(places["aws"]) == document.load(backup.read_text(), "backup")
    assert project.publications() == published
    assert project.opens_a_form()


def test_another_stack_is_refused_with_both_names_and_changes_nothing(
    project: Project, places: dict[str, Place]
) -> None:
    project.declare({"store": places["vault"].url})
    project.up()
    kept = places["vault"].content()
    project.succeed("stack", "init", "second")
    run = project.failing_up()
    assert "is managed by the stack organization/flows/test" in run
    assert "organization/flows/second must not change it" in run
    assert places["vault"].content() == kept


def test_another_tools_secret_is_named_and_never_overwritten(project: Project, places: dict[str, Place]) -> None:
    places["vault"].put('{"password": "hunter2"}')
    project.declare({"store": places["vault"].url})
    run = project.failing_up()
    assert f"{places['vault'].url}: holds JSON without the field `format`" in run
    assert "hunter2" not in run
    assert project.publications() == 0


def test_a_key_that_another_resource_makes_encrypts_the_secret(project: Project, places: dict[str, Place]) -> None:
    aws = places["aws"]
    assert isinstance(aws, AwsPlace)
    store = {"class": "AwsSecretsManagerStore", "name": aws.secret, "kms_key_id": {"made": "alias/flows"}}
    project.declare({"store": store})
    project.succeed("preview")
    project.up()
    assert aws.client.describe_secret(SecretId=aws.secret)["KmsKeyId"] == "alias/flows"
    assert project.outputs()["line-secret-id"] == aws.client.describe_secret(SecretId=aws.secret)["ARN"]
    project.succeed("preview", "--expect-no-changes")


def test_new_tags_and_another_encryption_key_change_the_secret_in_place(
    project: Project, places: dict[str, Place]
) -> None:
    aws = places["aws"]
    assert isinstance(aws, AwsPlace)
    store = {"class": "AwsSecretsManagerStore", "name": aws.secret}
    project.declare({"store": {**store, "tags": {"team": "one", "gone": "soon"}}})
    project.up()
    served = project.served()
    project.declare({"store": {**store, "tags": {"team": "two"}, "kms_key_id": "alias/other"}})
    project.up()
    found = aws.client.describe_secret(SecretId=aws.secret)
    tags = {tag["Key"]: tag["Value"] for tag in found["Tags"]}
    assert (tags.get("team"), tags.get("gone"), found["KmsKeyId"]) == ("two", None, "alias/other")
    assert project.served() == served
    project.succeed("preview", "--expect-no-changes")


def test_a_platform_teams_secret_is_filled_and_stays_after_destroy(project: Project, places: dict[str, Place]) -> None:
    aws = places["aws"]
    assert isinstance(aws, AwsPlace)
    aws.make_empty()
    arn = aws.client.describe_secret(SecretId=aws.secret)["ARN"]
    project.declare({"store": {"class": "AwsSecretsManagerStore", "secret_id": {"made": arn}}})
    project.up()
    assert roles(aws) == {Role.CURRENT: project.served()}
    assert project.opens_a_form()
    assert "so it stays" in project.succeed("destroy", "--yes", "--skip-preview")
    assert aws.content() is not None


def test_a_passphrase_that_changes_together_with_a_rotation_strands_no_key(
    project: Project, places: dict[str, Place]
) -> None:
    where = {"store": places["aws"].url, "backups": [places["vault"].url]}
    project.declare({**where, "passphrase": "the first four words"})
    project.up()
    forms = [project.form()]
    project.declare({**where, "passphrase": "the second four words", "rotation_trigger": "two"})
    for _ in range(2):
        project.up()
        forms.append(project.form())
        assert project.opens(*forms)
    assert project.served() == project.fingerprint()
    assert ring_at(places["vault"]) == ring_at(places["aws"])
    assert "PRIVATE KEY-----" in ring_at(places["aws"]).private_keys
    assert "-----BEGIN PRIVATE" not in ring_at(places["aws"]).private_keys


def test_a_rotation_that_is_due_is_done_in_the_store(project: Project, places: dict[str, Place]) -> None:
    project.declare({"store": places["vault"].url, "rotate_after_days": 30})
    project.up()
    old = project.served()
    project.issue_on((datetime.now(UTC).date() - timedelta(31)).isoformat())
    project.up()
    assert roles(places["vault"]) == {Role.CURRENT: project.served(), Role.PREVIOUS: old}
