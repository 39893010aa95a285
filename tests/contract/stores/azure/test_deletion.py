"""Deleting a key ring in Azure Key Vault, and recovering it, which both take the service a while."""

from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from functools import partial

import pytest

from tests.contract.stores.azure.direct import directly
from tests.contract.stores.azure.rings import (
    AFTER,
    NAME,
    every_key,
    fingerprints,
    just_after_the_write,
    just_before_the_write,
    newest_keys,
    other_store,
    ring,
    store_at,
)
from tests.contract.stores.azure.turns import IN_TURN, EveryOrder, Turns
from tests.contract.stores.azure_place import signed_in
from tests.contract.stores.place import delete
from tests.servers.key_vault import KeyVault, Request
from tests.servers.key_vault_secrets import Refused
from whatsapp_flow_keys import document
from whatsapp_flow_keys.errors import (
    ForeignDocumentError,
    StoreConflictError,
    StoreUnavailableError,
)
from whatsapp_flow_keys.stores.azure_key_vault.store import AzureKeyVaultStore
from whatsapp_flow_keys.stores.store import Versioned


def test_a_deletion_says_until_when_it_can_be_undone(store: AzureKeyVaultStore) -> None:
    store.write(ring(), store.read())
    before = datetime.now(UTC)
    said = delete(store)
    dates = {(moment + timedelta(days=90)).date().isoformat() for moment in (before, datetime.now(UTC))}
    assert any(f"can be recovered until {date} " in said for date in dates)
    assert said.endswith("; the next `pulumi up` recovers it")


def test_a_deleted_ring_is_recovered_with_its_versions(vault: KeyVault, store: AzureKeyVaultStore) -> None:
    written = store.write(ring(1, revision=2), store.write(ring(), store.read()))
    versions = vault.versions(NAME)
    delete(store)
    assert store.read().deleted
    store.restore()
    assert other_store(vault).read() == written
    assert vault.versions(NAME) == versions
    assert len(versions) == 2


def test_a_deleted_secret_of_another_tool_is_not_recovered(vault: KeyVault, store: AzureKeyVaultStore) -> None:
    vault.put(NAME, "password=hunter2")
    vault.delete(NAME)
    assert store.read().deleted
    with pytest.raises(ForeignDocumentError, match="a deleted secret of another tool has this name") as caught:
        store.restore()
    assert "hunter2" not in str(caught.value)
    assert vault.is_deleted(NAME)


def test_restoring_what_is_not_deleted_does_nothing(vault: KeyVault, store: AzureKeyVaultStore) -> None:
    written = store.write(ring(), store.read())
    vault.log.clear()
    store.restore()
    assert {request.method for request in vault.log} == {"GET"}
    assert other_store(vault).read() == written


def test_a_secret_that_was_deleted_in_the_middle_of_a_write_is_a_conflict(
    vault: KeyVault, store: AzureKeyVaultStore
) -> None:
    found = store.write(ring(), store.read())
    just_before_the_write(vault, lambda: vault.delete(NAME))
    with pytest.raises(StoreConflictError, match="was deleted and its name is held back; nothing was written"):
        store.write(ring(1, revision=2), found)
    assert vault.is_deleted(NAME)


def test_a_secret_that_was_deleted_right_after_a_write_is_a_conflict(
    vault: KeyVault, store: AzureKeyVaultStore
) -> None:
    found = store.write(ring(), store.read())
    just_after_the_write(vault, lambda: vault.delete(NAME))
    with pytest.raises(
        StoreConflictError, match=r"deleted the key ring, .* version [0-9a-f]{32}, which is in the"
    ) as caught:
        store.write(ring(1, revision=2), found)
    store.restore()
    assert other_store(vault).read().ring == ring(1, revision=2)
    assert other_store(vault).read().version in str(caught.value)


def test_somebody_who_may_not_look_at_deleted_secrets_finds_nothing(vault: KeyVault, store: AzureKeyVaultStore) -> None:
    store.write(ring(), store.read())
    delete(store)

    def before(request: Request) -> None:
        if request.path.startswith("/deletedsecrets"):
            raise Refused(403, "Forbidden", "ForbiddenByRbac")

    vault.before = before
    found = store.read()
    assert (found.version, found.deleted) == ("", False)
    with pytest.raises(StoreConflictError, match=r"needs the permissions `get` and `recover`"):
        store.write(ring(), found)


def test_a_vault_without_soft_deletion_says_that_nothing_can_be_undone() -> None:
    with KeyVault(soft_delete=False) as vault, signed_in(vault):
        store = store_at(vault)
        assert store.recoverable
        store.write(ring(), store.read())
        assert not store.recoverable
        assert delete(store) == ""
        assert vault.text(NAME) is None


