"""Deleting a secret in Vault, and writes that a deletion races with: no ring is lost."""

from tests.contract.stores.place import delete
from tests.contract.stores.rings import ring
from tests.contract.stores.vault.proxy import Between, First, behind
from tests.contract.stores.vault.refusals import refusal
from tests.contract.stores.vault.secret import versions
from tests.contract.stores.vault_place import VaultPlace
from whatsapp_flow_keys.errors import StoreConflictError


def test_what_was_deleted_says_how_it_comes_back(place: VaultPlace) -> None:
    store = place.store()
    store.write(ring(), store.read())
    said = delete(store)
    assert said.startswith(f"{store.url}: is soft-deleted; the next `pulumi up` brings it back, or `bao kv undelete`")
    found = place.store().read()
    assert (found.ring, found.version, found.deleted) == (None, "1", True)
    place.store().restore()
    assert place.store().read().ring == ring()


def test_a_deletion_names_the_version_that_was_read_and_the_ones_before_it_stay(
    place: VaultPlace, between: Between
) -> None:
    store = behind(between, place)
    first = store.write(ring(1), store.read())
    second = store.write(ring(2), first)
    between.seen.clear()
    store.delete(second)
    assert [(method, path) for method, path, _ in between.seen if method != "GET"] == [
        ("POST", f"/v1/secret/delete/{place.path}")
    ]
    versions = place.kv.read_secret_metadata(place.path)["data"]["versions"]
    assert [bool(versions[name]["deletion_time"]) for name in ("1", "2")] == [False, True]


def test_a_deletion_of_what_was_written_over_deletes_no_version(place: VaultPlace, between: Between) -> None:
    store, theirs = behind(between, place), place.store()
    first = store.write(ring(1), store.read())
    theirs.write(ring(2, owner="theirs"), first)
    between.seen.clear()
    text = refusal(StoreConflictError, lambda: store.delete(first), place)
    assert text == f"{store.url}: somebody else wrote it meanwhile, so it was not deleted. Run again"
    assert [method for method, _, _ in between.seen] == ["GET"]


def test_what_is_written_between_the_look_and_the_deletion_stays_and_is_a_conflict(
    place: VaultPlace, between: Between
) -> None:
    store, theirs = behind(between, place), place.store()
    first = store.write(ring(1), store.read())
    between.plan = [None, First(lambda: theirs.write(ring(2, owner="theirs"), first))]
    refusal(StoreConflictError, lambda: store.delete(first), place)
    found = place.store().read()
    assert (found.ring, found.version, found.deleted) == (ring(2, owner="theirs"), "2", False)


def test_what_is_written_before_a_deletion_is_repeated_stays_and_is_a_conflict(
    place: VaultPlace, between: Between
) -> None:
    store, theirs = behind(between, place), place.store()
    first = store.write(ring(1), store.read())
    between.plan = [None, lambda: theirs.write(ring(2, owner="theirs"), theirs.read())]
    refusal(StoreConflictError, lambda: store.delete(first), place)
    assert place.store().read().ring == ring(2, owner="theirs")


def test_a_write_over_what_was_deleted_makes_no_version(place: VaultPlace) -> None:
    store = place.store()
    first = store.write(ring(1), store.read())
    delete(place.store())
    text = refusal(StoreConflictError, lambda: store.write(ring(2), first), place)
    assert text == f"{store.url}: somebody deleted it meanwhile; nothing was written. Run again"
    assert (place.store().read().deleted, versions(place)) == (True, 1)


def test_a_write_that_a_deletion_came_before_at_the_last_moment_is_a_conflict_and_keeps_both_rings(
    place: VaultPlace, between: Between
) -> None:
    store, theirs = behind(between, place), place.store()
    first = store.write(ring(1), store.read())
    between.plan = [None, First(lambda: theirs.delete(first))]
    text = refusal(StoreConflictError, lambda: store.write(ring(2), first), place)
    assert "somebody deleted it while it was being written, and it is there again" in text
    assert place.store().read().ring == ring(2)


def test_a_mount_that_keeps_one_version_takes_a_second_write(place: VaultPlace) -> None:
    """The version that was read is gone after it, which is no deletion."""
    store = place.store()
    first = store.write(ring(1), store.read())
    place.kv.update_metadata(place.path, max_versions=1)
    second = store.write(ring(2), first)
    store.write(ring(3), second)
    assert place.store().read().ring == ring(3)


def test_an_empty_secret_is_nothing_to_delete(place: VaultPlace) -> None:
    place.make_empty()
    assert delete(place.store()) == ""
    assert place.content() == "{}"
