"""Answers of AWS Secrets Manager that are older than what was done.

They come from hooks in the client, since moto's reads show every write at once.
"""

from typing import Any

import pytest

from tests.contract.stores.aws.answers import answer_lost, lagging, refused
from tests.contract.stores.aws.rings import keys, ring
from tests.contract.stores.aws.secret import CURRENT, STAGED
from tests.contract.stores.aws_place import AwsPlace
from whatsapp_flow_keys.errors import StoreConflictError, StoreError, StoreUnavailableError


def test_a_read_that_lags_behind_our_write_leads_to_no_write_over_it(place: AwsPlace) -> None:
    ours = place.store()
    first = ours.write(ring(), ours.read())
    before = place.client.get_secret_value(SecretId=place.secret, VersionStage=CURRENT)
    second = ours.write(ring(*keys()[:2], revision=2), first)
    later = place.store()
    with lagging("GetSecretValue", before):
        lagged = later.read()
        with pytest.raises(StoreConflictError):
            later.write(ring(keys()[2], revision=2), lagged)
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
    second = place.store().write(ring(*keys()[:2], revision=2), first)
    with lagging("DescribeSecret", before, times=times), pytest.raises(kind):
        ours.write(ring(keys()[2], revision=2), first)
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
    second = theirs.write(ring(keys()[1], revision=2), first)
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
