"""AWS Secrets Manager: what only this store knows. What all stores keep is in ``test_contract.py``.

Most runs against moto over real HTTP. What moto doesn't know or gets wrong (it checks neither KMS nor credentials, its
moves and creates differ in edge cases) runs against botocore's stubs, which answer as AWS's service model and
documentation say. What these stubs state is thereby read, not observed.
"""

import json
import logging
import os
import re
from collections.abc import Iterator
from datetime import datetime, timedelta, timezone
from pathlib import Path
from threading import Barrier, Thread
from typing import Any

import pytest
from botocore.awsrequest import AWSResponse
from botocore.stub import ANY, Stubber

from tests.contract.stores.aws.answers import answer_lost, answered, just_before, lagging, listening, refused
from tests.contract.stores.aws_place import AwsPlace
from tests.contract.stores.place import delete
from tests.servers.secrets_manager import ACCOUNT, REGION
from whatsapp_flow_keys import document
from whatsapp_flow_keys.errors import (
    FlowKeysError,
    ForeignDocumentError,
    InputError,
    MissingExtraError,
    RingTooLargeError,
    StoreConflictError,
    StoreError,
    StorePermissionError,
    StoreUnavailableError,
)
from whatsapp_flow_keys.keys import PrivateKey
from whatsapp_flow_keys.ring import KeyRing, RingKey, Role, union
from whatsapp_flow_keys.stores import client_library
from whatsapp_flow_keys.stores.aws_secrets_manager.client import shared_client
from whatsapp_flow_keys.stores.aws_secrets_manager.store import AwsSecretsManagerStore
from whatsapp_flow_keys.stores.client_library import seconds_per_attempt
from whatsapp_flow_keys.stores.store import Versioned
from whatsapp_flow_keys.stores.urls import anchored, complete_url, open_store

KEYS = [PrivateKey.generate() for _ in range(3)]
NUMBER, STACK = "106540352242922", "org/flows/prod"
OTHER_ACCOUNT = "210987654321"
CURRENT = "AWSCURRENT"
STAGED = "WHATSAPP_FLOW_KEYS_STAGED"  # stands in people's secrets, and on the page
NAME = "whatsapp/flows/line"
ARN = f"arn:aws:secretsmanager:{REGION}:{ACCOUNT}:secret:{NAME}-AbCdEf"
OLD = "11111111-1111-1111-1111-111111111111"
PAGE = Path(__file__).parents[4] / "docs" / "stores" / "aws-secrets-manager.md"
MARKERS = {"whatsapp-flow-keys:managed-by": STACK, "whatsapp-flow-keys:phone-number-id": NUMBER}
RECORD = "whatsapp-flow-keys:tags"
CURRENT, STAGED = "AWSCURRENT", "WHATSAPP_FLOW_KEYS_STAGED"


def ring(*keys: PrivateKey, revision: int = 1, managed_by: str = STACK) -> KeyRing:
    roles = (Role.CURRENT, Role.PENDING, Role.PREVIOUS)
    offered = datetime(2026, 11, 25, tzinfo=timezone.utc)
    entries = (
        RingKey(key.fingerprint, role, "2026-11-25", offered, key.to_pem())
        for key, role in zip(keys or KEYS[:1], roles, strict=False)
    )
    return KeyRing(NUMBER, managed_by, "key-1", revision, tuple(entries))


def store(url: str) -> AwsSecretsManagerStore:
    return AwsSecretsManagerStore.from_url(url, "store")


def tags(place: AwsPlace) -> dict[str, str]:
    return {tag["Key"]: tag["Value"] for tag in place.client.describe_secret(SecretId=place.secret).get("Tags", [])}


