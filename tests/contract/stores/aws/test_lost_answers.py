"""Calls of AWS Secrets Manager that were carried out and whose answers were lost."""

import pytest
from botocore.stub import Stubber

from tests.contract.stores.aws.answers import answer_lost
from tests.contract.stores.aws.rings import ring
from tests.contract.stores.aws.secret import ARN, CURRENT, OLD
from tests.contract.stores.aws_place import AwsPlace
from tests.contract.stores.place import delete
from whatsapp_flow_keys.stores.store import Versioned


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
