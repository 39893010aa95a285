"""The tags on the secret: those of the URL, the store's own, and those that others put there."""

import pytest

from tests.contract.stores.azure.rings import (
    NAME,
    ring,
    store_at,
)
from tests.servers.key_vault import KeyVault
from whatsapp_flow_keys.errors import (
    StoreUnavailableError,
)
from whatsapp_flow_keys.stores.azure_key_vault.store import AzureKeyVaultStore


def tags(vault: KeyVault) -> dict[str, str]:
    """Those of the newest version that aren't the store's own."""
    found: dict[str, str] = vault.versions(NAME)[-1]["tags"]
    return {name: value for name, value in found.items() if not name.startswith("whatsapp-flow-keys-")}


def test_settling_changes_our_tags_and_leaves_those_of_others(vault: KeyVault) -> None:
    first = store_at(vault, **{"tag.team": "payments", "tag.old": "1"})
    written = first.write(ring(), first.read())
    vault.change(NAME, tags=vault.versions(NAME)[-1]["tags"] | {"cost-center": "7"})
    later = store_at(vault, **{"tag.team": "flows", "tag.new": "2"})
    later.settle()
    assert tags(vault) == {"team": "flows", "new": "2", "cost-center": "7"}
    assert later.read() == written


def test_settling_what_is_settled_writes_nothing(vault: KeyVault) -> None:
    store = store_at(vault, **{"tag.team": "payments"})
    store.write(ring(), store.read())
    vault.log.clear()
    store.settle()
    assert [request.method for request in vault.log] == ["GET"]


def test_each_version_bears_the_urls_tags_and_those_of_others(vault: KeyVault) -> None:
    store = store_at(vault, **{"tag.team": "payments"})
    written = store.write(ring(), store.read())
    vault.change(NAME, tags=vault.versions(NAME)[-1]["tags"] | {"cost-center": "7"})
    store_at(vault).write(ring(1, revision=2), written)
    assert tags(vault) == {"cost-center": "7"}


def test_thirteen_long_tags_fit(vault: KeyVault) -> None:
    many = {f"tag.{'k' * 500}{n}": "v" * 256 for n in range(13)}
    store = store_at(vault, **many)
    store.write(ring(), store.read())
    written = vault.versions(NAME)[-1]["tags"]
    assert len(written) == 15
    assert all(len(value) <= 256 for value in written.values())


def test_more_tags_than_the_vault_takes_is_reported_before_the_write(
    vault: KeyVault, store: AzureKeyVaultStore
) -> None:
    vault.put(NAME, "", {f"theirs-{n}": "x" for n in range(14)})
    with pytest.raises(StoreUnavailableError, match="would have 16 tags"):
        store.write(ring(), store.read())
    assert vault.text(NAME) == ""