def test_a_vault_that_does_not_say_whether_it_keeps_what_is_deleted_is_not_counted_on(
    vault: KeyVault, store: AzureKeyVaultStore
) -> None:
    store.write(ring(), store.read())
    for version in vault.secrets.held(NAME):
        del version["attributes"]["recoveryLevel"]
    assert not store.recoverable


def test_a_deletion_for_good_whose_answer_is_lost_is_one() -> None:
    with KeyVault(soft_delete=False) as vault, signed_in(vault):
        store = store_at(vault)
        found = store.write(ring(), store.read())
        vault.fail("DELETE", answer_lost=True)
        assert store.delete(found) == ""
        assert vault.text(NAME) is None


def test_a_deletion_of_which_nothing_can_be_seen_is_undone_and_says_what_may_have_been(
    vault: KeyVault, store: AzureKeyVaultStore
) -> None:
    found = store.write(ring(), store.read())

    def unseen(request: Request) -> None:
        if request.method == "GET" and request.path.startswith("/deletedsecrets"):
            raise Refused(403, "Forbidden", "ForbiddenByRbac")

    vault.before = unseen
    vault.fail("DELETE", answer_lost=True)
    with pytest.raises(StoreConflictError, match="somebody else may have written it just before it was deleted"):
        store.delete(found)
    vault.before = lambda _: None
    assert store.read() == found


# It takes a while


def test_a_deletion_is_waited_for(vault: KeyVault, store: AzureKeyVaultStore) -> None:
    store.write(ring(), store.read())
    vault.secrets.slowly = 7
    delete(store)
    vault.secrets.slowly = 0
    assert vault.answered(Request("GET", f"/deletedsecrets/{NAME}", "us", b""), {"api-version": ["x"]})


def test_a_deletion_that_takes_longer_than_the_deadline_says_that_it_is_not_through(
    vault: KeyVault, store: AzureKeyVaultStore
) -> None:
    store.write(ring(), store.read())
    vault.secrets.slowly = 10_000
    assert delete(store).endswith("recovers it, once the vault has finished deleting it, which takes it a while")


@pytest.mark.parametrize("is_overwritten", [False, True])
def test_a_deletion_that_can_not_be_watched_is_compared_all_the_same(
    vault: KeyVault, store: AzureKeyVaultStore, is_overwritten: bool
) -> None:
    found = store.write(ring(), store.read())

    def before(request: Request) -> None:
        if request.method == "DELETE" and is_overwritten:
            vault.put(NAME, document.dump(ring(1)), {AFTER: found.version})
        if request.path.startswith("/deletedsecrets"):
            raise Refused(400, "BadParameter")

    vault.before = before
    if is_overwritten:
        with pytest.raises(StoreConflictError, match="could not be recovered at once"):
            store.delete(found)
    else:
        assert store.delete(found).endswith("once the vault has finished deleting it, which takes it a while")


def test_a_deletion_that_only_others_may_watch_is_through_when_they_may_not_look(
    vault: KeyVault, store: AzureKeyVaultStore
) -> None:
    found = store.write(ring(), store.read())

    def before(request: Request) -> None:
        if request.path.startswith("/deletedsecrets"):
            raise Refused(403, "Forbidden", "ForbiddenByRbac")

    vault.before = before
    assert store.delete(found).endswith("; the next `pulumi up` recovers it")


def test_a_recovery_is_waited_for(vault: KeyVault, store: AzureKeyVaultStore) -> None:
    written = store.write(ring(1), store.read())
    delete(store)
    vault.secrets.slowly = 7
    store.restore()
    assert vault.answered(Request("GET", f"/secrets/{NAME}", "us", b""), {"api-version": ["x"]})
    assert other_store(vault).read() == written


@pytest.mark.parametrize("slowly", [0, 7])
def test_a_recovery_whose_first_answer_is_an_error_after_the_effect_is_one(
    vault: KeyVault, store: AzureKeyVaultStore, slowly: int
) -> None:
    written = store.write(ring(1), store.read())
    delete(store)
    vault.secrets.slowly = slowly
    vault.fail("POST", status=503, after_effect=True)
    store.restore()
    assert other_store(vault).read() == written


def test_a_recovery_that_takes_longer_than_the_deadline_is_reported(vault: KeyVault, store: AzureKeyVaultStore) -> None:
    store.write(ring(), store.read())
    delete(store)
    vault.secrets.slowly = 10_000
    with pytest.raises(StoreUnavailableError, match=r"is still being recovered\. Run again in a minute"):
        store.restore()


