"""What every store keeps: one suite, run against each kind. What only one of them knows is in its own file.

The stack's own store is the engine's state: `tests/stack/test_stack_store.py` states the same of it.
"""

import json
import re
from collections.abc import Callable
from contextlib import suppress
from dataclasses import replace
from threading import Barrier, Thread

import pytest

from tests.contract.stores.claimed import claim_place, rings_of
from tests.contract.stores.place import Place, delete, hard_deleting, soft_deleting
from tests.contract.stores.several_keys import NUMBER, STACK, held, ring, three
from tests.pairs import pair
from whatsapp_flow_keys import document
from whatsapp_flow_keys.errors import (
    ForeignDocumentError,
    RingTooLargeError,
    StoreConflictError,
    StoreError,
    StorePermissionError,
    StoreUnavailableError,
)
from whatsapp_flow_keys.lifecycle.claim import Claim
from whatsapp_flow_keys.lifecycle.rings import look_at_ring
from whatsapp_flow_keys.ring import RingKey, Role
from whatsapp_flow_keys.stores.urls import open_store

ANOTHER_TOOLS = json.dumps({"username": "svc", "password": "hunter2"})


def test_where_nothing_is_there_is_no_ring_and_nothing_is_made(place: Place) -> None:
    found = place.store().read()
    assert (found.ring, found.deleted) == (None, False)
    assert place.content() is None


def test_a_first_write_into_nothing_is_read_back(place: Place) -> None:
    store = place.store()
    written = store.write(ring(), store.read())
    assert written.ring == ring()
    assert place.store().read() == written


def test_a_first_write_into_an_existing_empty_secret_is_read_back(place: Place) -> None:
    place.make_empty()
    store = place.store()
    found = store.read()
    assert (found.ring, found.deleted) == (None, False)
    store.write(ring(), found)
    assert held(place) == ring()


def test_the_text_is_the_document(place: Place) -> None:
    store = place.store()
    store.write(ring(*three()), store.read())
    assert json.loads(place.content() or "null") == json.loads(document.dump(ring(*three())))


def test_a_write_over_what_was_read_replaces_it(place: Place) -> None:
    store = place.store()
    first = store.write(ring(), store.read())
    second = store.write(ring(*three(), revision=2), first)
    assert held(place) == second.ring == ring(*three(), revision=2)


def test_ten_writes_one_after_another_are_all_taken(place: Place) -> None:
    store = place.store()
    last = store.read()
    for revision in range(1, 11):
        last = store.write(ring(revision=revision), last)
    assert held(place) == ring(revision=10)


def test_a_write_over_what_somebody_else_replaced_is_a_conflict_and_loses_no_key(place: Place) -> None:
    ours, theirs = place.store(), place.store()
    first = ours.write(ring(pair()), ours.read())
    theirs.write(ring(pair(), pair(1), revision=2, owner="theirs"), theirs.read())
    with pytest.raises(StoreConflictError, match=re.escape(ours.url)):
        ours.write(ring(pair(), pair(2), revision=2), first)
    kept = held(place)
    assert kept is not None
    assert pair(1).fingerprint in kept


def test_a_first_write_where_somebody_else_was_first_is_a_conflict(place: Place) -> None:
    ours = place.store()
    nothing = ours.read()
    theirs = place.store()
    theirs.write(ring(pair(1), owner="theirs"), theirs.read())
    with pytest.raises(StoreConflictError):
        ours.write(ring(pair()), nothing)
    kept = held(place)
    assert kept is not None
    assert pair(1).fingerprint in kept


@pytest.mark.parametrize("round_", range(3))
def test_of_two_that_write_at_once_one_wins_and_every_key_it_wrote_is_there(place: Place, round_: int) -> None:
    del round_
    start = place.store()
    start.write(ring(pair()), start.read())
    stores = [place.store(), place.store()]
    found = [store.read() for store in stores]
    meet, outcomes = Barrier(2), dict[int, str]()

    def write(index: int) -> None:
        mine = ring(pair(), pair(index + 1), revision=2, owner=f"owner-{index}")
        meet.wait(30)
        try:
            stores[index].write(mine, found[index])
        except StoreConflictError:
            outcomes[index] = "conflict"
        else:
            outcomes[index] = "won"

    runs = [Thread(target=write, args=(index,)) for index in range(2)]
    for run in runs:
        run.start()
    for run in runs:
        run.join(60)
    kept = held(place)
    assert kept is not None
    winners = [index for index, outcome in outcomes.items() if outcome == "won"]
    assert len(outcomes) == 2
    # Azure Key Vault can't refuse a write: both may find out that they raced, and then both report it.
    assert len(winners) == 1 or (place.name == "azure" and not winners)
    assert all(pair(index + 1).fingerprint in kept for index in winners)


