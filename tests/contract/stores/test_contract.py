"""What every store keeps: one suite, run against each kind. What only one of them knows is in its own file.

The stack's own store is the engine's state: `tests/stack/test_stack_store.py` states the same of it.
"""

import json
import re
import socket
from collections.abc import Iterator
from dataclasses import replace
from threading import Barrier, Thread

import pytest

from tests.contract.stores.place import Place, delete
from whatsapp_flow_keys import document
from whatsapp_flow_keys.errors import (
    ForeignDocumentError,
    RingTooLargeError,
    StoreConflictError,
    StoreError,
    StorePermissionError,
    StoreUnavailableError,
)
from whatsapp_flow_keys.keys import PrivateKey
from whatsapp_flow_keys.lifecycle.rings import Claim, look_at_ring, read_rings
from whatsapp_flow_keys.lifecycle.staging import claim_stores
from whatsapp_flow_keys.ring import KeyRing, RingKey, Role
from whatsapp_flow_keys.stores.urls import open_store

KEYS = [PrivateKey.generate() for _ in range(3)]
NUMBER, STACK = "106540352242922", "org/flows/prod"
ANOTHER_TOOLS = json.dumps({"username": "svc", "password": "hunter2"})


def ring(*keys: PrivateKey, revision: int = 1, owner: str = "key-1", managed_by: str = STACK) -> KeyRing:
    roles = (Role.CURRENT, Role.PENDING, Role.PREVIOUS)
    entries = [
        RingKey(key.fingerprint, role, "2026-11-25", None, key.to_pem())
        for key, role in zip(keys or KEYS[:1], roles, strict=False)
    ]
    return KeyRing(NUMBER, managed_by, owner, revision, tuple(entries))


def held(place: Place) -> KeyRing | None:
    """What somebody who comes anew finds."""
    return place.store().read().ring


@pytest.fixture
def silent_port() -> Iterator[int]:
    """A server that takes connections and never says a word."""
    with socket.create_server(("127.0.0.1", 0), backlog=16) as server:
        yield server.getsockname()[1]


@pytest.fixture
def closed_port() -> int:
    with socket.create_server(("127.0.0.1", 0)) as server:
        port: int = server.getsockname()[1]
    return port


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
    store.write(ring(*KEYS), store.read())
    assert json.loads(place.content() or "null") == json.loads(document.dump(ring(*KEYS)))


def test_a_write_over_what_was_read_replaces_it(place: Place) -> None:
    store = place.store()
    first = store.write(ring(), store.read())
    second = store.write(ring(*KEYS, revision=2), first)
    assert held(place) == second.ring == ring(*KEYS, revision=2)


def test_ten_writes_one_after_another_are_all_taken(place: Place) -> None:
    store = place.store()
    last = store.read()
    for revision in range(1, 11):
        last = store.write(ring(revision=revision), last)
    assert held(place) == ring(revision=10)


def test_a_write_over_what_somebody_else_replaced_is_a_conflict_and_loses_no_key(place: Place) -> None:
    ours, theirs = place.store(), place.store()
    first = ours.write(ring(KEYS[0]), ours.read())
    theirs.write(ring(KEYS[0], KEYS[1], revision=2, owner="theirs"), theirs.read())
    with pytest.raises(StoreConflictError, match=re.escape(ours.url)):
        ours.write(ring(KEYS[0], KEYS[2], revision=2), first)
    kept = held(place)
    assert kept is not None
    assert KEYS[1].fingerprint in kept


def test_a_first_write_where_somebody_else_was_first_is_a_conflict(place: Place) -> None:
    ours = place.store()
    nothing = ours.read()
    theirs = place.store()
    theirs.write(ring(KEYS[1], owner="theirs"), theirs.read())
    with pytest.raises(StoreConflictError):
        ours.write(ring(KEYS[0]), nothing)
    kept = held(place)
    assert kept is not None
    assert KEYS[1].fingerprint in kept


