"""Other tools, and people with a browser, who write the secret that holds the key ring."""

import pytest

from tests.contract.stores.azure.rings import (
    AFTER,
    NAME,
    fingerprints,
    just_after_the_write,
    just_before_the_write,
    newest_keys,
    other_store,
    ring,
)
from tests.servers.key_vault import KeyVault
from whatsapp_flow_keys import document
from whatsapp_flow_keys.errors import (
    StoreConflictError,
)
from whatsapp_flow_keys.stores.azure_key_vault.store import AzureKeyVaultStore


def test_what_another_tool_wrote_in_between_is_named_and_stays_in_the_history(
    vault: KeyVault, store: AzureKeyVaultStore
) -> None:
    found = store.write(ring(), store.read())
    ids: list[str] = []
    just_before_the_write(vault, lambda: ids.append(vault.put(NAME, "password=hunter2")))
    with pytest.raises(StoreConflictError) as caught:
        store.write(ring(1, revision=2), found)
    assert f"another tool wrote at the same moment; what it wrote is the version {ids[0]}" in str(caught.value)
    assert "hunter2" not in str(caught.value)
    assert other_store(vault).read().ring == ring(1, revision=2)


def test_what_another_tool_wrote_in_between_is_named_though_a_ring_came_in_between_too(
    vault: KeyVault, store: AzureKeyVaultStore
) -> None:
    found = store.write(ring(), store.read())
    ids: list[str] = []

    def write() -> None:
        ids.append(vault.put(NAME, "password=hunter2"))
        vault.put(NAME, document.dump(ring(1, revision=2)), {AFTER: found.version})

    just_before_the_write(vault, write)
    with pytest.raises(StoreConflictError, match="another tool wrote at the same moment") as caught:
        store.write(ring(2, revision=2), found)
    assert ids[0] in str(caught.value)
    assert newest_keys(vault) == fingerprints(0, 1, 2)


def test_what_another_tool_wrote_right_after_us_is_reported_and_not_overwritten(
    vault: KeyVault, store: AzureKeyVaultStore
) -> None:
    found = store.write(ring(), store.read())
    just_after_the_write(vault, lambda: vault.put(NAME, "password=hunter2"))
    with pytest.raises(StoreConflictError, match=r"wrote something else over it") as caught:
        store.write(ring(1, revision=2), found)
    assert "hunter2" not in str(caught.value)
    assert vault.text(NAME) == "password=hunter2"


@pytest.mark.parametrize("over_ours", [True, False])
def test_a_secret_that_somebody_emptied_right_after_us_is_reported_and_not_called_a_join(
    vault: KeyVault, store: AzureKeyVaultStore, over_ours: bool
) -> None:
    found = store.write(ring(), store.read())

    def emptied() -> None:
        ours = vault.versions(NAME)[-1]["id"].rpartition("/")[2]
        vault.put(NAME, " ", {AFTER: ours} if over_ours else None)

    just_after_the_write(vault, emptied)
    with pytest.raises(StoreConflictError, match="wrote something else over it"):
        store.write(ring(1, revision=2), found)
    assert vault.text(NAME) == " "


def test_a_ring_that_a_person_put_back_by_hand_holds_as_it_is(vault: KeyVault, store: AzureKeyVaultStore) -> None:
    store.write(ring(1, revision=5), store.read())
    vault.put(NAME, document.dump(ring(2, revision=3)))
    found = store.read()
    assert found.ring == ring(2, revision=3)
    store.write(ring(2, revision=4), found)
    assert other_store(vault).read().ring == ring(2, revision=4)


def test_a_ring_that_a_person_put_there_while_we_wrote_is_joined(vault: KeyVault, store: AzureKeyVaultStore) -> None:
    found = store.write(ring(), store.read())
    just_before_the_write(vault, lambda: vault.put(NAME, document.dump(ring(2, revision=2))))
    with pytest.raises(StoreConflictError):
        store.write(ring(1, revision=2), found)
    assert newest_keys(vault) == fingerprints(0, 1, 2)