def test_somebody_without_the_right_to_read_is_told_so(place: Place) -> None:
    store = place.store()
    store.write(ring(), store.read())
    with pytest.raises(StoreUnavailableError) as caught:
        place.forbidden().read()
    assert isinstance(caught.value, StorePermissionError) or place.name == "file"
    assert str(caught.value).startswith(f"{store.url}: ")


def test_somebody_without_the_right_to_write_is_told_so_and_changes_nothing(place: Place) -> None:
    store = place.store()
    found = store.write(ring(), store.read())
    with pytest.raises(StoreUnavailableError):
        place.forbidden().write(ring(*three(), revision=2), found)
    assert held(place) == ring()


def test_a_document_that_went_for_good_is_missing_again(place: Place) -> None:
    store = place.store()
    store.write(ring(), store.read())
    place.destroy()
    found = place.store().read()
    assert (found.ring, found.deleted) == (None, False)
    again = place.store()
    again.write(ring(revision=2), again.read())
    assert held(place) == ring(revision=2)


def test_a_document_that_went_meanwhile_is_a_conflict_and_does_not_come_back(place: Place) -> None:
    store = place.store()
    first = store.write(ring(), store.read())
    place.destroy()
    with pytest.raises(StoreConflictError):
        store.write(ring(revision=2), first)
    assert held(place) is None


@soft_deleting
def test_a_deleted_document_is_not_read_and_says_that_it_can_be_restored(place: Place) -> None:
    store = place.store()
    store.write(ring(), store.read())
    recoverable, said = store.recoverable, delete(store)
    found = place.store().read()
    assert (found.ring, found.deleted, recoverable) == (None, True, True)
    assert said.startswith(f"{store.url}: ")


@hard_deleting
def test_a_document_that_can_not_be_restored_is_gone_without_a_trace(place: Place) -> None:
    store = place.store()
    store.write(ring(), store.read())
    recoverable, said = store.recoverable, delete(store)
    found = place.store().read()
    assert (found.ring, found.deleted, recoverable, said) == (None, False, False, "")
    place.store().restore()
    assert place.store().read() == found


@soft_deleting
def test_a_deleted_document_is_restored_whole_and_written_again(place: Place) -> None:
    store = place.store()
    store.write(ring(*three()), store.read())
    delete(store)
    again = place.store()
    again.restore()
    found = again.read()
    assert found.ring == ring(*three())
    again.write(ring(*three(), revision=2), found)
    assert held(place) == ring(*three(), revision=2)


@soft_deleting
def test_a_write_over_what_somebody_deleted_is_a_conflict_and_does_not_bring_it_back(place: Place) -> None:
    store = place.store()
    first = store.write(ring(), store.read())
    delete(place.store())
    with pytest.raises(StoreConflictError):
        store.write(ring(revision=2), first)
    assert place.store().read().deleted


@soft_deleting
def test_the_lifecycle_restores_what_it_finds_deleted(place: Place) -> None:
    store = place.store()
    store.write(ring(*three()), store.read())
    delete(store)
    found = rings_of(place, Claim(NUMBER, STACK, "key-2")).ring
    assert {key.fingerprint for key in found.keys} == {key.fingerprint for key in three()}


@hard_deleting
def test_the_lifecycle_finds_nothing_where_a_document_was_deleted_for_good(place: Place) -> None:
    store = place.store()
    store.write(ring(*three()), store.read())
    delete(store)
    assert rings_of(place, Claim(NUMBER, STACK, "key-2")).ring.keys == ()


@soft_deleting
def test_a_look_restores_nothing(place: Place) -> None:
    store = place.store()
    store.write(ring(*three()), store.read())
    delete(store)
    with pytest.raises(StoreError, match=r"was deleted; the next `pulumi up` restores it"):
        look_at_ring(place.store(), Claim(NUMBER, STACK, "key-2"))
    assert place.store().read().deleted


