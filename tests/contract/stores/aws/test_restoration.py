"""Restoring a secret in AWS Secrets Manager: what comes back, and what is not ours to restore."""

from typing import Any

import pytest

from tests.contract.stores.aws.rings import keys, ring
from tests.contract.stores.aws_place import AwsPlace
from tests.contract.stores.place import delete
from whatsapp_flow_keys.errors import ForeignDocumentError, StoreConflictError, StoreUnavailableError
from whatsapp_flow_keys.ring import union
from whatsapp_flow_keys.stores.store import Versioned


def test_a_deleted_ring_is_restored_and_joined(place: AwsPlace) -> None:
    ours = place.store()
    ours.write(ring(keys()[0]), ours.read())
    delete(ours)
    later = place.store()
    found = later.read()
    assert (found.ring, found.deleted) == (None, True)
    later.restore()
    back = later.read()
    assert back.ring is not None
    joined = union([back.ring, ring(keys()[1], revision=2)])
    assert joined is not None
    later.write(joined, back)
    held = place.store().read().ring
    assert held is not None
    assert all(key.fingerprint in held for key in keys()[:2])


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
