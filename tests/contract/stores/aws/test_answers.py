"""What a key ring in AWS Secrets Manager makes of refusals, of what is gone or blank, and whom it asks besides.

Against moto where it answers as AWS does; with botocore's stubs where it doesn't.
"""

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from datetime import UTC, datetime
from typing import Any

import pytest
from botocore.stub import Stubber

from tests.contract.stores.aws.answers import just_before, lagging, listening, refused
from tests.contract.stores.aws.secret import ARN, CURRENT, OLD
from tests.contract.stores.aws_place import AwsPlace
from tests.contract.stores.rings import ring
from tests.servers.secrets_manager import ACCOUNT
from whatsapp_flow_keys.clock import SystemClock
from whatsapp_flow_keys.errors import ForeignDocumentError, StoreConflictError, StoreUnavailableError
from whatsapp_flow_keys.stores.aws_secrets_manager.store import AwsSecretsManagerStore
from whatsapp_flow_keys.stores.store import Versioned

THERE = {"ARN": ARN, "VersionIdsToStages": {OLD: [CURRENT]}}
OURS = [{"Key": "whatsapp-flow-keys:managed-by", "Value": "org/flows/prod"}]


@contextmanager
def callers_asked_for() -> Iterator[list[str]]:
    """The calls of STS, which says whose the credentials are."""
    calls: list[str] = []
    with listening("before-call.sts", lambda model, **_: calls.append(model.name), service="sts"):
        yield calls


def said(call: Callable[[], object]) -> str:
    """The sentence of an error that is no lost race."""
    with pytest.raises(StoreUnavailableError) as caught:
        call()
    assert not isinstance(caught.value, StoreConflictError)
    return str(caught.value)


# Whose a secret is


def test_a_secret_by_its_name_is_ours_and_one_by_its_arn_is_its_teams(place: AwsPlace) -> None:
    place.make_empty()
    assert (place.store().is_ours, place.existing().is_ours) == (True, False)


def test_nobody_asks_whose_the_credentials_are_while_no_account_is_recorded(place: AwsPlace) -> None:
    ours = place.store()
    with callers_asked_for() as calls:
        ours.write(ring(), ours.read())
    assert calls == []


def test_nobody_asks_whose_the_credentials_are_for_an_arn_which_names_the_account(place: AwsPlace) -> None:
    with callers_asked_for() as calls:
        assert AwsSecretsManagerStore.from_url(f"awssecretsmanager://{ARN}", "store").read() == Versioned(None, "")
    assert calls == []


def test_nobody_asks_whose_the_credentials_are_before_a_write_over_what_was_read(place: AwsPlace) -> None:
    """The read's answer named the account."""
    ours = place.store()
    first = ours.write(ring(1), ours.read())
    again = place.store(account=ACCOUNT)
    assert again.read() == first
    with callers_asked_for() as calls:
        again.write(ring(2), first)
    assert calls == []


# Answers that come late


def test_a_store_that_was_opened_by_its_url_waits_for_a_value_by_the_systems_clock(
    place: AwsPlace, monkeypatch: pytest.MonkeyPatch
) -> None:
    written = place.store().write(ring(), place.store().read())
    waited: list[float] = []
    monkeypatch.setattr(SystemClock, "sleep", lambda _clock, seconds: waited.append(seconds))
    with lagging("GetSecretValue", refused("ResourceNotFoundException"), times=1):
        assert AwsSecretsManagerStore.from_url(place.url, "store").read() == written
    assert waited == [0.25]


def test_a_value_is_looked_for_once_more_after_the_last_pause(place: AwsPlace) -> None:
    written = place.store().write(ring(), place.store().read())
    with lagging("GetSecretValue", refused("ResourceNotFoundException"), times=5):
        assert place.store().read() == written
    assert place.clock.waited == 7.75


def test_a_restored_secret_that_does_not_show_at_all_yet_is_waited_for(stub: Stubber, place: AwsPlace) -> None:
    stub.add_response("describe_secret", {"ARN": ARN, "DeletedDate": datetime.now(UTC), "Tags": OURS})
    stub.add_response("restore_secret", {"ARN": ARN})
    stub.add_client_error("describe_secret", "ResourceNotFoundException")
    stub.add_response("describe_secret", THERE)
    place.store().restore()
    assert place.clock.waited == 0.25


# The place


def test_a_blank_text_is_no_documents_place(place: AwsPlace) -> None:
    place.put(" \n")
    assert place.store().read().place == ""


