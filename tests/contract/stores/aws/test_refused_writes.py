"""Creations, puts and moves that AWS refuses: a lost race where somebody was faster, else what AWS said.

With stubs where moto differs: its move is not atomic, and its labels may double.
"""

from datetime import UTC, datetime

import pytest
from botocore.stub import ANY, Stubber

from tests.contract.stores.aws.rings import ring
from tests.contract.stores.aws.secret import ARN, CURRENT, OLD, STAGED
from tests.contract.stores.aws_place import AwsPlace
from tests.contract.stores.place import delete
from whatsapp_flow_keys.errors import StoreConflictError, StoreUnavailableError
from whatsapp_flow_keys.stores.store import Versioned


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
    stub.add_response("describe_secret", {"ARN": ARN, "DeletedDate": datetime.now(UTC)})
    with pytest.raises(StoreConflictError):
        place.store().write(ring(), Versioned(None, "" if action == "create_secret" else OLD))


def test_a_document_that_was_deleted_meanwhile_is_a_conflict_and_stays_deleted(place: AwsPlace) -> None:
    ours = place.store()
    first = ours.write(ring(), ours.read())
    delete(place.store())
    with pytest.raises(StoreConflictError):
        ours.write(ring(revision=2), first)
    assert place.store().read().deleted
