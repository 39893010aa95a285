"""With the page's policies for Vault everything works that should, and nothing else."""

import pytest

from tests.contract.stores.place import delete
from tests.contract.stores.rings import ring
from tests.contract.stores.vault.refusals import refusal
from tests.contract.stores.vault.secret import versions
from tests.contract.stores.vault_place import VaultPlace, policy
from whatsapp_flow_keys.errors import StorePermissionError

OF_THE_PAGE = "whatsapp/flows/support-line"


def test_with_the_stacks_policy_the_whole_cycle_works(place: VaultPlace) -> None:
    store = place.store_as(place.server.token_for(policy("For the stack", place.path)))
    first = store.write(ring(1), store.read())
    store.write(ring(2), first)
    store.settle()
    delete(store)
    assert store.read().deleted
    store.restore()
    assert store.read().ring == ring(2)


@pytest.mark.parametrize("title", ["For the stack", "For the endpoint"])
@pytest.mark.parametrize(
    "path", ["whatsapp/flows/support-line-2", "whatsapp/flows/support-line/x", "whatsapp/flows/support"]
)
def test_with_the_pages_policies_no_other_path_works(place: VaultPlace, title: str, path: str) -> None:
    place.path = path
    store = place.store_as(place.server.token_for(policy(title, OF_THE_PAGE)))
    for call in (store.read, lambda: store.write(ring(), place.store().read())):
        text = refusal(StorePermissionError, call, place)
        assert f"secret/data/{path}" in text
    assert place.content() is None


def test_with_the_endpoints_policy_only_reading_works(place: VaultPlace) -> None:
    found = place.store().write(ring(), place.store().read())
    endpoint = place.store_as(place.server.token_for(policy("For the endpoint", place.path)))
    assert endpoint.read() == found
    refusal(StorePermissionError, lambda: endpoint.write(ring(2), found), place)
    refusal(StorePermissionError, lambda: endpoint.delete(found), place)
    delete(place.store())
    refusal(StorePermissionError, endpoint.restore, place)
    assert (place.store().read().deleted, versions(place)) == (True, 1)
