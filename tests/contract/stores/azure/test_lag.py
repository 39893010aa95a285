"""Answers of Key Vault that are older than a write: the store waits for newer ones, or says that it can't see."""

import pytest

from tests.contract.stores.azure.rings import (
    AFTER,
    NAME,
    at_the_next_look,
    fingerprints,
    just_after_the_write,
    just_before_the_write,
    keys_of,
    newest_keys,
    other_store,
    ring,
)
from tests.servers.key_vault import KeyVault
from tests.servers.key_vault_secrets import Lag
from whatsapp_flow_keys import document
from whatsapp_flow_keys.errors import StoreConflictError, StoreUnavailableError
from whatsapp_flow_keys.stores.azure_key_vault.store import AzureKeyVaultStore

FOR_A_WHILE, FOR_EVER = 3, 10_000


def after_the_write(vault: KeyVault, *lags: Lag) -> None:
    """The answers lag once the next version is there."""
    just_after_the_write(vault, lambda: vault.secrets.lags.extend(lags))


@pytest.mark.parametrize("kind", ["list", "get"])
def test_a_write_waits_until_the_answers_know_it(vault: KeyVault, store: AzureKeyVaultStore, kind: str) -> None:
    found = store.write(ring(), store.read())
    after_the_write(vault, Lag(kind, FOR_A_WHILE))
    written = store.write(ring(1, revision=2), found)
    assert other_store(vault).read() == written


@pytest.mark.parametrize("kind", ["list", "get"])
def test_a_write_that_the_answers_do_not_know_in_time_is_reported_and_found_by_the_next_run(
    vault: KeyVault, store: AzureKeyVaultStore, kind: str
) -> None:
    found = store.write(ring(), store.read())
    after_the_write(vault, Lag(kind, FOR_EVER))
    with pytest.raises(StoreUnavailableError, match=r"version [0-9a-f]{32} was written, but .* can't be seen\. No key"):
        store.write(ring(1, revision=2), found)
    vault.secrets.lags.clear()
    assert other_store(vault).read().ring == ring(1, revision=2)


def test_a_write_over_what_a_person_put_there_waits_until_the_newest_version_is_not_an_older_one(
    vault: KeyVault, store: AzureKeyVaultStore
) -> None:
    for held in (ring(), ring(2)):
        vault.put(NAME, document.dump(held))
    found = store.read()
    after_the_write(vault, Lag("get", FOR_A_WHILE, versions=2))
    written = store.write(ring(1, 2, revision=2), found)
    assert other_store(vault).read() == written


def test_a_first_write_waits_until_the_answers_know_it(vault: KeyVault, store: AzureKeyVaultStore) -> None:
    found = store.read()
    after_the_write(vault, Lag("list", FOR_A_WHILE), Lag("get", FOR_A_WHILE))
    written = store.write(ring(1), found)
    assert other_store(vault).read() == written


@pytest.mark.parametrize("kind", ["list", "get"])
def test_one_who_wrote_in_between_is_joined_although_the_answers_lag(
    vault: KeyVault, store: AzureKeyVaultStore, kind: str
) -> None:
    found = store.write(ring(), store.read())
    other = other_store(vault)
    theirs = other.read()

    def write() -> None:
        other.write(ring(1, revision=2), theirs)
        at_the_next_look(vault, lambda: vault.secrets.lags.append(Lag(kind, FOR_A_WHILE)))

    just_before_the_write(vault, write)
    with pytest.raises(StoreConflictError, match="the keys of both were kept"):
        store.write(ring(2, revision=2), found)
    assert newest_keys(vault) == fingerprints(0, 1, 2)


def test_a_write_over_what_an_old_answer_calls_the_newest_is_joined_and_reported(
    vault: KeyVault, store: AzureKeyVaultStore
) -> None:
    found = store.write(ring(), store.read())
    other = other_store(vault)
    other.write(ring(1, revision=2), other.read())
    vault.secrets.lags = [Lag("list"), Lag("get")]
    with pytest.raises(StoreConflictError, match="the keys of both were kept"):
        store.write(ring(2, revision=2), found)
    assert newest_keys(vault) == fingerprints(0, 1, 2)


@pytest.mark.parametrize("kinds", [["list"], ["get"], ["list", "get"]])
def test_a_join_that_the_answers_do_not_know_yet_is_not_made_again(
    vault: KeyVault, store: AzureKeyVaultStore, kinds: list[str]
) -> None:
    found = store.write(ring(), store.read())
    other = other_store(vault)
    theirs = other.read()

    def write() -> None:
        other.write(ring(1, revision=2), theirs)
        after_the_write(vault, *(Lag(kind, FOR_A_WHILE) for kind in kinds))

    just_before_the_write(vault, write)
    with pytest.raises(StoreConflictError, match="the keys of both were kept"):
        store.write(ring(2, revision=2), found)
    assert len(vault.versions(NAME)) == 4
    assert newest_keys(vault) == fingerprints(0, 1, 2)


def test_a_newest_version_that_is_older_than_the_list_is_asked_for_again(
    vault: KeyVault, store: AzureKeyVaultStore
) -> None:
    written = store.write(ring(1, revision=2), store.write(ring(), store.read()))
    vault.secrets.lags = [Lag("get", FOR_A_WHILE)]
    assert other_store(vault).read() == written


def test_a_newest_version_that_stays_older_than_the_list_is_not_taken_for_the_ring(
    vault: KeyVault, store: AzureKeyVaultStore
) -> None:
    first = store.write(ring(), store.read())
    store.write(ring(1, revision=2), first)
    vault.secrets.lags = [Lag("get", FOR_EVER)]
    with pytest.raises(StoreUnavailableError, match=f"the newest version is {first.version}, and lists one .* are old"):
        other_store(vault).read()


def test_a_reader_whose_list_lags_sees_a_loose_version_a_moment_later(
    vault: KeyVault, store: AzureKeyVaultStore
) -> None:
    first = store.write(ring(), store.read())
    for index in (1, 2):
        vault.put(NAME, document.dump(ring(index)), {AFTER: first.version})
    vault.secrets.lags = [Lag("list", FOR_A_WHILE, versions=2)]
    assert keys_of(other_store(vault).read().ring) == fingerprints(0, 1, 2)


def test_a_reader_whose_list_goes_on_lagging_gets_the_newest_version_and_the_next_write_joins_the_loose_one(
    vault: KeyVault, store: AzureKeyVaultStore
) -> None:
    first = store.write(ring(), store.read())
    for index in (1, 2):
        vault.put(NAME, document.dump(ring(index)), {AFTER: first.version})
    vault.secrets.lags = [Lag("list", FOR_EVER, versions=2)]
    reader = other_store(vault)
    found = reader.read()
    assert keys_of(found.ring) == fingerprints(0, 2)
    vault.secrets.lags.clear()
    with pytest.raises(StoreConflictError, match="the keys of both were kept"):
        reader.write(ring(2, revision=2), found)
    assert newest_keys(vault) == fingerprints(0, 1, 2)