def test_a_deletion_of_what_somebody_else_replaced_is_a_conflict_and_the_document_stays(place: Place) -> None:
    ours, theirs = place.store(), place.store()
    first = ours.write(ring(pair()), ours.read())
    second = theirs.write(ring(pair(), pair(1), revision=2, owner="theirs"), theirs.read())
    with pytest.raises(StoreConflictError, match=re.escape(ours.url)):
        ours.delete(first)
    assert place.store().read() == second


def test_a_deletion_where_nothing_was_leaves_what_somebody_wrote_since(place: Place) -> None:
    ours, theirs = place.store(), place.store()
    nothing = ours.read()
    theirs.write(ring(), theirs.read())
    with suppress(StoreConflictError):
        ours.delete(nothing)
    assert held(place) == ring()


def test_a_deletion_of_what_another_tool_replaced_leaves_it(place: Place) -> None:
    store = place.store()
    found = store.write(ring(), store.read())
    place.put(ANOTHER_TOOLS)
    with pytest.raises((StoreConflictError, ForeignDocumentError)):
        store.delete(found)
    assert json.loads(place.content() or "null") == json.loads(ANOTHER_TOOLS)


def test_what_was_written_last_is_deleted_by_what_the_write_gave(place: Place) -> None:
    store = place.store()
    second = store.write(ring(*three(), revision=2), store.write(ring(), store.read()))
    place.store().delete(second)
    assert held(place) is None


@pytest.mark.parametrize("round_", range(3))
def test_of_a_write_and_a_deletion_at_once_the_write_is_there_or_is_refused(place: Place, round_: int) -> None:
    del round_
    start = place.store()
    first = start.write(ring(pair()), start.read())
    writer, deleter = place.store(), place.store()
    written = ring(pair(), pair(1), revision=2, owner="theirs")
    calls: dict[str, Callable[[], object]] = {
        "write": lambda: writer.write(written, first),
        "delete": lambda: deleter.delete(first),
    }
    meet, outcomes = Barrier(2), dict[str, str]()

    def run(name: str) -> None:
        meet.wait(30)
        try:
            calls[name]()
        except StoreConflictError:
            outcomes[name] = "conflict"
        except StoreUnavailableError:
            outcomes[name] = "refused"
        else:
            outcomes[name] = "done"

    runs = [Thread(target=run, args=(name,)) for name in calls]
    for each in runs:
        each.start()
    for each in runs:
        each.join(60)
    # Both may find out that they raced, and then both report it. Key Vault takes no write while it deletes. One that it
    # took just before can't be looked at then: its writer is refused, and the deletion finds it and brings it back.
    assert outcomes in (
        {"write": "done", "delete": "conflict"},
        {"write": "conflict", "delete": "done"},
        {"write": "refused", "delete": "done"},
        {"write": "conflict", "delete": "conflict"},
        {"write": "refused", "delete": "conflict"},
    )
    kept = held(place)
    if outcomes["delete"] == "conflict":
        assert kept is not None
        assert pair().fingerprint in kept
        assert outcomes["write"] == "conflict" or pair(1).fingerprint in kept
    if outcomes["write"] == "done":
        assert kept == written


def test_what_holds_a_document_says_which_it_is_and_says_the_same_to_everybody(place: Place) -> None:
    store = place.store()
    nothing = store.read()
    first = store.write(ring(), nothing)
    assert (nothing.place, first.place != "") == ("", True)
    assert place.store().read().place == store.read().place == first.place


def test_deleting_twice_does_nothing_the_second_time(place: Place) -> None:
    store = place.store()
    store.write(ring(), store.read())
    delete(store)
    assert delete(place.store()) == ""


def test_deleting_nothing_does_nothing(place: Place) -> None:
    assert delete(place.store()) == ""
    assert place.content() is None