def test_a_read_while_a_deletion_is_under_way_finds_the_deleted_ring(
    vault: KeyVault, store: AzureKeyVaultStore
) -> None:
    store.write(ring(), store.read())
    vault.secrets.slowly = 7
    vault.delete(NAME)
    assert store.read().deleted


def test_a_read_while_a_recovery_is_under_way_finds_the_ring(vault: KeyVault, store: AzureKeyVaultStore) -> None:
    written = store.write(ring(1), store.read())
    vault.delete(NAME)
    vault.secrets.slowly = 7
    vault.answered(Request("POST", f"/deletedsecrets/{NAME}/recover", "us", b""), {"api-version": ["x"]})
    assert store.read() == written


def test_where_a_deletion_takes_too_long_to_be_seen_the_write_is_refused_and_the_ring_stays(
    vault: KeyVault, store: AzureKeyVaultStore
) -> None:
    written = store.write(ring(1), store.read())
    vault.secrets.slowly = 40
    vault.delete(NAME)
    found = store.read()
    assert (found.ring, found.version, found.deleted) == (None, "", False)
    with pytest.raises(StoreUnavailableError, match=r"is still being deleted.*Run again in a minute; `pulumi up` then"):
        store.write(ring(2), found)
    vault.secrets.slowly = 0
    assert [store.read().deleted for _ in range(9)][-1]
    store.restore()
    assert other_store(vault).read() == written


def test_a_write_that_is_refused_for_a_moment_after_a_recovery_is_made_again(
    vault: KeyVault, store: AzureKeyVaultStore
) -> None:
    store.write(ring(), store.read())
    delete(store)
    store.restore()
    found = store.read()
    vault.fail("PUT", status=409, code="Conflict", inner="ObjectIsBeingRecovered", times=4)
    written = store.write(ring(1, revision=2), found)
    assert other_store(vault).read() == written


def test_a_secret_whose_recovery_does_not_end_says_to_wait(vault: KeyVault, store: AzureKeyVaultStore) -> None:
    vault.fail("PUT", status=409, code="Conflict", inner="ObjectIsBeingRecovered", times=100)
    with pytest.raises(StoreUnavailableError, match=r"is still being recovered\. Run again in a minute"):
        store.write(ring(), store.read())
    assert vault.versions(NAME) == []


def test_a_secret_that_is_being_deleted_is_not_written_again_and_again(
    vault: KeyVault, store: AzureKeyVaultStore
) -> None:
    found = store.read()
    vault.log.clear()
    vault.fail("PUT", status=409, code="Conflict", inner="ObjectIsBeingDeleted", times=100)
    with pytest.raises(StoreUnavailableError, match="is still being deleted"):
        store.write(ring(), found)
    assert [request.method for request in vault.log].count("PUT") == 1


# Somebody writes meanwhile


def test_what_somebody_wrote_since_it_was_read_is_not_deleted(vault: KeyVault, store: AzureKeyVaultStore) -> None:
    found = store.write(ring(), store.read())
    other = other_store(vault)
    written = other.write(ring(1, revision=2), other.read())
    with pytest.raises(StoreConflictError, match="somebody else wrote it meanwhile; nothing was deleted"):
        store.delete(found)
    assert other_store(vault).read() == written
    assert "DELETE" not in {request.method for request in vault.log}


def test_what_somebody_made_since_nothing_was_read_is_not_deleted(vault: KeyVault, store: AzureKeyVaultStore) -> None:
    nothing = store.read()
    other = other_store(vault)
    written = other.write(ring(1), other.read())
    with pytest.raises(StoreConflictError, match="nothing was deleted"):
        store.delete(nothing)
    assert other_store(vault).read() == written


def just_before_the_deletion(vault: KeyVault, call: Callable[[], object]) -> None:
    """``call`` happens once, after the deletion was asked for and before it has an effect."""

    def before(request: Request) -> None:
        if request.method == "DELETE":
            vault.before = lambda _: None
            call()

    vault.before = before


@pytest.mark.parametrize("slowly", [0, 7])
def test_what_somebody_wrote_just_before_the_deletion_is_recovered(
    vault: KeyVault, store: AzureKeyVaultStore, slowly: int
) -> None:
    found = store.write(ring(), store.read())
    other = other_store(vault)
    theirs = other.read()
    written: list[Versioned] = []
    just_before_the_deletion(vault, lambda: written.append(other.write(ring(1, revision=2), theirs)))
    vault.secrets.slowly = slowly
    with pytest.raises(
        StoreConflictError, match=r"wrote version [0-9a-f]{32} just before .* recovered with all its"
    ) as caught:
        store.delete(found)
    assert written[0].version in str(caught.value)
    assert other_store(vault).read() == written[0]


