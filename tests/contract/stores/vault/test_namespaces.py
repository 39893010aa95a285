"""Namespaces of Vault: each has secrets of its own, and an error names a missing one."""

import pytest

from tests.contract.stores.rings import ring
from tests.contract.stores.vault.refusals import refusal
from tests.contract.stores.vault_place import VaultPlace, policy
from whatsapp_flow_keys.errors import StorePermissionError, StoreUnavailableError
from whatsapp_flow_keys.stores.urls import is_same_place
from whatsapp_flow_keys.stores.vault.store import VaultStore


def test_two_namespaces_do_not_see_each_other(place: VaultPlace) -> None:
    names = [f"team-{place.path.rpartition('-')[2]}-{letter}" for letter in "ab"]
    for name in names:
        place.server.make_namespace(name)
    one, other = (VaultStore(place.server.url(place.path, namespace=name)) for name in names)
    one.write(ring(), one.read())
    assert (one.read().ring, other.read().ring, place.store().read().ring) == (ring(), None, None)
    assert not is_same_place(one.url, other.url)
    stranger = place.server.token_for(policy("For the stack"), namespace=names[0])
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("VAULT_TOKEN", stranger)
        assert one.read().ring == ring()
        assert f"in the namespace {names[1]}" in refusal(StorePermissionError, other.read, place)


def test_a_namespace_that_an_administrator_locked_is_named(place: VaultPlace) -> None:
    name = f"locked-{place.path.rpartition('-')[2]}"
    place.server.make_namespace(name)
    place.server.client().adapter.post(f"/v1/sys/namespaces/api-lock/lock/{name}", json={})
    store = VaultStore(place.server.url(place.path, namespace=name))
    text = refusal(StoreUnavailableError, store.read, place)
    assert text.endswith(
        "an administrator has locked the namespace; have it unlocked (`bao namespace unlock`), then run again"
    )


def test_a_namespace_that_is_not_there_is_named(place: VaultPlace) -> None:
    store = VaultStore(place.server.url(place.path, namespace="no/such"))
    assert "there is no namespace no/such on the server" in refusal(StoreUnavailableError, store.read, place)