def test_a_deleted_secret_that_never_had_a_value_is_no_documents_place(place: AwsPlace) -> None:
    place.make_empty()
    place.client.delete_secret(SecretId=place.secret)
    assert place.store().read() == Versioned(None, "deleted", deleted=True)


# Creation and writes


def test_a_secret_is_made_with_the_accounts_own_key_where_no_other_is_wanted(place: AwsPlace) -> None:
    made: list[dict[str, Any]] = []
    ours = place.store()
    with listening("before-parameter-build.secrets-manager.CreateSecret", lambda params, **_: made.append(params)):
        ours.write(ring(), ours.read())
    assert ["KmsKeyId" in parameters for parameters in made] == [False]


def test_a_creation_that_aws_refuses_where_nothing_is_says_what_aws_said(stub: Stubber, place: AwsPlace) -> None:
    stub.add_client_error("create_secret", "InvalidParameterException")
    stub.add_client_error("describe_secret", "ResourceNotFoundException")
    assert "CreateSecret (InvalidParameterException)" in said(lambda: place.store().write(ring(), Versioned(None, "")))


def test_a_put_that_aws_refuses_where_a_secret_is_says_what_aws_said(stub: Stubber, place: AwsPlace) -> None:
    stub.add_client_error("put_secret_value", "InvalidParameterException")
    stub.add_response("describe_secret", THERE)
    assert "PutSecretValue (InvalidParameterException)" in said(
        lambda: place.store().write(ring(), Versioned(None, OLD))
    )


def test_a_secret_that_goes_for_good_before_the_move_is_a_lost_race(place: AwsPlace) -> None:
    ours = place.store()
    first = ours.write(ring(1), ours.read())
    with just_before("UpdateSecretVersionStage", place.destroy), pytest.raises(StoreConflictError):
        ours.write(ring(2), first)
    assert place.store().read() == Versioned(None, "")


def test_a_secret_that_is_deleted_before_the_move_is_a_lost_race_for_which_nobody_waits(place: AwsPlace) -> None:
    ours = place.store()
    first = ours.write(ring(1), ours.read())
    with (
        just_before("UpdateSecretVersionStage", lambda: place.client.delete_secret(SecretId=place.secret)),
        pytest.raises(StoreConflictError),
    ):
        ours.write(ring(2), first)
    assert place.clock.waited == 0
    assert place.store().read().deleted


# Deletion and restoration


def test_a_deletion_where_nothing_was_read_of_what_somebody_wrote_since_is_a_conflict(place: AwsPlace) -> None:
    nothing = place.store().read()
    written = place.store().write(ring(), nothing)
    with pytest.raises(StoreConflictError):
        place.store().delete(nothing)
    assert place.store().read() == written


def test_a_deletion_of_what_somebody_replaced_by_an_empty_secret_is_a_conflict(place: AwsPlace) -> None:
    written = place.store().write(ring(), place.store().read())
    place.destroy()
    place.make_empty()
    with pytest.raises(StoreConflictError):
        place.store().delete(written)
    assert place.store().read() == Versioned(None, "empty")


def test_a_deletion_after_which_nothing_is_there_has_nothing_to_say(stub: Stubber, place: AwsPlace) -> None:
    """As where somebody else deletes it for good at the same moment."""
    stub.add_response("describe_secret", THERE)
    stub.add_response("delete_secret", {"ARN": ARN, "DeletionDate": datetime.now(UTC)})
    stub.add_client_error("describe_secret", "ResourceNotFoundException")
    assert place.store().delete(Versioned(ring(), OLD)) == ""
    assert place.clock.waited == 0


def test_a_look_that_aws_refuses_is_not_taken_for_nothing_there(stub: Stubber, place: AwsPlace) -> None:
    stub.add_client_error("describe_secret", "InvalidParameterException")
    assert "DescribeSecret (InvalidParameterException)" in said(lambda: place.store().delete(Versioned(ring(), OLD)))


def test_a_deleted_secret_with_the_tags_of_others_alone_is_not_restored(place: AwsPlace) -> None:
    place.client.create_secret(Name=place.secret, SecretString="{}", Tags=[{"Key": "team", "Value": "pay"}])
    place.client.delete_secret(SecretId=place.secret)
    with pytest.raises(ForeignDocumentError, match="it was not restored"):
        place.store().restore()
    assert place.store().read().deleted