@pytest.fixture(autouse=True)
def _no_pause_between_attempts(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("botocore.retries.standard.ExponentialBackoff.delay_amount", lambda self, context: 0)


@pytest.fixture
def asked(place: AwsPlace) -> Iterator[list[tuple[str, dict[str, Any]]]]:
    """The operations that the store asks for, each with its parameters."""
    log: list[tuple[str, dict[str, Any]]] = []
    with listening("before-parameter-build", lambda params, model, **_: log.append((model.name, dict(params)))):
        yield log


@pytest.fixture
def stub(place: AwsPlace) -> Iterator[Stubber]:
    """Answers instead of a service, in this order; every one must be asked for."""
    with Stubber(shared_client("secretsmanager", REGION, seconds_per_attempt())) as stubber:
        yield stubber
        stubber.assert_no_pending_responses()


# URLs


@pytest.mark.parametrize(
    ("url", "identity"),
    [
        (f"awssecretsmanager://{REGION}/{NAME}", None),
        (f"AWSSecretsManager://{REGION}/{NAME}", f"awssecretsmanager://{REGION}/{NAME}"),
        ("awssecretsmanager://us-gov-west-1/a", None),
        (f"awssecretsmanager://{REGION}/a%40b+c=d.e!f_g-1", f"awssecretsmanager://{REGION}/a%40b%2Bc%3Dd.e%21f_g-1"),
        (f"awssecretsmanager://{REGION}//a", None),
        (
            f"awssecretsmanager://{REGION}/a?account={ACCOUNT}&kms_key_id=alias/a&recovery_window_days=7&tag.a=b",
            f"awssecretsmanager://{REGION}/a",
        ),
        (f"awssecretsmanager://{ARN}", None),
        ("awssecretsmanager://arn:aws-cn:secretsmanager:cn-north-1:123456789012:secret:a-AbCdEf", None),
        ("awssecretsmanager://arn:aws-us-gov:secretsmanager:us-gov-west-1:123456789012:secret:a/b-AbCdEf", None),
    ],
)
def test_a_url_names_a_place_whatever_its_settings(url: str, identity: str | None) -> None:
    opened = open_store(url)
    assert opened.url == (identity or url)
    assert open_store(opened.url).url == opened.url


@pytest.mark.parametrize(
    ("rest", "said"),
    [
        ("/a", "the AWS region is missing; give region=, or set AWS_REGION"),
        ("eu-west/a", "'eu-west' is not an AWS region"),
        ("eu-west-1.evil.example/a", "is not an AWS region"),
        (f"{REGION}", "'' is not a secret's name"),
        (f"{REGION}/", "'' is not a secret's name"),
        (f"{REGION}/a%20b", "'a b' is not a secret's name"),
        (f"{REGION}/{'a' * 513}", "is not a secret's name"),
        (f"{REGION}/{ARN}", "an ARN goes into secret_id="),
        (f"{REGION}/a?account=12345", "account must be the 12 digits"),
        (f"{REGION}/a?kms_key_id=", "kms_key_id must be"),
        (f"{REGION}/a?recovery_window_days=6", "recovery_window_days must be a whole number of days from 7 to 30"),
        (f"{REGION}/a?recovery_window_days=31", "recovery_window_days must be"),
        (f"{REGION}/a?tag.aws:a=b", "the tag 'aws:a' begins with"),
        (f"{REGION}/a?tag.AWS:a=b", "the tag 'AWS:a' begins with"),
        (f"{REGION}/a?tag.whatsapp-flow-keys:managed-by=b", "begins with"),
        (f"{REGION}/a?tag.{'k' * 129}=b", "is too long"),
        (f"{REGION}/a?tag.k={'v' * 257}", "is too long"),
        (f"{REGION}/a?" + "&".join(f"tag.k{index}=v" for index in range(48)), "48 tags are more than the 47"),
        (f"{REGION}/a?mount=b", "is no setting of this store; known are account, kms_key_id"),
        (f"{ARN}?tag.a=b", "takes no settings"),
        (f"{ARN}?account={ACCOUNT}", "takes no settings"),
        (ARN.removesuffix("-AbCdEf"), "is not a secret's whole ARN"),
        (ARN.replace("secretsmanager", "ssm"), "is not a secret's whole ARN"),
        (ARN.replace("arn:aws:", "arn:aws-moon:"), "is not a secret's whole ARN"),
        (ARN.replace(ACCOUNT, "12"), "is not a secret's whole ARN"),
    ],
)
def test_a_url_that_can_be_no_secret_is_one_sentence_that_names_its_field(rest: str, said: str) -> None:
    with pytest.raises(InputError, match=rf"^backups\[0\]: .*{re.escape(said)}"):
        open_store(f"awssecretsmanager://{rest}", "backups[0]")


def test_the_region_comes_from_aws_region_before_aws_default_region() -> None:
    both = {"AWS_REGION": "eu-central-1", "AWS_DEFAULT_REGION": "us-east-1"}
    assert complete_url("awssecretsmanager:///a/b?tag.a=b", both) == "awssecretsmanager://eu-central-1/a/b?tag.a=b"
    del both["AWS_REGION"]
    assert complete_url("awssecretsmanager:///a/b", both) == "awssecretsmanager://us-east-1/a/b"


def test_the_region_comes_from_the_profile_where_the_environment_names_none(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / "config").write_text("[default]\nregion = eu-west-3\n[profile flows]\nregion = eu-north-1\n")
    monkeypatch.setenv("AWS_CONFIG_FILE", str(tmp_path / "config"))
    assert complete_url("awssecretsmanager:///a", {}) == "awssecretsmanager://eu-west-3/a"
    assert complete_url("awssecretsmanager:///a", {"AWS_PROFILE": "flows"}) == "awssecretsmanager://eu-north-1/a"


@pytest.mark.parametrize("profile", [{}, {"AWS_PROFILE": "no-such"}])
def test_a_url_without_a_region_anywhere_is_left_for_the_check(
    profile: dict[str, str], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("AWS_CONFIG_FILE", str(tmp_path / "none"))
    monkeypatch.setenv("AWS_SHARED_CREDENTIALS_FILE", str(tmp_path / "none"))
    assert complete_url("awssecretsmanager:///a", profile) == "awssecretsmanager:///a"


def test_a_url_is_completed_without_the_client_library(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("whatsapp_flow_keys.stores.aws_secrets_manager.address.find_spec", lambda name: None)
    assert complete_url("awssecretsmanager:///a", {}) == "awssecretsmanager:///a"


@pytest.mark.parametrize("url", [f"awssecretsmanager://{REGION}/a", f"awssecretsmanager://{ARN}"])
def test_a_whole_url_is_left_as_it_is(url: str) -> None:
    assert complete_url(url, {"AWS_REGION": "us-east-1"}) == url


def test_without_the_client_library_the_error_says_what_to_install(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(client_library, "find_spec", lambda name: None)
    with pytest.raises(MissingExtraError, match=r'^store: .*boto3: pip install "whatsapp-flow-encryption\[aws\]"$'):
        open_store(f"awssecretsmanager://{REGION}/a")


def test_opening_a_store_asks_nobody(place: AwsPlace, asked: list[Any]) -> None:
    opened = place.store(account=ACCOUNT)
    assert (opened.url, opened.secret_id) == (place.url, place.secret)
    assert opened.location == f"{place.url}?account={ACCOUNT}"
    assert asked == []


def test_the_location_has_the_settings_and_the_account_that_the_service_named(place: AwsPlace) -> None:
    ours = place.store(tag_team="pay", kms_key_id="alias/flows")
    assert ours.location == f"{place.url}?kms_key_id=alias/flows&tag.team=pay"
    ours.write(ring(), ours.read())
    assert ours.location == f"{place.url}?account={ACCOUNT}&kms_key_id=alias/flows&tag.team=pay"
    assert ours.secret_id.startswith(f"arn:aws:secretsmanager:{REGION}:{ACCOUNT}:secret:{place.secret}-")
    assert anchored(place.url, [ours.location]) == f"{place.url}?account={ACCOUNT}"


def test_the_location_of_an_existing_secret_is_its_arn(place: AwsPlace) -> None:
    place.make_empty()
    theirs = place.existing()
    theirs.write(ring(), theirs.read())
    assert theirs.location == theirs.url == place.existing_url
    assert f"awssecretsmanager://{theirs.secret_id}" == theirs.url


# Making a secret


def test_a_new_secret_has_the_key_the_tags_and_what_says_whose_it_is(place: AwsPlace) -> None:
    ours = place.store(kms_key_id="alias/flows", tag_team="pay")
    ours.write(ring(), ours.read())
    made = place.client.describe_secret(SecretId=place.secret)
    assert made["KmsKeyId"] == "alias/flows"
    assert NUMBER in made["Description"]
    assert tags(place) == {"team": "pay", RECORD: tags(place)[RECORD], **MARKERS}
    assert "PRIVATE" not in made["Description"]


def test_the_version_that_a_write_gives_is_the_services(place: AwsPlace) -> None:
    ours = place.store()
    written = ours.write(ring(), ours.read())
    assert written.version == place.current()


def test_an_empty_secret_of_a_platform_team_is_written_by_its_arn(place: AwsPlace, asked: list[Any]) -> None:
    place.make_empty()
    theirs = place.existing()
    found = theirs.read()
    assert (found.ring, found.deleted) == (None, False)
    theirs.write(ring(), found)
    theirs.settle()
    assert place.existing().read().ring == ring()
    assert {name for name, _ in asked} <= {"GetSecretValue", "DescribeSecret", "PutSecretValue"}
    assert tags(place) == {}


def test_an_existing_secret_that_is_missing_is_never_made(place: AwsPlace, asked: list[Any]) -> None:
    theirs = store(f"awssecretsmanager://{ARN}")
    found = theirs.read()
    assert (found.ring, found.version) == (None, "")
    with pytest.raises(StoreUnavailableError, match=f"^{re.escape(theirs.url)}: there is no such secret"):
        theirs.write(ring(), found)
    assert "CreateSecret" not in [name for name, _ in asked]


# Reading and the compare-and-set


def test_every_read_names_the_stage(place: AwsPlace, asked: list[tuple[str, dict[str, Any]]]) -> None:
    ours = place.store()
    last = ours.read()
    for revision in (1, 2, 3):
        last = ours.write(ring(revision=revision), last)
        assert place.store().read() == last
    reads = [parameters for name, parameters in asked if name == "GetSecretValue"]
    assert len(reads) == 4
    assert all(parameters["VersionStage"] == CURRENT for parameters in reads)


def test_a_write_is_staged_under_our_own_label_and_then_moved_from_the_version_that_was_read(
    place: AwsPlace, asked: list[tuple[str, dict[str, Any]]]
) -> None:
    ours = place.store()
    first = ours.write(ring(), ours.read())
    asked.clear()
    second = ours.write(ring(revision=2), first)
    (put, staged), (move, moved) = asked
    assert (put, staged["VersionStages"], staged["ClientRequestToken"]) == ("PutSecretValue", [STAGED], second.version)
    assert move == "UpdateSecretVersionStage"
    assert (moved["VersionStage"], moved["MoveToVersionId"]) == (CURRENT, second.version)
    assert moved["RemoveFromVersionId"] == first.version
    assert place.labels()[first.version] == ["AWSPREVIOUS"]


def test_the_loser_of_a_race_leaves_no_label_and_no_current_value(place: AwsPlace) -> None:
    one, other = place.store(), place.store()
    first = one.write(ring(), one.read())
    won = other.write(ring(KEYS[1], revision=2), first)
    with pytest.raises(StoreConflictError, match="nothing was overwritten"):
        one.write(ring(KEYS[2], revision=2), first)
    assert place.content() == document.dump(ring(KEYS[1], revision=2))
    assert place.current() == won.version
    assert not any(STAGED in labels for labels in place.labels().values())


def test_of_two_threads_that_write_over_the_same_version_exactly_one_wins(place: AwsPlace) -> None:
    start = place.store()
    first = start.write(ring(), start.read())
    meet, outcomes = Barrier(2), dict[int, Versioned | StoreConflictError]()

    def write(index: int) -> None:
        writer = place.store()
        meet.wait(30)
        try:
            outcomes[index] = writer.write(ring(KEYS[index], revision=2), first)
        except StoreConflictError as lost:
            outcomes[index] = lost

    runs = [Thread(target=write, args=(index,)) for index in (1, 2)]
    for run in runs:
        run.start()
    for run in runs:
        run.join(60)
    (won,) = [outcome for outcome in outcomes.values() if isinstance(outcome, Versioned)]
    assert len(outcomes) == 2
    assert place.store().read() == won


def test_of_two_that_create_at_once_the_second_loses(place: AwsPlace) -> None:
    one, other = place.store(), place.store()
    nothing = one.read()
    other.write(ring(KEYS[1]), other.read())
    with pytest.raises(StoreConflictError):
        one.write(ring(KEYS[2]), nothing)
    assert place.content() == document.dump(ring(KEYS[1]))


def test_of_two_that_fill_an_empty_secret_the_second_loses(place: AwsPlace) -> None:
    place.make_empty()
    one, other = place.store(), place.existing()
    empty = one.read()
    other.write(ring(KEYS[1]), other.read())
    with pytest.raises(StoreConflictError):
        one.write(ring(KEYS[2]), empty)
    assert place.content() == document.dump(ring(KEYS[1]))


def test_an_empty_secret_that_appeared_meanwhile_is_a_conflict(place: AwsPlace) -> None:
    ours = place.store()
    nothing = ours.read()
    place.make_empty()
    with pytest.raises(StoreConflictError):
        ours.write(ring(), nothing)


def test_what_a_kill_between_putting_and_moving_left_is_passed_over_by_the_next_write(place: AwsPlace) -> None:
    ours = place.store()
    first = ours.write(ring(), ours.read())
    place.client.put_secret_value(
        SecretId=place.secret, SecretString=document.dump(ring(KEYS[1])), VersionStages=[STAGED]
    )
    assert place.store().read() == first
    second = ours.write(ring(KEYS[2], revision=2), first)
    assert place.store().read() == second
    assert [version for version, labels in place.labels().items() if STAGED in labels] == [second.version]


def test_a_label_that_another_tool_moved_back_is_what_the_next_write_counts_from(place: AwsPlace) -> None:
    ours = place.store()
    first = ours.write(ring(), ours.read())
    second = ours.write(ring(KEYS[1], revision=2), first)
    place.move(second.version, first.version)
    assert place.store().read() == first
    with pytest.raises(StoreConflictError):
        ours.write(ring(KEYS[2], revision=3), second)
    third = ours.write(ring(KEYS[2], revision=2), first)
    assert place.store().read() == third


def test_a_rotation_functions_label_is_left_alone(place: AwsPlace) -> None:
    ours = place.store()
    first = ours.write(ring(), ours.read())
    pending = place.client.put_secret_value(SecretId=place.secret, SecretString="{}", VersionStages=["AWSPENDING"])
    ours.write(ring(revision=2), first)
    assert "AWSPENDING" in place.labels()[pending["VersionId"]]


# Answers that get lost


def test_a_lost_answer_to_the_creation_is_one_secret_with_one_version(place: AwsPlace) -> None:
    ours = place.store()
    with answer_lost("CreateSecret"):
        written = ours.write(ring(), ours.read())
    assert place.store().read() == written
    assert len(place.labels()) == 1


def test_a_lost_answer_to_the_put_is_one_version(place: AwsPlace) -> None:
    ours = place.store()
    first = ours.write(ring(), ours.read())
    with answer_lost("PutSecretValue"):
        second = ours.write(ring(revision=2), first)
    assert place.store().read() == second
    assert len(place.labels()) == 2


def test_a_lost_answer_to_the_move_is_no_lost_race(place: AwsPlace) -> None:
    ours = place.store()
    first = ours.write(ring(), ours.read())
    with answer_lost("UpdateSecretVersionStage"):
        second = ours.write(ring(revision=2), first)
    assert place.store().read() == second


def test_a_lost_answer_to_the_deletion_still_says_until_when(place: AwsPlace) -> None:
    ours = place.store()
    ours.write(ring(), ours.read())
    with answer_lost("DeleteSecret"):
        assert "can be restored until" in delete(ours)


def test_a_creation_that_aws_calls_existing_is_ours_if_our_version_is_current(
    stub: Stubber, place: AwsPlace, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Stub: an answer to the repetition of a request that was carried out. moto gives it for another text only."""
    monkeypatch.setattr("whatsapp_flow_keys.stores.aws_secrets_manager.store.uuid4", lambda: OLD)
    stub.add_client_error("create_secret", "ResourceExistsException", "exists")
    stub.add_response("describe_secret", {"ARN": ARN, "VersionIdsToStages": {OLD: [CURRENT]}})
    assert place.store().write(ring(), Versioned(None, "")).version == OLD


# A move that AWS refuses (stubs: moto's move is not atomic, and its labels may double)


def move_refused(stub: Stubber, code: str, current: str) -> None:
    """What AWS does with a move of AWSCURRENT from a version that doesn't hold it: nothing."""
    stub.add_response("put_secret_value", {"ARN": ARN}, {**ANY_PUT, "SecretString": ANY})
    stub.add_client_error("update_secret_version_stage", code, "a PRIVATE KEY of somebody")
    stub.add_response("describe_secret", {"ARN": ARN, "VersionIdsToStages": {current: [CURRENT]}})


ANY_PUT = {"SecretId": ANY, "ClientRequestToken": ANY, "VersionStages": [STAGED]}


@pytest.mark.parametrize("code", ["InvalidParameterException", "ResourceNotFoundException", "InvalidRequestException"])
def test_a_refused_move_while_another_version_is_current_is_a_lost_race(
    stub: Stubber, place: AwsPlace, code: str
) -> None:
    move_refused(stub, code, current="22222222-2222-2222-2222-222222222222")
    label_off = {"SecretId": ANY, "VersionStage": STAGED, "RemoveFromVersionId": ANY}
    stub.add_response("update_secret_version_stage", {"ARN": ARN}, label_off)
    with pytest.raises(StoreConflictError):
        place.store().write(ring(), Versioned(None, OLD))


def test_a_label_that_can_not_be_taken_off_does_not_hide_the_lost_race(stub: Stubber, place: AwsPlace) -> None:
    move_refused(stub, "InvalidParameterException", current="22222222-2222-2222-2222-222222222222")
    stub.add_client_error("update_secret_version_stage", "InternalServiceError")
    with pytest.raises(StoreConflictError):
        place.store().write(ring(), Versioned(None, OLD))


def test_a_move_that_is_refused_though_nobody_was_faster_says_what_aws_said(stub: Stubber, place: AwsPlace) -> None:
    move_refused(stub, "InvalidRequestException", current=OLD)
    for _ in range(5):
        stub.add_response("describe_secret", {"ARN": ARN, "VersionIdsToStages": {OLD: [CURRENT]}})
    stub.add_response("update_secret_version_stage", {"ARN": ARN})
    with pytest.raises(StoreUnavailableError, match=r"UpdateSecretVersionStage \(InvalidRequestException\)") as caught:
        place.store().write(ring(), Versioned(None, OLD))
    assert "PRIVATE KEY" not in str(caught.value)


@pytest.mark.parametrize("action", ["create_secret", "put_secret_value"])
def test_a_secret_that_was_scheduled_for_deletion_meanwhile_is_a_lost_race(
    stub: Stubber, place: AwsPlace, action: str
) -> None:
    """Stub: moto answers a creation with ResourceExistsException instead."""
    stub.add_client_error(action, "InvalidRequestException", "scheduled for deletion")
    stub.add_response("describe_secret", {"ARN": ARN, "DeletedDate": datetime.now(timezone.utc)})
    with pytest.raises(StoreConflictError):
        place.store().write(ring(), Versioned(None, "" if action == "create_secret" else OLD))


def test_a_document_that_was_deleted_meanwhile_is_a_conflict_and_stays_deleted(place: AwsPlace) -> None:
    ours = place.store()
    first = ours.write(ring(), ours.read())
    delete(place.store())
    with pytest.raises(StoreConflictError):
        ours.write(ring(revision=2), first)
    assert place.store().read().deleted


# Answers that are older than what was done (hooks: moto's reads show every write at once)


def test_a_read_that_lags_behind_our_write_leads_to_no_write_over_it(place: AwsPlace) -> None:
    ours = place.store()
    first = ours.write(ring(), ours.read())
    before = place.client.get_secret_value(SecretId=place.secret, VersionStage=CURRENT)
    second = ours.write(ring(*KEYS[:2], revision=2), first)
    later = place.store()
    with lagging("GetSecretValue", before):
        lagged = later.read()
        with pytest.raises(StoreConflictError):
            later.write(ring(KEYS[2], revision=2), lagged)
    assert lagged == first
    assert place.store().read() == second
    assert not any(STAGED in labels for version, labels in place.labels().items() if version != second.version)


@pytest.mark.parametrize(("times", "kind"), [(1, StoreConflictError), (1000, StoreUnavailableError)])
def test_a_lost_race_is_one_though_labels_lag_and_no_overwriting_though_they_never_come(
    place: AwsPlace, times: int, kind: type[StoreError]
) -> None:
    ours = place.store()
    first = ours.write(ring(), ours.read())
    before = place.client.describe_secret(SecretId=place.secret)
    second = place.store().write(ring(*KEYS[:2], revision=2), first)
    with lagging("DescribeSecret", before, times=times), pytest.raises(kind):
        ours.write(ring(KEYS[2], revision=2), first)
    assert place.store().read() == second


def test_a_lost_answer_to_the_move_is_no_lost_race_though_labels_lag(place: AwsPlace) -> None:
    ours = place.store()
    first = ours.write(ring(), ours.read())
    before = place.client.describe_secret(SecretId=place.secret)
    with answer_lost("UpdateSecretVersionStage"), lagging("DescribeSecret", before, times=2):
        second = ours.write(ring(revision=2), first)
    assert place.store().read() == second


def test_a_first_value_of_an_empty_secret_is_ours_though_its_label_lags(place: AwsPlace) -> None:
    place.make_empty()
    ours = place.store()
    empty = ours.read()
    before = place.client.describe_secret(SecretId=place.secret)
    with lagging("DescribeSecret", before, times=2):
        written = ours.write(ring(), empty)
    assert place.store().read() == written


@pytest.mark.parametrize("code", ["ResourceNotFoundException", "InvalidRequestException"])
def test_a_value_that_lags_behind_its_label_is_waited_for(place: AwsPlace, code: str) -> None:
    ours = place.store()
    written = ours.write(ring(), ours.read())
    with lagging("GetSecretValue", refused(code), times=2):
        assert place.store().read() == written


def test_a_value_that_never_comes_is_an_error_and_not_an_empty_secret(place: AwsPlace) -> None:
    """Taken for empty, a ring would count as lost: another key would be made, or its passphrase deleted."""
    ours = place.store()
    ours.write(ring(), ours.read())
    with (
        lagging("GetSecretValue", refused("ResourceNotFoundException")),
        pytest.raises(StoreUnavailableError, match=f"^{place.url}: AWS names a current version and does not answer"),
    ):
        place.store().read()
    assert place.clock.waited == 7.75


def test_a_restoration_ends_when_it_shows(place: AwsPlace) -> None:
    ours = place.store()
    written = ours.write(ring(), ours.read())
    ours.delete(written)
    before = place.client.describe_secret(SecretId=place.secret)
    with (
        lagging("DescribeSecret", before, times=3),
        lagging("GetSecretValue", refused("InvalidRequestException"), times=2),
    ):
        ours.restore()
        assert place.clock.waited == 0.25 + 0.5
        assert ours.read() == written


def test_a_deletion_that_shows_late_is_a_deletion(place: AwsPlace, asked: list[Any]) -> None:
    ours = place.store()
    written = ours.write(ring(), ours.read())
    before = place.client.describe_secret(SecretId=place.secret)
    with lagging("DescribeSecret", before, times=4):
        assert "can be restored until" in ours.delete(written)
    assert place.store().read().deleted
    assert "RestoreSecret" not in [name for name, _ in asked]


def test_a_write_that_shows_late_is_found_after_the_deletion(place: AwsPlace) -> None:
    ours, theirs = place.store(), place.store()
    first = ours.write(ring(), ours.read())
    before = place.client.describe_secret(SecretId=place.secret)
    second = theirs.write(ring(KEYS[1], revision=2), first)
    with lagging("DescribeSecret", before, times=3), pytest.raises(StoreConflictError):
        ours.delete(first)
    assert place.store().read() == second


def test_a_deletion_that_never_shows_is_undone(place: AwsPlace) -> None:
    ours = place.store()
    written = ours.write(ring(), ours.read())
    before = place.client.describe_secret(SecretId=place.secret)
    with (
        lagging("DescribeSecret", before),
        pytest.raises(StoreUnavailableError, match=r"AWS did not confirm the deletion, .* and it was restored"),
    ):
        ours.delete(written)
    assert place.store().read() == written


# Deletion and restoration


def test_what_is_written_between_the_look_and_the_deletion_comes_back_and_is_a_conflict(
    place: AwsPlace, asked: list[Any]
) -> None:
    ours, theirs = place.store(), place.store()
    first = ours.write(ring(), ours.read())
    with (
        just_before("DeleteSecret", lambda: theirs.write(ring(KEYS[1], revision=2), first)),
        pytest.raises(StoreConflictError, match="somebody else wrote it meanwhile, so it was not deleted"),
    ):
        ours.delete(first)
    found = place.store().read()
    assert (found.ring, found.deleted) == (ring(KEYS[1], revision=2), False)
    assert [name for name, _ in asked if name in ("DeleteSecret", "RestoreSecret")] == ["DeleteSecret", "RestoreSecret"]


def test_a_deletion_of_what_was_written_over_asks_for_none(place: AwsPlace, asked: list[Any]) -> None:
    ours = place.store()
    first = ours.write(ring(), ours.read())
    second = place.store().write(ring(revision=2), first)
    with pytest.raises(StoreConflictError):
        ours.delete(first)
    assert "DeleteSecret" not in [name for name, _ in asked]
    assert place.store().read() == second


def test_what_can_not_be_restored_after_a_deletion_that_came_too_late_is_named_with_the_way_back(
    place: AwsPlace,
) -> None:
    ours, theirs = place.store(), place.store()
    first = ours.write(ring(), ours.read())
    with (
        just_before("DeleteSecret", lambda: theirs.write(ring(KEYS[1], revision=2), first)),
        lagging("RestoreSecret", refused("AccessDeniedException")),
        pytest.raises(StoreUnavailableError) as caught,
    ):
        ours.delete(first)
    text = str(caught.value)
    assert text.startswith(f"{place.url}: somebody else wrote it while it was being deleted, and it could not be")
    assert "Restore it with `aws secretsmanager restore-secret`, or by the next `pulumi up`. The cause: " in text
    assert "these credentials may not do secretsmanager:RestoreSecret" in text
    assert place.store().read().deleted


def test_what_is_gone_for_good_when_it_should_be_restored_is_named_with_the_cause(place: AwsPlace) -> None:
    ours, theirs = place.store(), place.store()
    first = ours.write(ring(), ours.read())
    with (
        just_before("DeleteSecret", lambda: theirs.write(ring(KEYS[1], revision=2), first)),
        just_before("RestoreSecret", place.destroy),
        pytest.raises(StoreUnavailableError, match=r"could not be restored\..* The cause: "),
    ):
        ours.delete(first)


def test_a_lost_answer_to_the_restoration_after_a_deletion_is_a_restoration(place: AwsPlace) -> None:
    """Hook: what AWS says to a second restoration is in no text; a refusal is the worst."""
    ours, theirs = place.store(), place.store()
    first = ours.write(ring(), ours.read())

    def done_already(**_: Any) -> tuple[AWSResponse, dict[str, Any]]:
        place.client.restore_secret(SecretId=place.secret)
        return answered(refused("InvalidRequestException"))

    with (
        just_before("DeleteSecret", lambda: theirs.write(ring(KEYS[1], revision=2), first)),
        listening("before-call.secrets-manager.RestoreSecret", done_already),
        pytest.raises(StoreConflictError),
    ):
        ours.delete(first)
    assert place.store().read().ring == ring(KEYS[1], revision=2)


def test_a_deletion_that_aws_refuses_says_what_aws_said_and_restores_nothing(place: AwsPlace, asked: list[Any]) -> None:
    """Hook: as for a secret that another account replicates."""
    ours = place.store()
    written = ours.write(ring(), ours.read())
    with (
        lagging("DeleteSecret", refused("InvalidRequestException")),
        pytest.raises(StoreUnavailableError, match=r"refused secretsmanager:DeleteSecret \(InvalidRequestException\)"),
    ):
        ours.delete(written)
    assert "RestoreSecret" not in [name for name, _ in asked]
    assert place.store().read() == written


def test_a_secret_with_replicas_is_not_deleted_and_says_where_they_are(place: AwsPlace, asked: list[Any]) -> None:
    ours = place.store()
    written = ours.write(ring(), ours.read())
    place.client.replicate_secret_to_regions(
        SecretId=place.secret, AddReplicaRegions=[{"Region": "us-east-1"}, {"Region": "eu-central-1"}]
    )
    with pytest.raises(StoreUnavailableError) as caught:
        ours.delete(written)
    assert str(caught.value) == (
        f"{place.url}: is replicated to us-east-1, eu-central-1, and AWS does not delete a secret that has replicas; "
        f"nothing was deleted. Remove them (`aws secretsmanager remove-regions-from-replication`), then run again"
    )
    assert "DeleteSecret" not in [name for name, _ in asked]
    assert place.store().read() == written


def test_a_replica_is_not_deleted_since_it_would_be_gone_at_once(stub: Stubber, place: AwsPlace) -> None:
    """Stub: in moto a replica has no labels."""
    replica = {"ARN": ARN, "PrimaryRegion": "us-east-1", "VersionIdsToStages": {OLD: [CURRENT]}}
    stub.add_response("describe_secret", replica)
    with pytest.raises(
        StoreUnavailableError, match=f"^{place.url}: is a replica of the secret in us-east-1, .* nothing"
    ):
        place.store().delete(Versioned(ring(), OLD))


def test_an_empty_secret_is_not_deleted(place: AwsPlace, asked: list[Any]) -> None:
    place.make_empty()
    assert delete(place.store()) == ""
    assert "DeleteSecret" not in [name for name, _ in asked]


# The place


def test_one_secret_has_one_place_by_its_name_and_by_its_arn(place: AwsPlace) -> None:
    by_name = place.store()
    written = by_name.write(ring(), by_name.read())
    by_arn = place.existing()
    assert by_arn.url != by_name.url
    assert by_arn.read().place == place.store(tag_a="b").read().place == written.place != ""
    assert by_arn.write(ring(revision=2), by_arn.read()).place == place.store().read().place != written.place


def test_a_secret_has_the_place_that_it_had_when_it_is_deleted(place: AwsPlace) -> None:
    ours = place.store()
    written = ours.write(ring(), ours.read())
    ours.delete(written)
    assert place.store().read().place == written.place


def test_the_same_document_under_another_name_or_in_another_region_has_another_place(place: AwsPlace) -> None:
    urls = [place.url, f"{place.url}-other", place.url.replace(REGION, "eu-central-1")]
    found = [opened.write(ring(), opened.read()).place for opened in map(store, urls)]
    assert len(set(found)) == 3
    assert [open_store(url).read().place for url in urls] == found


def test_two_secrets_are_two_places_though_their_versions_have_one_identifier(place: AwsPlace) -> None:
    """As a secret and its replica in another region, or what another tool made of one request."""
    for name in (place.secret, f"{place.secret}-copy"):
        place.client.create_secret(Name=name, ClientRequestToken=OLD, SecretString=document.dump(ring()))
    one, other = (open_store(url).read() for url in (place.url, f"{place.url}-copy"))
    assert (one.ring, one.version) == (other.ring, other.version)
    assert one.place != other.place


# Restoration


def test_a_deleted_ring_is_restored_and_joined(place: AwsPlace) -> None:
    ours = place.store()
    ours.write(ring(KEYS[0]), ours.read())
    delete(ours)
    anew = place.store()
    found = anew.read()
    assert (found.ring, found.deleted) == (None, True)
    anew.restore()
    back = anew.read()
    assert back.ring is not None
    joined = union([back.ring, ring(KEYS[1], revision=2)])
    assert joined is not None
    anew.write(joined, back)
    held = place.store().read().ring
    assert held is not None
    assert all(key.fingerprint in held for key in KEYS[:2])


def test_a_deleted_secret_that_never_had_a_value_is_deleted_all_the_same(place: AwsPlace) -> None:
    place.make_empty()
    place.client.delete_secret(SecretId=place.secret)
    assert place.store().read().deleted


def test_a_write_over_a_deleted_document_asks_for_nothing(place: AwsPlace, asked: list[Any]) -> None:
    with pytest.raises(StoreConflictError):
        place.store().write(ring(), Versioned(None, "deleted", deleted=True))
    assert asked == []


def test_a_deleted_secret_without_our_tag_is_not_restored(place: AwsPlace, asked: list[Any]) -> None:
    place.put("another tool's")
    place.client.delete_secret(SecretId=place.secret)
    with pytest.raises(ForeignDocumentError, match=f"^{place.url}: is scheduled for deletion and has no tag"):
        place.store().restore()
    assert "RestoreSecret" not in [name for name, _ in asked]


@pytest.mark.parametrize("there", [True, False])
def test_restoring_what_is_not_deleted_changes_nothing(place: AwsPlace, asked: list[Any], there: bool) -> None:
    if there:
        place.put("another tool's")
    place.store().restore()
    assert "RestoreSecret" not in [name for name, _ in asked]


def test_an_existing_secret_that_is_deleted_is_its_teams_to_restore(place: AwsPlace, asked: list[Any]) -> None:
    place.make_empty()
    theirs = place.existing()
    place.client.delete_secret(SecretId=place.secret)
    assert theirs.read().deleted
    with pytest.raises(StoreUnavailableError, match="the team that it belongs to must restore it"):
        theirs.restore()
    assert "RestoreSecret" not in [name for name, _ in asked]


def test_an_existing_secret_is_never_deleted(place: AwsPlace, asked: list[Any]) -> None:
    place.make_empty()
    theirs = place.existing()
    found = theirs.write(ring(), theirs.read())
    asked.clear()
    assert theirs.delete(found) == f"{theirs.url}: was given by secret_id=, so it stays with the private keys in it"
    assert asked == []
    assert place.existing().read().ring == ring()


@pytest.mark.parametrize(("settings", "days"), [({}, 30), ({"recovery_window_days": "7"}, 7)])
def test_a_deletion_says_until_when_it_can_be_undone(place: AwsPlace, settings: dict[str, str], days: int) -> None:
    ours = place.store(**settings)
    ours.write(ring(), ours.read())
    before = datetime.now(timezone.utc)
    said = delete(ours)
    dates = {(moment + timedelta(days=days)).date().isoformat() for moment in (before, datetime.now(timezone.utc))}
    assert said.startswith(f"{place.url}: is scheduled for deletion")
    assert any(f"can be restored until {date}; the next `pulumi up` restores it" in said for date in dates)
    ends = place.client.describe_secret(SecretId=place.secret)["DeletedDate"]
    assert ends.astimezone(timezone.utc).date().isoformat() in dates


def test_deleting_what_is_scheduled_for_deletion_asks_for_no_second_one(place: AwsPlace, asked: list[Any]) -> None:
    ours = place.store()
    ours.write(ring(), ours.read())
    delete(ours)
    found = place.store().read()
    asked.clear()
    assert place.store().delete(found) == ""
    assert [name for name, _ in asked] == ["DescribeSecret"]


def test_deleting_nothing_says_nothing(place: AwsPlace) -> None:
    assert delete(place.store()) == ""


# Accounts


def test_a_ring_of_another_account_is_not_read(place: AwsPlace) -> None:
    place.put("{}")
    with pytest.raises(StorePermissionError) as caught:
        place.store(account=OTHER_ACCOUNT).read()
    assert str(caught.value).startswith(
        f"{place.url}: these credentials are of account {ACCOUNT}, the ring was recorded in {OTHER_ACCOUNT}"
    )


def test_nothing_in_another_account_is_not_taken_for_a_ring_that_went(place: AwsPlace) -> None:
    with pytest.raises(StorePermissionError, match=f"are of account {ACCOUNT}"):
        place.store(account=OTHER_ACCOUNT).read()


@pytest.mark.parametrize("version", ["", "empty", OLD])
def test_a_private_key_never_travels_to_another_account(place: AwsPlace, asked: list[Any], version: str) -> None:
    place.make_empty()
    with pytest.raises(StorePermissionError, match=f"are of account {ACCOUNT}"):
        place.store(account=OTHER_ACCOUNT).write(ring(), Versioned(None, version))
    assert asked == []
    assert place.content() is None


def test_the_right_account_is_asked_for_before_a_creation(place: AwsPlace) -> None:
    calls: list[str] = []
    with listening("before-call.sts", lambda model, **_: calls.append(model.name), service="sts"):
        ours = place.store(account=ACCOUNT)
        ours.write(ring(), Versioned(None, ""))
    assert calls == ["GetCallerIdentity"]
    assert place.store().read().ring == ring()


def test_another_accounts_secret_of_the_same_name_is_neither_deleted_nor_restored_nor_tagged(
    place: AwsPlace, asked: list[Any]
) -> None:
    ours = place.store()
    found = ours.write(ring(), ours.read())
    asked.clear()
    theirs = place.store(account=OTHER_ACCOUNT, tag_a="b")
    for call in (lambda: theirs.delete(found), theirs.restore, theirs.settle):
        with pytest.raises(StorePermissionError):
            call()
    assert {name for name, _ in asked} == {"DescribeSecret"}


# Settling


def test_settling_changes_the_key_and_the_tags_and_then_nothing(place: AwsPlace, asked: list[Any]) -> None:
    ours = place.store(tag_team="pay", tag_gone="soon")
    ours.write(ring(), ours.read())
    place.client.tag_resource(SecretId=place.secret, Tags=[{"Key": "cost", "Value": "theirs"}])
    changed = place.store(tag_team="billing", tag_new="yes", kms_key_id="alias/flows")
    changed.read()
    changed.settle()
    assert tags(place) == {
        "team": "billing",
        "new": "yes",
        "cost": "theirs",
        RECORD: tags(place)[RECORD],
        **MARKERS,
    }
    assert place.client.describe_secret(SecretId=place.secret)["KmsKeyId"] == "alias/flows"
    asked.clear()
    changed.settle()
    place.store(tag_team="billing", tag_new="yes", kms_key_id="alias/flows").settle()
    assert [name for name, _ in asked] == ["DescribeSecret", "DescribeSecret"]
    assert place.store().read().ring == ring()


def test_the_last_tag_takes_its_record_along_and_leaves_those_of_others(place: AwsPlace) -> None:
    ours = place.store(tag_team="pay")
    ours.write(ring(), ours.read())
    place.client.tag_resource(SecretId=place.secret, Tags=[{"Key": "cost", "Value": "theirs"}])
    place.store().settle()
    assert tags(place) == {"cost": "theirs", **MARKERS}


def test_as_many_tags_as_aws_takes_are_known_again(place: AwsPlace) -> None:
    many = {f"tag_{'k' * 120}{index}": "v" for index in range(47)}
    ours = place.store(**many)
    ours.write(ring(), ours.read())
    assert len(tags(place)) == 50
    assert len(tags(place)[RECORD]) <= 256
    place.store().settle()
    assert tags(place) == MARKERS


def test_the_marks_follow_a_renamed_stack(place: AwsPlace) -> None:
    ours = place.store()
    first = ours.write(ring(), ours.read())
    ours.write(ring(revision=2, managed_by="org/flows/renamed"), first)
    ours.settle()
    assert tags(place)["whatsapp-flow-keys:managed-by"] == "org/flows/renamed"


def test_the_marks_are_put_back_by_somebody_who_only_read(place: AwsPlace) -> None:
    ours = place.store()
    ours.write(ring(), ours.read())
    place.client.untag_resource(SecretId=place.secret, TagKeys=list(MARKERS))
    anew = place.store()
    anew.read()
    anew.settle()
    assert tags(place) == MARKERS


def test_a_mark_is_no_longer_than_a_tag_may_be(place: AwsPlace) -> None:
    ours = place.store()
    ours.write(ring(managed_by=f"org/{'p' * 200}/{'s' * 100}"), ours.read())
    assert len(tags(place)["whatsapp-flow-keys:managed-by"]) == 256


def test_a_secret_that_existed_gets_the_marks_and_the_tags_of_its_new_owner(place: AwsPlace) -> None:
    place.make_empty()
    ours = place.store(tag_team="pay")
    ours.write(ring(), ours.read())
    ours.settle()
    assert tags(place) == {"team": "pay", RECORD: tags(place)[RECORD], **MARKERS}


@pytest.mark.parametrize(
    ("wanted", "there", "changes"),
    [
        ("alias/flows", f"arn:aws:kms:{REGION}:{ACCOUNT}:alias/flows", False),
        ("1234abcd", f"arn:aws:kms:{REGION}:{ACCOUNT}:key/1234abcd", False),
        (f"arn:aws:kms:{REGION}:{ACCOUNT}:key/1234abcd", "1234abcd", False),
        (f"arn:aws:kms:{REGION}:{OTHER_ACCOUNT}:alias/flows", f"arn:aws:kms:{REGION}:{ACCOUNT}:alias/flows", True),
        ("alias/other", "alias/flows", True),
        ("alias/flows", "", True),
        ("", "alias/flows", False),
    ],
)
def test_the_key_is_changed_only_where_it_is_another(
    place: AwsPlace, asked: list[Any], wanted: str, there: str, changes: bool
) -> None:
    given: Any = {"KmsKeyId": there} if there else {}
    place.client.create_secret(Name=place.secret, SecretString="{}", **given)
    place.store(**({"kms_key_id": wanted} if wanted else {})).settle()
    assert ("UpdateSecret" in [name for name, _ in asked]) == changes


def test_settling_nothing_or_what_is_deleted_changes_nothing(place: AwsPlace, asked: list[Any]) -> None:
    place.store(tag_team="pay").settle()
    place.make_empty()
    place.client.delete_secret(SecretId=place.secret)
    place.store(tag_team="pay").settle()
    assert {name for name, _ in asked} == {"DescribeSecret"}


# What is not a ring


def test_bytes_are_no_ring(place: AwsPlace) -> None:
    place.client.create_secret(Name=place.secret, SecretBinary=b"hunter2")
    with pytest.raises(ForeignDocumentError, match=f"^{place.url}: holds 7 bytes as SecretBinary") as caught:
        place.store().read()
    assert "hunter2" not in str(caught.value)


def test_another_tools_text_is_neither_quoted_nor_written_over(place: AwsPlace) -> None:
    ours = place.store()
    nothing = ours.read()
    place.put("hunter2")
    with pytest.raises(ForeignDocumentError) as caught:
        place.store().read()
    assert "hunter2" not in str(caught.value)
    with pytest.raises(StoreConflictError):
        ours.write(ring(), nothing)
    assert place.content() == "hunter2"


def test_a_blank_text_is_no_document_yet_and_written_over_by_its_version(place: AwsPlace) -> None:
    place.put(" \n")
    ours = place.store()
    found = ours.read()
    assert (found.ring, found.version) == (None, place.current())
    ours.write(ring(), found)
    assert place.store().read().ring == ring()


def test_a_ring_that_is_too_large_is_refused_before_any_call(place: AwsPlace, asked: list[Any]) -> None:
    many = KeyRing(NUMBER, STACK, "key-1", 1, ring().keys * 40)
    with pytest.raises(RingTooLargeError, match=f"^{place.url}: .* takes 65536"):
        place.store().write(many, Versioned(None, ""))
    assert asked == []


# Refusals and failures


def call(ours: AwsSecretsManagerStore, action: str) -> None:
    if action == "get_secret_value":
        ours.read()
    elif action == "describe_secret":
        ours.delete(Versioned(ring(), OLD))
    else:
        ours.write(ring(), Versioned(None, "" if action == "create_secret" else OLD))


ACTIONS = {
    "get_secret_value": "secretsmanager:GetSecretValue",
    "describe_secret": "secretsmanager:DescribeSecret",
    "create_secret": "secretsmanager:CreateSecret",
    "put_secret_value": "secretsmanager:PutSecretValue",
}


@pytest.mark.parametrize("action", ACTIONS)
def test_a_missing_permission_is_named(stub: Stubber, place: AwsPlace, action: str) -> None:
    """Stub: moto checks no policy."""
    stub.add_client_error(action, "AccessDeniedException", "User: arn:aws:iam::1:user/a is not authorized")
    with pytest.raises(StorePermissionError) as caught:
        call(place.store(), action)
    assert str(caught.value).startswith(f"{place.url}: these credentials may not do {ACTIONS[action]}; allow it")
    assert "arn:aws:iam::1:user/a" in str(caught.value)


def test_a_stranger_may_not_read_over_real_http(place: AwsPlace) -> None:
    with pytest.raises(StorePermissionError, match="may not do secretsmanager:GetSecretValue"):
        place.forbidden().read()


@pytest.mark.parametrize(
    ("code", "message"),
    [
        ("AccessDeniedException", "Access to KMS is not allowed"),
        ("AccessDeniedException", "User: a is not authorized to perform: kms:Decrypt on this resource"),
        ("DecryptionFailure", "can't decrypt"),
    ],
)
def test_a_key_that_may_not_be_used_is_named_with_what_to_allow(
    stub: Stubber, place: AwsPlace, code: str, message: str
) -> None:
    """Stub: moto encrypts nothing."""
    stub.add_client_error("get_secret_value", code, message)
    with pytest.raises(StorePermissionError, match=f"^{place.url}: the secret's KMS key .* kms:Decrypt"):
        place.store().read()


@pytest.mark.parametrize(
    ("code", "kind", "said"),
    [
        ("ExpiredTokenException", StorePermissionError, "have expired .*log in again"),
        ("UnrecognizedClientException", StorePermissionError, "doesn't accept these credentials .*AWS_PROFILE"),
        ("InvalidSignatureException", StorePermissionError, "doesn't accept these credentials"),
        ("ThrottlingException", StoreUnavailableError, "is busy .*run again later"),
        ("InternalServiceError", StoreUnavailableError, "has a fault"),
        ("LimitExceededException", StoreUnavailableError, "a quota .*versions of this secret"),
        ("ValidationException", StoreUnavailableError, "calls a parameter of .* wrong .*check the name"),
        ("EncryptionFailure", StorePermissionError, "kms:GenerateDataKey"),
        ("NobodyKnowsThis", StoreUnavailableError, r"isn't known here \(NobodyKnowsThis\)"),
    ],
)
def test_what_aws_says_becomes_a_sentence_that_quotes_nothing_of_what_was_sent(
    stub: Stubber, place: AwsPlace, code: str, kind: type[StoreError], said: str
) -> None:
    """Stub: AWS quotes a wrong value in some messages, and a signature's error quotes the request."""
    stub.add_client_error("put_secret_value", code, f"Value {KEYS[0].to_pem()} is wrong")
    with pytest.raises(kind, match=f"^{place.url}: .*{said}") as caught:
        place.store().write(ring(), Versioned(None, OLD))
    assert type(caught.value) is kind
    assert "PRIVATE KEY" not in str(caught.value)
    assert caught.value.__cause__ is None
    assert caught.value.__suppress_context__


def test_without_credentials_the_error_says_what_to_set(place: AwsPlace, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("AWS_ACCESS_KEY_ID")
    monkeypatch.delenv("AWS_SECRET_ACCESS_KEY")
    with pytest.raises(StorePermissionError, match=f"^{place.url}: there are no usable AWS credentials .*AWS_PROFILE"):
        place.store().read()


def test_a_profile_that_is_missing_is_said(place: AwsPlace, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("AWS_PROFILE", "no-such-profile")
    with pytest.raises(StorePermissionError, match=r"\(ProfileNotFound\); set AWS_PROFILE"):
        place.store().read()


def test_an_endpoint_that_is_no_url_is_said(place: AwsPlace, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("AWS_ENDPOINT_URL", "not a url")
    with pytest.raises(StoreUnavailableError, match=f"^{place.url}: AWS can't be reached .*AWS_ENDPOINT_URL"):
        place.store().read()


def test_a_closed_port_is_tried_as_often_as_every_fault_and_then_said(
    place: AwsPlace, closed_port: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("AWS_ENDPOINT_URL", f"http://127.0.0.1:{closed_port}")
    sent: list[str] = []
    with (
        listening("before-send", lambda request, **_: sent.append(request.url)),
        pytest.raises(StoreUnavailableError, match=f"^{place.url}: AWS can't be reached or doesn't answer"),
    ):
        place.store().read()
    assert len(sent) == 3


def test_a_server_that_never_answers_ends_in_an_error_that_names_the_limit(
    place: AwsPlace, silent_port: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("WHATSAPP_STORE_DEADLINE", "0.6")
    monkeypatch.setenv("AWS_ENDPOINT_URL", f"http://127.0.0.1:{silent_port}")
    with pytest.raises(StoreUnavailableError, match=r"ReadTimeoutError .*WHATSAPP_STORE_DEADLINE"):
        place.store().read()


def test_a_no_is_not_asked_for_again(place: AwsPlace) -> None:
    sent: list[str] = []
    place.make_empty()
    with listening("before-send.secrets-manager.GetSecretValue", lambda request, **_: sent.append(request.url)):
        place.store().read()
    assert len(sent) == 1


def test_an_answer_that_is_not_the_services_is_an_error(stub: Stubber, place: AwsPlace) -> None:
    stub.add_response("get_secret_value", {})
    with pytest.raises(StoreUnavailableError, match="what answered secretsmanager:GetSecretValue is not AWS"):
        place.store().read()


def test_a_secret_that_another_service_manages_is_no_deleted_one(stub: Stubber, place: AwsPlace) -> None:
    stub.add_client_error("get_secret_value", "InvalidRequestException", "managed by another service")
    stub.add_response("describe_secret", {"ARN": ARN})
    with pytest.raises(StoreUnavailableError, match="no other service manages it"):
        place.store().read()


def test_a_wrong_deadline_names_its_variable(place: AwsPlace, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("WHATSAPP_STORE_DEADLINE", "soon")
    with pytest.raises(InputError, match=r"^WHATSAPP_STORE_DEADLINE: "):
        place.store().read()


# Clients


def test_one_client_serves_a_region_and_another_environment_gets_another(
    place: AwsPlace, monkeypatch: pytest.MonkeyPatch
) -> None:
    first = shared_client("secretsmanager", REGION, 10)
    assert shared_client("secretsmanager", REGION, 10) is first
    assert shared_client("secretsmanager", "eu-central-1", 10) is not first
    monkeypatch.setenv("AWS_ACCESS_KEY_ID", "AKIAOTHEROTHEROTHERO")
    assert shared_client("secretsmanager", REGION, 10) is not first


def test_a_forked_process_gets_a_client_of_its_own(place: AwsPlace, monkeypatch: pytest.MonkeyPatch) -> None:
    first = shared_client("secretsmanager", REGION, 10)
    monkeypatch.setattr(os, "getpid", lambda: -1)
    assert shared_client("secretsmanager", REGION, 10) is not first


def test_an_existing_secret_is_asked_for_in_the_region_of_its_arn(
    place: AwsPlace, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("AWS_REGION", "us-east-1")
    place.make_empty()
    assert place.existing().read().version == "empty"


def test_no_repr_and_no_error_holds_a_key(place: AwsPlace) -> None:
    ours = place.store()
    first = ours.write(ring(), ours.read())
    shown = [repr(ours), repr(first), repr(vars(ours))]
    place.put("hunter2")
    for attempt in (ours.read, lambda: ours.write(ring(revision=2), first)):
        with pytest.raises(FlowKeysError) as caught:
            attempt()
        shown.append(str(caught.value))
    text = "".join(shown)
    assert "PRIVATE KEY" not in text
    assert "hunter2" not in text
    assert os.environ["AWS_SECRET_ACCESS_KEY"] not in text


def test_no_log_holds_a_key_or_a_token_even_for_debugging(
    place: AwsPlace, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    monkeypatch.setenv("AWS_SESSION_TOKEN", "a-session-token")
    caplog.set_level(logging.DEBUG)
    ours = place.store(account=ACCOUNT)
    first = ours.write(ring(), ours.read())
    ours.write(ring(revision=2), first)
    assert place.store().read().ring == ring(revision=2)
    assert "PRIVATE KEY" not in caplog.text
    assert "a-session-token" not in caplog.text


def test_what_other_parts_of_the_program_log_of_boto3_stays(place: AwsPlace, caplog: pytest.LogCaptureFixture) -> None:
    place.store().read()
    caplog.set_level(logging.DEBUG)
    place.put("another tool's")
    assert "Making request for OperationModel(name=CreateSecret)" in caplog.text


# The page


def policies() -> dict[str, dict[str, Any]]:
    """The policies of the page, by their headings."""
    found = re.findall(r"^### (For the \w+)\n.*?^```json\n(.*?)^```$", PAGE.read_text(), re.MULTILINE | re.DOTALL)
    return {heading: json.loads(text) for heading, text in found}


def actions(policy: dict[str, Any], service: str) -> list[str]:
    return sorted(
        action
        for statement in policy["Statement"]
        for action in statement["Action"]
        if action.startswith(f"{service}:")
    )


def whole_cycle(place: AwsPlace) -> None:
    ours = place.store(tag_a="b")
    first = ours.write(ring(), ours.read())
    ours.write(ring(revision=2), first)
    other = place.store(kms_key_id="alias/other", tag_c="d")
    other.settle()
    delete(other)
    other.read()
    other.restore()


def test_the_policy_for_the_stack_allows_exactly_what_the_store_calls(place: AwsPlace, asked: list[Any]) -> None:
    whole_cycle(place)
    assert actions(policies()["For the stack"], "secretsmanager") == sorted(
        {f"secretsmanager:{name}" for name, _ in asked}
    )


def test_the_policy_for_the_endpoint_allows_exactly_what_a_read_calls(place: AwsPlace, asked: list[Any]) -> None:
    place.store().read()
    assert actions(policies()["For the endpoint"], "secretsmanager") == sorted(
        {f"secretsmanager:{name}" for name, _ in asked}
    )
    assert actions(policies()["For the endpoint"], "kms") == ["kms:Decrypt"]


def test_both_policies_are_limited_to_our_secrets_and_to_a_key_used_through_the_service() -> None:
    assert set(policies()) == {"For the stack", "For the endpoint"}
    for policy in policies().values():
        secrets, key = policy["Statement"]
        assert policy["Version"] == "2012-10-17"
        assert secrets["Resource"] == f"arn:aws:secretsmanager:{REGION}:{ACCOUNT}:secret:whatsapp/flows/*"
        assert key["Resource"].startswith(f"arn:aws:kms:{REGION}:{ACCOUNT}:key/")
        assert key["Condition"]["StringEquals"] == {"kms:ViaService": f"secretsmanager.{REGION}.amazonaws.com"}
        assert secrets["Resource"] in key["Condition"]["StringLike"]["kms:EncryptionContext:SecretARN"]
