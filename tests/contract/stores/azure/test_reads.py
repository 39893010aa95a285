"""What a read of Azure Key Vault asks for, and how long it takes."""

from tests.contract.conftest import TestClock
from tests.contract.stores.azure.rings import AFTER, NAME, fingerprints, keys_of, ring
from tests.servers.key_vault import KeyVault, Request
from tests.servers.key_vault_secrets import Lag
from whatsapp_flow_keys import document
from whatsapp_flow_keys.stores.azure_key_vault.store import AzureKeyVaultStore


def test_what_is_there_and_known_is_read_at_once_and_nobody_asks_for_what_was_deleted(
    vault: KeyVault, store: AzureKeyVaultStore
) -> None:
    written = store.write(ring(), store.read())
    clock = TestClock()
    vault.log.clear()
    assert AzureKeyVaultStore(vault.url(NAME), clock=clock).read() == written
    assert clock.waited == 0
    assert not [request for request in vault.log if "deleted" in request.path]


def test_a_list_that_goes_on_lacking_the_newest_version_is_waited_for_and_then_done_without(
    vault: KeyVault, store: AzureKeyVaultStore
) -> None:
    store.write(ring(), store.read())
    store.write(ring(1, revision=2), store.read())
    vault.secrets.lags = [Lag("list", 10_000)]
    clock = TestClock()
    found = AzureKeyVaultStore(vault.url(NAME), clock=clock).read()
    assert keys_of(found.ring) == fingerprints(0, 1)
    assert clock.waited > 0


def test_a_loose_version_that_went_with_the_secret_meanwhile_is_passed_over(
    vault: KeyVault, store: AzureKeyVaultStore
) -> None:
    first = store.write(ring(), store.read())
    for index in (1, 2):
        vault.put(NAME, document.dump(ring(index)), {AFTER: first.version})
    loose = vault.versions(NAME)[1]["id"].rpartition("/")[2]

    def before(request: Request) -> None:
        if request.path.endswith(loose):
            vault.before = lambda _: None
            vault.delete(NAME)

    vault.before = before
    assert keys_of(store.read().ring) == fingerprints(0, 2)
