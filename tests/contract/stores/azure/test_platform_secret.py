"""A secret of a platform team, given by secret_id=, which is neither made nor deleted nor recovered here."""

import pytest

from tests.contract.stores.azure.rings import (
    AFTER,
    MANAGED_BY,
    NAME,
    ring,
)
from tests.servers.key_vault import KeyVault
from whatsapp_flow_keys.errors import (
    StoreUnavailableError,
)
from whatsapp_flow_keys.stores.azure_key_vault.store import AzureKeyVaultStore


def test_an_existing_blank_secret_is_written_and_stays_the_platform_teams(
    vault: KeyVault, existing: AzureKeyVaultStore
) -> None:
    vault.put(NAME, " \n", {"cost-center": "7"})
    found = existing.read()
    assert (found.ring, bool(found.version)) == (None, True)
    existing.write(ring(), found)
    assert set(vault.versions(NAME)[-1]["tags"]) == {"cost-center", AFTER}
    assert vault.versions(NAME)[-1]["tags"]["cost-center"] == "7"
    assert existing.read().ring == ring()


def test_an_existing_secret_is_never_made(vault: KeyVault, existing: AzureKeyVaultStore) -> None:
    with pytest.raises(StoreUnavailableError, match="the platform team must make it first"):
        existing.write(ring(), existing.read())
    assert vault.versions(NAME) == []


def test_an_existing_secret_is_never_deleted(vault: KeyVault, existing: AzureKeyVaultStore) -> None:
    vault.put(NAME, "")
    found = existing.write(ring(), existing.read())
    vault.log.clear()
    assert "stays with the keys in it" in existing.delete(found)
    assert existing.recoverable
    assert vault.log == []
    assert existing.read().ring == ring()


def test_an_existing_secret_is_never_recovered(vault: KeyVault, existing: AzureKeyVaultStore) -> None:
    vault.put(NAME, "", {MANAGED_BY: "whatsapp-flow-encryption"})
    vault.delete(NAME)
    assert existing.read().deleted
    with pytest.raises(StoreUnavailableError, match="the platform team, whose it is, must recover it"):
        existing.restore()
    assert vault.is_deleted(NAME)


def test_an_existing_secrets_tags_are_not_touched(vault: KeyVault, existing: AzureKeyVaultStore) -> None:
    vault.put(NAME, "", {"cost-center": "7"})
    existing.settle()
    assert vault.log == []
    assert vault.versions(NAME)[-1]["tags"] == {"cost-center": "7"}
