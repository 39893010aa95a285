"""Deleting a secret in AWS Secrets Manager: what prevents it, what undoes it, and what it says."""

from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from botocore.awsrequest import AWSResponse
from botocore.stub import Stubber

from tests.contract.stores.aws.answers import answered, just_before, lagging, listening, refused
from tests.contract.stores.aws.rings import keys, ring
from tests.contract.stores.aws.secret import ARN, CURRENT, OLD
from tests.contract.stores.aws_place import AwsPlace
from tests.contract.stores.place import delete
from whatsapp_flow_keys.errors import StoreConflictError, StoreUnavailableError
from whatsapp_flow_keys.stores.store import Versioned


def test_what_is_written_between_the_look_and_the_deletion_comes_back_and_is_a_conflict(
    place: AwsPlace, asked: list[Any]
) -> None:
    ours, theirs = place.store(), place.store()
    first = ours.write(ring(), ours.read())
    with (
        just_before("DeleteSecret", lambda: theirs.write(ring(keys()[1], revision=2), first)),
        pytest.raises(StoreConflictError, match="somebody else wrote it meanwhile, so it was not deleted"),
    ):
        ours.delete(first)
    found = place.store().read()
    assert (found.ring, found.deleted) == (ring(keys()[1], revision=2), False)
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
        just_before("DeleteSecret", lambda: theirs.write(ring(keys()[1], revision=2), first)),
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
        just_before("DeleteSecret", lambda: theirs.write(ring(keys()[1], revision=2), first)),
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
        just_before("DeleteSecret", lambda: theirs.write(ring(keys()[1], revision=2), first)),
        listening("before-call.secrets-manager.RestoreSecret", done_already),
        pytest.raises(StoreConflictError),
    ):
        ours.delete(first)
    assert place.store().read().ring == ring(keys()[1], revision=2)


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
    before = datetime.now(UTC)
    said = delete(ours)
    dates = {(moment + timedelta(days=days)).date().isoformat() for moment in (before, datetime.now(UTC))}
    assert said.startswith(f"{place.url}: is scheduled for deletion")
    assert any(f"can be restored until {date}; the next `pulumi up` restores it" in said for date in dates)
    ends = place.client.describe_secret(SecretId=place.secret)["DeletedDate"]
    assert ends.astimezone(UTC).date().isoformat() in dates


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