def test_a_ring_larger_than_the_store_takes_is_refused_and_the_old_one_stays(place: Place) -> None:
    store = place.store()
    found = store.write(ring(), store.read())
    (key,) = ring().keys
    many = replace(ring(revision=2), keys=(key,) * (place.limit // len(key.private_key_pem) + 1))
    with pytest.raises(RingTooLargeError, match=rf"^{re.escape(store.url)}: the key ring has \d+ bytes"):
        store.write(many, found)
    assert held(place) == ring()


def test_a_ring_of_ten_keys_fits_into_every_store(place: Place) -> None:
    store = place.store()
    entries = [RingKey(k.fingerprint, Role.RETAINED, "2026-11-25", None, k.to_pem("p")) for k in [pair()]]
    ten = replace(ring(), keys=tuple(entries * 10))
    store.write(ten, store.read())
    assert len(json.loads(place.content() or "{}")["keys"]) == 10


def test_a_server_that_never_answers_ends_in_an_error_within_its_deadline(
    place: Place, silent_port: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("WHATSAPP_STORE_DEADLINE", "1.5")
    store = place.at_port(silent_port)
    with pytest.raises(StoreUnavailableError, match=f"^{re.escape(store.url)}"):
        store.read()


def test_a_server_that_is_down_ends_in_an_error_that_says_where_it_looked(
    place: Place, closed_port: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("WHATSAPP_STORE_DEADLINE", "6")
    store = place.at_port(closed_port)
    with pytest.raises(StoreUnavailableError, match=f"^{re.escape(store.url)}"):
        store.read()


@pytest.mark.parametrize(
    "content",
    [
        pytest.param(ANOTHER_TOOLS, id="another tool's"),
        pytest.param('{"format": "hunter2/1"}', id="another format"),
        pytest.param('{"format": "whatsapp-flow-keys/2", "x": "hunter2"}', id="a later version's"),
        pytest.param('{"format": "whatsapp-flow-keys/1", "x": "hunter2"}', id="a damaged ring"),
    ],
)
def test_what_is_no_ring_is_named_but_neither_quoted_nor_overwritten(place: Place, content: str) -> None:
    place.put(content)
    store = place.store()
    with pytest.raises(ForeignDocumentError) as caught:
        store.read()
    assert str(caught.value).startswith(f"{store.url}: ")
    assert "hunter2" not in str(caught.value).replace("'hunter2/1'", "")
    assert json.loads(place.content() or "null") == json.loads(content)


def test_what_another_tool_wrote_meanwhile_stays(place: Place) -> None:
    store = place.store()
    found = store.write(ring(), store.read())
    place.put(ANOTHER_TOOLS)
    with pytest.raises(StoreConflictError):
        store.write(ring(revision=2), found)
    assert json.loads(place.content() or "null") == json.loads(ANOTHER_TOOLS)


def test_another_stacks_ring_is_refused_with_both_names(place: Place) -> None:
    store = place.store()
    store.write(ring(), store.read())
    with pytest.raises(ForeignDocumentError, match=r"managed by the stack org/flows/prod; org/flows/dev must not"):
        claim_place(place, Claim(NUMBER, "org/flows/dev", "key-2"))
    assert held(place) == ring()


def test_another_numbers_ring_is_refused_with_both_numbers(place: Place) -> None:
    store = place.store()
    store.write(ring(), store.read())
    with pytest.raises(ForeignDocumentError, match=f"of phone number {NUMBER}, not of 110200345501442"):
        rings_of(place, Claim("110200345501442", STACK, "key-1"))


def test_a_renamed_stack_goes_on_with_its_ring(place: Place) -> None:
    store = place.store()
    store.write(ring(), store.read())
    claim = Claim(NUMBER, "org/flows/renamed", "key-1", formerly=STACK)
    claim_place(place, claim)
    kept = held(place)
    assert kept is not None
    assert (kept.managed_by, kept.keys) == ("org/flows/renamed", ring().keys)


def test_its_url_and_its_location_open_the_same_place(place: Place) -> None:
    store = place.store()
    store.write(ring(), store.read())
    for text in (store.url, store.location, place.url):
        opened = open_store(text)
        assert (opened.url, opened.read().ring) == (store.url, ring())


def test_settling_what_is_settled_changes_nothing(place: Place) -> None:
    store = place.store()
    written = store.write(ring(), store.read())
    store.settle()
    store.settle()
    assert place.store().read() == written


def test_no_repr_shows_a_private_key(place: Place) -> None:
    store = place.store()
    found = store.write(ring(), store.read())
    assert "PRIVATE KEY" not in repr(store) + repr(found)
