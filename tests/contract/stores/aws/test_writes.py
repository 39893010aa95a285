"""Writes to AWS Secrets Manager: staged under a label of our own and then moved, so that one of two writers wins."""

from threading import Barrier, Thread
from typing import Any

import pytest

from tests.contract.stores.aws.rings import NUMBER, STACK, keys, ring
from tests.contract.stores.aws.secret import CURRENT, STAGED
from tests.contract.stores.aws_place import AwsPlace
from whatsapp_flow_keys import document
from whatsapp_flow_keys.errors import RingTooLargeError, StoreConflictError
from whatsapp_flow_keys.ring import KeyRing
from whatsapp_flow_keys.stores.store import Versioned


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
    won = other.write(ring(keys()[1], revision=2), first)
    with pytest.raises(StoreConflictError, match="nothing was overwritten"):
        one.write(ring(keys()[2], revision=2), first)
    assert place.content() == document.dump(ring(keys()[1], revision=2))
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
            outcomes[index] = writer.write(ring(keys()[index], revision=2), first)
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
    other.write(ring(keys()[1]), other.read())
    with pytest.raises(StoreConflictError):
        one.write(ring(keys()[2]), nothing)
    assert place.content() == document.dump(ring(keys()[1]))


def test_of_two_that_fill_an_empty_secret_the_second_loses(place: AwsPlace) -> None:
    place.make_empty()
    one, other = place.store(), place.existing()
    empty = one.read()
    other.write(ring(keys()[1]), other.read())
    with pytest.raises(StoreConflictError):
        one.write(ring(keys()[2]), empty)
    assert place.content() == document.dump(ring(keys()[1]))


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
        SecretId=place.secret, SecretString=document.dump(ring(keys()[1])), VersionStages=[STAGED]
    )
    assert place.store().read() == first
    second = ours.write(ring(keys()[2], revision=2), first)
    assert place.store().read() == second
    assert [version for version, labels in place.labels().items() if STAGED in labels] == [second.version]


def test_a_label_that_another_tool_moved_back_is_what_the_next_write_counts_from(place: AwsPlace) -> None:
    ours = place.store()
    first = ours.write(ring(), ours.read())
    second = ours.write(ring(keys()[1], revision=2), first)
    place.move(second.version, first.version)
    assert place.store().read() == first
    with pytest.raises(StoreConflictError):
        ours.write(ring(keys()[2], revision=3), second)
    third = ours.write(ring(keys()[2], revision=2), first)
    assert place.store().read() == third


def test_a_rotation_functions_label_is_left_alone(place: AwsPlace) -> None:
    ours = place.store()
    first = ours.write(ring(), ours.read())
    pending = place.client.put_secret_value(SecretId=place.secret, SecretString="{}", VersionStages=["AWSPENDING"])
    ours.write(ring(revision=2), first)
    assert "AWSPENDING" in place.labels()[pending["VersionId"]]


def test_a_ring_that_is_too_large_is_refused_before_any_call(place: AwsPlace, asked: list[Any]) -> None:
    many = KeyRing(NUMBER, STACK, "key-1", 1, ring().keys * 40)
    with pytest.raises(RingTooLargeError, match=f"^{place.url}: .* takes 65536"):
        place.store().write(many, Versioned(None, ""))
    assert asked == []