@pytest.mark.parametrize("round_", range(3))
def test_of_two_that_write_at_once_one_wins_and_every_key_it_wrote_is_there(place: Place, round_: int) -> None:
    del round_
    start = place.store()
    start.write(ring(KEYS[0]), start.read())
    stores = [place.store(), place.store()]
    found = [store.read() for store in stores]
    meet, outcomes = Barrier(2), dict[int, str]()

    def write(index: int) -> None:
        mine = ring(KEYS[0], KEYS[index + 1], revision=2, owner=f"owner-{index}")
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
    assert all(KEYS[index + 1].fingerprint in kept for index in winners)


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
        place.forbidden().write(ring(*KEYS, revision=2), found)
    assert held(place) == ring()


def test_a_document_that_went_for_good_is_missing_again(place: Place) -> None:
    store = place.store()
    store.write(ring(), store.read())
    place.destroy()
    found = place.store().read()
    assert (found.ring, found.deleted) == (None, False)
    anew = place.store()
    anew.write(ring(revision=2), anew.read())
    assert held(place) == ring(revision=2)


def test_a_document_that_went_meanwhile_is_a_conflict_and_does_not_come_back(place: Place) -> None:
    store = place.store()
    first = store.write(ring(), store.read())
    place.destroy()
    with pytest.raises(StoreError):
        store.write(ring(revision=2), first)
    assert held(place) is None


def test_a_deleted_document_is_gone_or_says_that_it_can_be_restored(place: Place) -> None:
    store = place.store()
    store.write(ring(), store.read())
    recoverable, said = store.recoverable, delete(store)
    found = place.store().read()
    assert found.ring is None
    assert recoverable == found.deleted == place.softly
    assert bool(said) == place.softly


def test_a_deleted_document_is_restored_whole_and_written_again(place: Place) -> None:
    store = place.store()
    store.write(ring(*KEYS), store.read())
    delete(store)
    anew = place.store()
    if not place.softly:
        assert anew.read().ring is None
        return
    anew.restore()
    found = anew.read()
    assert found.ring == ring(*KEYS)
    anew.write(ring(*KEYS, revision=2), found)
    assert held(place) == ring(*KEYS, revision=2)


def test_the_lifecycle_restores_what_it_finds_deleted(place: Place) -> None:
    store = place.store()
    store.write(ring(*KEYS), store.read())
    delete(store)
    found = read_rings([place.store()], Claim(NUMBER, STACK, "key-2")).ring
    assert len(found.keys) == (3 if place.softly else 0)


def test_a_look_restores_nothing(place: Place) -> None:
    store = place.store()
    store.write(ring(*KEYS), store.read())
    delete(store)
    if place.softly:
        with pytest.raises(StoreError, match=r"was deleted; the next `pulumi up` restores it"):
            look_at_ring(place.store(), Claim(NUMBER, STACK, "key-2"))
    assert place.store().read().deleted == place.softly


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
    entries = [RingKey(k.fingerprint, Role.RETAINED, "2026-11-25", None, k.to_pem("p")) for k in KEYS[:1]]
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
    with pytest.raises(StoreError):
        store.write(ring(revision=2), found)
    assert json.loads(place.content() or "null") == json.loads(ANOTHER_TOOLS)


def test_another_stacks_ring_is_refused_with_both_names(place: Place) -> None:
    store = place.store()
    store.write(ring(), store.read())
    with pytest.raises(ForeignDocumentError, match=r"managed by the stack org/flows/prod; org/flows/dev must not"):
        claim_stores(Claim(NUMBER, "org/flows/dev", "key-2"), stores=[place.store()], passphrase=None)
    assert held(place) == ring()


def test_another_numbers_ring_is_refused_with_both_numbers(place: Place) -> None:
    store = place.store()
    store.write(ring(), store.read())
    with pytest.raises(ForeignDocumentError, match=f"of phone number {NUMBER}, not of 110200345501442"):
        read_rings([place.store()], Claim("110200345501442", STACK, "key-1"))


def test_a_renamed_stack_goes_on_with_its_ring(place: Place) -> None:
    store = place.store()
    store.write(ring(), store.read())
    claim = Claim(NUMBER, "org/flows/renamed", "key-1", formerly=STACK)
    claim_stores(claim, stores=[place.store()], passphrase=None)
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
