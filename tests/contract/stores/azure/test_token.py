"""Where a token and a private key go: to the vault, once it said whose token it wants, and nowhere else."""

import pytest

from tests.contract.stores.azure.rings import (
    HOST,
    NAME,
    other_store,
    ring,
)
from tests.contract.stores.azure_place import Known
from tests.servers.key_vault import KeyVault
from whatsapp_flow_keys.errors import (
    StoreUnavailableError,
)
from whatsapp_flow_keys.stores.azure_key_vault.store import AzureKeyVaultStore


def challenge_is_checked(opened: AzureKeyVaultStore) -> bool:
    client = opened._calls._client()
    policy = client._client._config.authentication_policy
    return bool(policy._verify_challenge_resource)


@pytest.mark.parametrize("host", [HOST, "127.0.0.1.example.com", "localhost.example.com", "10.0.0.1"])
def test_a_vault_that_asks_for_another_domains_token_is_refused(host: str) -> None:
    assert challenge_is_checked(AzureKeyVaultStore(f"azurekeyvault://{host}/a", credential=Known("us")))


@pytest.mark.parametrize("host", ["127.0.0.1:8443", "localhost", "127.9.9.9"])
def test_on_loopback_any_domain_may_ask(host: str) -> None:
    assert not challenge_is_checked(AzureKeyVaultStore(f"azurekeyvault://{host}/a", credential=Known("us")))


def test_a_challenge_of_another_domain_is_a_sentence_and_no_token_is_sent(
    vault: KeyVault, store: AzureKeyVaultStore, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("whatsapp_flow_keys.stores.azure_key_vault.client.is_loopback", lambda host: False)
    with pytest.raises(StoreUnavailableError, match=r"is no Key Vault of this name: .*; none was sent"):
        store.read()
    assert not any(request.identity for request in vault.log)


def test_no_key_leaves_before_the_vault_said_whose_token_it_wants(vault: KeyVault, store: AzureKeyVaultStore) -> None:
    vault.put(NAME, "")
    found = store.read()
    vault.log.clear()
    _forget_the_challenge()
    store.write(ring(1), found)
    assert any(not request.identity for request in vault.log)
    assert all(not request.body for request in vault.log if not request.identity)


def test_the_search_for_a_key_finds_it_where_it_has_to_be(vault: KeyVault, store: AzureKeyVaultStore) -> None:
    store.write(ring(1), store.read())
    assert [request.method for request in vault.log if b"PRIVATE KEY" in request.body and request.identity] == ["PUT"]


def test_a_put_that_is_challenged_again_sends_no_key_along(vault: KeyVault) -> None:
    _forget_the_challenge()
    other_store(vault)._put("a PRIVATE KEY", over=None, after="")
    first, second = vault.log
    assert (first.method, first.identity, first.body) == ("PUT", "", b"")
    assert (second.method, second.identity) == ("PUT", "us")
    assert b"PRIVATE KEY" in second.body


def _forget_the_challenge() -> None:
    from azure.keyvault.secrets._shared import http_challenge_cache

    http_challenge_cache.clear()
