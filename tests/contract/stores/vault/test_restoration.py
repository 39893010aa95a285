"""Restoring a secret in Vault."""

from tests.contract.stores.place import delete
from tests.contract.stores.rings import ring
from tests.contract.stores.vault.proxy import Between, behind
from tests.contract.stores.vault_place import VaultPlace


def test_a_restored_document_is_the_latest_version_not_an_older_one(place: VaultPlace) -> None:
    store = place.store()
    store.write(ring(2), store.write(ring(1), store.read()))
    delete(store)
    store.restore()
    assert (store.read().ring, store.read().version) == (ring(2), "2")


def test_what_is_not_deleted_is_not_restored(place: VaultPlace, between: Between) -> None:
    written = place.store().write(ring(), place.store().read())
    behind(between, place).restore()
    assert [method for method, _, _ in between.seen] == ["GET"]
    assert place.store().read() == written
