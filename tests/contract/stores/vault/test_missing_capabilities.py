"""An error names the capabilities that a token's policies lack on paths of Vault."""

from tests.contract.stores.place import delete
from tests.contract.stores.rings import ring
from tests.contract.stores.vault.refusals import refusal
from tests.contract.stores.vault_place import VaultPlace
from whatsapp_flow_keys.errors import StorePermissionError

READ_ONLY = 'path "secret/data/whatsapp/flows/*" { capabilities = ["read"] }'


def test_a_policy_that_only_lets_the_latest_version_be_deleted_is_named_with_what_it_lacks(
    place: VaultPlace,
) -> None:
    found = place.store().write(ring(), place.store().read())
    rules = 'path "secret/data/whatsapp/flows/*" { capabilities = ["create", "read", "update", "delete"] }'
    store = place.store_as(place.server.token_for(rules))
    text = refusal(StorePermissionError, lambda: store.delete(found), place)
    assert f"it needs update on secret/delete/{place.path}" in text
    assert f"update on secret/delete/{place.path}, and update on secret/undelete/{place.path}" in text
    assert place.store().read() == found


def test_a_policy_that_lets_read_only_is_named_with_the_capability_that_a_write_needs(place: VaultPlace) -> None:
    store = place.store_as(place.server.token_for(READ_ONLY))
    found = store.read()
    text = refusal(StorePermissionError, lambda: store.write(ring(), found), place)
    assert text.startswith(f"{place.url}: the token's policies do not allow it: it needs create and update on ")
    assert f"secret/data/{place.path}. " in text
    assert f"update on secret/undelete/{place.path}" in text
    assert place.content() is None


def test_a_policy_without_undelete_is_named_when_a_document_is_to_be_restored(place: VaultPlace) -> None:
    place.store().write(ring(), place.store().read())
    delete(place.store())
    store = place.store_as(place.server.token_for(READ_ONLY))
    assert f"it needs update on secret/undelete/{place.path}" in refusal(StorePermissionError, store.restore, place)


def test_a_policy_for_another_path_does_not_let_read(place: VaultPlace) -> None:
    text = refusal(StorePermissionError, place.forbidden().read, place)
    assert f"the token's policies do not allow it: it needs read on secret/data/{place.path}" in text
