"""Writes to Vault that were carried out and whose answers were lost."""

from tests.contract.stores.rings import ring
from tests.contract.stores.vault.proxy import Between, behind
from tests.contract.stores.vault.refusals import refusal
from tests.contract.stores.vault.secret import versions
from tests.contract.stores.vault_place import VaultPlace
from whatsapp_flow_keys.errors import StoreConflictError, StoreUnavailableError


def test_a_write_whose_answer_got_lost_is_a_success_and_is_not_made_twice(place: VaultPlace, between: Between) -> None:
    store = behind(between, place)
    found = store.read()
    between.plan = ["drop"]
    assert store.write(ring(), found) == place.store().read()
    assert versions(place) == 1
    assert [method for method, _, _ in between.seen[-3:]] == ["POST", "POST", "GET"]


def test_a_write_whose_answer_got_lost_and_that_somebody_wrote_over_is_a_conflict(
    place: VaultPlace, between: Between
) -> None:
    store, theirs = behind(between, place), place.store()
    found = store.read()
    between.plan = [lambda: theirs.write(ring(2, owner="theirs"), theirs.read())]
    refusal(StoreConflictError, lambda: store.write(ring(), found), place)
    assert place.store().read().ring == ring(2, owner="theirs")


def test_a_write_all_of_whose_answers_got_lost_is_an_error_and_the_key_is_there(
    place: VaultPlace, between: Between
) -> None:
    store = behind(between, place)
    found = store.read()
    between.plan = ["drop", "drop", "drop"]
    text = refusal(StoreUnavailableError, lambda: store.write(ring(), found), place)
    assert text.startswith(f"{store.url}: the server can't be reached")
    assert (place.store().read().ring, versions(place)) == (ring(), 1)
