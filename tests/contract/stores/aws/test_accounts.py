"""Credentials of another AWS account than the one that was recorded."""

from typing import Any

import pytest

from tests.contract.stores.aws.answers import listening
from tests.contract.stores.aws.rings import ring
from tests.contract.stores.aws.secret import OLD, OTHER_ACCOUNT
from tests.contract.stores.aws_place import AwsPlace
from tests.servers.secrets_manager import ACCOUNT
from whatsapp_flow_keys.errors import StorePermissionError
from whatsapp_flow_keys.stores.store import Versioned


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
