"""The versions of a secret in Vault: what each holds, and which one a write needs."""

import pytest

from tests.contract.stores.place import delete
from tests.contract.stores.rings import ring
from tests.contract.stores.vault.refusals import refusal
from tests.contract.stores.vault_place import VaultPlace
from whatsapp_flow_keys.errors import StoreConflictError


def test_the_versions_are_those_of_the_secret(place: VaultPlace) -> None:
    store = place.store()
    assert store.read().version == "0"
    assert store.write(ring(), store.read()).version == "1"
    assert place.store().read().version == "1"


def test_a_consumer_of_one_field_has_every_key(place: VaultPlace) -> None:
    place.store().write(ring(), place.store().read())
    assert place.kv.read_secret_version(place.path, raise_on_deleted_version=True)["data"]["data"]["private_keys"] == (
        ring().private_keys
    )


def test_a_path_that_has_settings_only_takes_a_first_write(place: VaultPlace) -> None:
    place.kv.update_metadata(place.path, max_versions=3, cas_required=True)
    found = place.store().read()
    assert (found.ring, found.version, found.deleted) == (None, "0", False)
    assert place.store().write(ring(), found).version == "1"


def test_of_two_first_writes_the_second_is_refused(place: VaultPlace) -> None:
    nothing = place.store().read()
    place.store().write(ring(owner="theirs"), nothing)
    text = refusal(StoreConflictError, lambda: place.store().write(ring(owner="ours"), nothing), place)
    assert text == f"{place.url}: somebody else wrote it meanwhile; nothing was overwritten. Run again"
    assert place.store().read().ring == ring(owner="theirs")


def test_a_version_that_is_to_be_deleted_later_is_there_until_then(place: VaultPlace) -> None:
    place.kv.update_metadata(place.path, delete_version_after="1h")
    place.store().write(ring(), place.store().read())
    assert (place.store().read().ring, place.store().read().deleted) == (ring(), False)


@pytest.mark.parametrize("deleted_first", [False, True])
def test_a_destroyed_version_is_no_document_and_is_written_over(place: VaultPlace, deleted_first: bool) -> None:
    store = place.store()
    store.write(ring(), store.read())
    if deleted_first:
        delete(store)
    place.kv.destroy_secret_versions(place.path, [1])
    found = store.read()
    assert (found.ring, found.version, found.deleted) == (None, "1", False)
    store.restore()
    assert store.read() == found
    assert store.write(ring(2), found).version == "2"
