"""One who writes to Azure Key Vault: what a version bears, and answers that are lost or come late."""

from dataclasses import replace

import pytest

from tests.contract.stores.azure.rings import (
    AFTER,
    NAME,
    fingerprints,
    just_after_the_write,
    keys_of,
    newest_keys,
    other_store,
    ring,
    store_at,
)
from tests.contract.stores.azure_place import signed_in
from tests.servers.key_vault import KeyVault
from whatsapp_flow_keys import document
from whatsapp_flow_keys.errors import (
    RingTooLargeError,
    StoreConflictError,
    StoreUnavailableError,
)
from whatsapp_flow_keys.stores.azure_key_vault.store import AzureKeyVaultStore


def test_a_version_bears_what_it_was_written_over(vault: KeyVault, store: AzureKeyVaultStore) -> None:
    first = store.write(ring(), store.read())
    store.write(ring(1, revision=2), first)
    one, two = vault.versions(NAME)
    assert (one["tags"][AFTER], two["tags"][AFTER]) == ("none", first.version)
    assert one["id"].endswith(first.version)
    assert {each["contentType"] for each in (one, two)} == {"application/json"}


def test_versions_in_many_pages_are_all_seen() -> None:
    with KeyVault(page=2) as vault, signed_in(vault):
        store = store_at(vault)
        last = store.read()
        for revision in range(1, 8):
            last = store.write(ring(revision=revision), last)
        vault.log.clear()
        assert store.read() == last
        assert sum(request.path.endswith("/versions") for request in vault.log) == 4


def test_a_race_that_was_lost_before_the_write_writes_nothing(vault: KeyVault, store: AzureKeyVaultStore) -> None:
    found = store.write(ring(), store.read())
    other = other_store(vault)
    other.write(ring(1, revision=2), other.read())
    with pytest.raises(StoreConflictError, match="nothing was overwritten"):
        store.write(ring(2, revision=2), found)
    assert len(vault.versions(NAME)) == 2


@pytest.mark.parametrize(("bytes_", "fits"), [(25_000, True), (25_001, False)])
def test_a_ring_may_have_25000_bytes_and_no_more(
    vault: KeyVault, store: AzureKeyVaultStore, bytes_: int, fits: bool
) -> None:
    short = replace(ring(1), managed_by="org/flows/")
    long = replace(short, managed_by=short.managed_by + "x" * (bytes_ - len(document.dump(short))))
    assert len(document.dump(long).encode()) == bytes_
    found = store.read()
    if fits:
        assert store.write(long, found) == other_store(vault).read()
    else:
        with pytest.raises(RingTooLargeError, match="the store takes 25000"):
            store.write(long, found)


def test_a_ring_that_is_too_large_is_reported_before_any_call(vault: KeyVault, store: AzureKeyVaultStore) -> None:
    found = store.read()
    vault.log.clear()
    with pytest.raises(RingTooLargeError, match="the store takes 25000"):
        store.write(replace(ring(), keys=ring(1).keys * 10), found)
    assert vault.log == []


def test_a_lost_answer_leaves_a_twin_that_is_no_conflict(vault: KeyVault, store: AzureKeyVaultStore) -> None:
    found = store.write(ring(), store.read())
    vault.fail("PUT", answer_lost=True)
    written = store.write(ring(1, revision=2), found)
    assert len(vault.versions(NAME)) == 3
    assert other_store(vault).read() == written
    store.write(ring(2, revision=3), written)
    assert other_store(vault).read().ring == ring(2, revision=3)


def test_an_error_after_the_effect_leaves_a_twin_that_is_no_conflict(
    vault: KeyVault, store: AzureKeyVaultStore
) -> None:
    found = store.write(ring(), store.read())
    vault.fail("PUT", status=500, after_effect=True)
    written = store.write(ring(1, revision=2), found)
    assert len(vault.versions(NAME)) == 3
    assert other_store(vault).read() == written


def test_an_error_after_the_effect_that_stays_is_reported_and_the_next_run_finds_what_was_written(
    vault: KeyVault, store: AzureKeyVaultStore, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("WHATSAPP_STORE_DEADLINE", "0.3")
    found = store.read()
    vault.fail("PUT", status=500, after_effect=True, times=3)
    with pytest.raises(StoreUnavailableError, match="answered 500"):
        store.write(ring(1), found)
    assert other_store(vault).read().ring == ring(1)


def test_a_write_whose_repetition_is_refused_since_it_is_still_under_way_is_not_repeated_again(
    vault: KeyVault, store: AzureKeyVaultStore
) -> None:
    found = store.write(ring(), store.read())
    vault.fail("PUT", answer_lost=True)
    vault.fail("PUT", status=409, code="Conflict")
    written = store.write(ring(1, revision=2), found)
    assert len(vault.versions(NAME)) == 2
    assert other_store(vault).read() == written


def test_a_write_that_is_throttled_is_made_once_the_vault_says(vault: KeyVault, store: AzureKeyVaultStore) -> None:
    found = store.write(ring(), store.read())
    vault.fail("PUT", status=429, headers={"Retry-After": "0"})
    written = store.write(ring(1, revision=2), found)
    assert len(vault.versions(NAME)) == 2
    assert other_store(vault).read() == written


def test_a_twin_that_arrives_after_all_is_no_conflict(vault: KeyVault, store: AzureKeyVaultStore) -> None:
    found = store.write(ring(), store.read())
    late = document.dump(ring(1, revision=2))
    just_after_the_write(vault, lambda: vault.put(NAME, late, {AFTER: found.version}))
    written = store.write(ring(1, revision=2), found)
    store.write(ring(2, revision=3), written)
    assert other_store(vault).read().ring == ring(2, revision=3)


def test_a_write_that_arrives_long_after_the_next_one_takes_no_key_away(
    vault: KeyVault, store: AzureKeyVaultStore
) -> None:
    first = store.write(ring(), store.read())
    second = store.write(ring(1, revision=2), first)
    store.write(ring(1, 2, revision=3), second)
    vault.put(NAME, document.dump(ring(1, revision=2)), {AFTER: first.version})
    found = other_store(vault).read()
    assert keys_of(found.ring) == fingerprints(0, 1, 2)
    store.write(ring(1, 2, revision=4), found)
    assert newest_keys(vault) == fingerprints(0, 1, 2)


def test_all_answers_lost_is_an_error_and_the_next_run_finds_what_was_written(
    vault: KeyVault, store: AzureKeyVaultStore, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("WHATSAPP_STORE_DEADLINE", "0.3")
    vault.fail("PUT", answer_lost=True, times=3)
    with pytest.raises(StoreUnavailableError, match="run again"):
        store.write(ring(1), store.read())
    assert other_store(vault).read().ring == ring(1)