@pytest.mark.parametrize(
    ("fault", "reason"),
    [
        ({"slowly": 10_000}, "the vault has not finished deleting it"),
        ({"forbidden": "recover"}, "lacks the permission `recover`"),
    ],
)
def test_what_somebody_wrote_just_before_the_deletion_and_can_not_be_recovered_at_once_is_reported(
    vault: KeyVault, store: AzureKeyVaultStore, fault: dict[str, object], reason: str
) -> None:
    found = store.write(ring(), store.read())
    other = other_store(vault)
    theirs = other.read()
    just_before_the_deletion(vault, lambda: other.write(ring(1, revision=2), theirs))
    vault.secrets.slowly = 10_000 if "slowly" in fault else 0
    vault.forbidden = {"recover"} if "forbidden" in fault else set()
    with pytest.raises(StoreConflictError, match=f"could not be recovered at once; the next `pulumi up` .*{reason}"):
        store.delete(found)
    assert vault.is_deleted(NAME)


def test_a_deletion_whose_answer_is_lost_knows_what_it_deleted(vault: KeyVault, store: AzureKeyVaultStore) -> None:
    found = store.write(ring(), store.read())
    vault.secrets.slowly = 3
    vault.fail("DELETE", answer_lost=True)
    assert "can be recovered until" in store.delete(found)
    assert vault.is_deleted(NAME)


def test_what_somebody_wrote_just_before_a_deletion_whose_answer_is_lost_is_recovered(
    vault: KeyVault, store: AzureKeyVaultStore
) -> None:
    found = store.write(ring(), store.read())
    other = other_store(vault)
    theirs = other.read()
    just_before_the_deletion(vault, lambda: other.write(ring(1, revision=2), theirs))
    vault.fail("DELETE", answer_lost=True)
    with pytest.raises(StoreConflictError, match="recovered with all its versions"):
        store.delete(found)
    assert newest_keys(vault) == fingerprints(0, 1)


def test_a_deletion_while_somebody_is_writing_is_refused_and_nothing_is_deleted(
    vault: KeyVault, store: AzureKeyVaultStore
) -> None:
    found = store.write(ring(), store.read())
    vault.fail("DELETE", status=409, code="Conflict")
    with pytest.raises(StoreConflictError, match="somebody else is writing this secret at this moment"):
        store.delete(found)
    assert not vault.is_deleted(NAME)


def test_where_there_is_no_soft_delete_what_somebody_wrote_just_before_the_deletion_is_reported_to_be_gone() -> None:
    with KeyVault(soft_delete=False) as vault, signed_in(vault):
        store, other = store_at(vault), other_store(vault)
        found = store.write(ring(), store.read())
        theirs = other.read()
        just_before_the_deletion(vault, lambda: other.write(ring(1, revision=2), theirs))
        with pytest.raises(StoreConflictError, match="it is gone, since this vault has no soft delete"):
            store.delete(found)


def test_in_every_order_of_one_who_writes_and_one_who_deletes_what_was_written_is_not_deleted(
    vault: KeyVault, world: str
) -> None:
    orders, outcomes = EveryOrder(switches=100 if world == IN_TURN else 4), set[tuple[bool, bool]]()
    for order, choose in enumerate(orders.runs()):
        name = f"ring-{order}"
        found = directly(vault, name).write(ring(), directly(vault, name).read())
        writer, deleter = directly(vault, name, "us-1"), directly(vault, name, "us-2")
        calls: dict[str, Callable[[], object]] = {
            "us-1": partial(writer.write, ring(1, revision=2), found),
            "us-2": partial(deleter.delete, found),
        }
        turns = Turns(vault, calls, choose)
        turns.run()
        wrote, deleted = turns.outcomes["us-1"], turns.outcomes["us-2"]
        refused = {"StoreConflictError", "DeletedError", "BusyError", "StoreUnavailableError"}
        assert {wrote, deleted} <= {"won", *refused}, order
        assert (deleted == "won") == vault.is_deleted(name), order
        assert (wrote, deleted) != ("won", "won"), order
        outcomes.add((wrote == "won", deleted == "won"))
        directly(vault, name).restore()
        assert (newest_keys(vault, name) == fingerprints(0)) or deleted != "won", order
        assert newest_keys(vault, name) == every_key(vault, name), order
    assert outcomes >= {(True, False), (False, True), (False, False)}
