"""Which version counts: the next number is the compare-and-set, and ``latest`` may lag."""

import json
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from tests.contract.stores.gcp_place import GcpPlace
from tests.contract.stores.place import delete
from tests.contract.stores.rings import ring
from tests.servers.secret_manager import Fault
from whatsapp_flow_keys import document
from whatsapp_flow_keys.errors import (
    ForeignDocumentError,
    StoreConflictError,
    StorePermissionError,
    StoreUnavailableError,
)
from whatsapp_flow_keys.ring import KeyRing
from whatsapp_flow_keys.stores.gcp_secret_manager.versions import deletion, written_over
from whatsapp_flow_keys.stores.store import Versioned


def written(place: GcpPlace, *revisions: int) -> Versioned:
    """What the store holds after these writes."""
    store = place.store()
    held = store.read()
    for revision in revisions:
        held = store.write(ring(revision=revision), held)
    return held


def payload(revision: int, over: int) -> bytes:
    """What a run adds that has read version ``over``."""
    return written_over(document.dump(ring(revision=revision)), over)


def read(place: GcpPlace) -> KeyRing | None:
    return place.store().read().ring


def versions(place: GcpPlace) -> list[dict[str, Any]]:
    return [json.loads(each.data) for each in place.server.secrets[place.secret].versions]


def test_what_was_just_written_is_read_though_latest_lags(place: GcpPlace) -> None:
    written(place, 1)
    place.server.lag = 100
    written(place, 2, 3)
    assert read(place) == ring(revision=3)


def test_the_first_version_is_found_though_latest_shows_none(place: GcpPlace) -> None:
    place.server.lag = 100
    written(place, 1)
    assert read(place) == ring(revision=1)


def test_what_a_run_added_that_came_second_does_not_count(place: GcpPlace) -> None:
    held = written(place, 1, 2)
    place.server.put(place.secret, payload(7, over=1))
    assert read(place) == held.ring


def test_a_run_that_came_second_adds_again_what_counts_for_readers_of_latest(place: GcpPlace) -> None:
    first = written(place, 1)
    written(place, 2)
    with pytest.raises(StoreConflictError, match="somebody else wrote it meanwhile"):
        place.store().write(ring(revision=9), first)
    assert document.load(place.content() or "", "latest") == ring(revision=2)
    assert [each["revision"] for each in versions(place)] == [1, 2, 9, 2]
    assert read(place) == ring(revision=2)


def test_what_another_tool_added_stays_the_newest_after_a_write_that_came_second(place: GcpPlace) -> None:
    first = written(place, 1)
    place.put('{"a": "b"}')
    with pytest.raises(StoreConflictError):
        place.store().write(ring(revision=2), first)
    assert place.content() == '{"a": "b"}'
    with pytest.raises(ForeignDocumentError):
        place.store().read()


def test_a_ring_that_somebody_adds_by_hand_counts(place: GcpPlace) -> None:
    written(place, 1, 2)
    place.put(document.dump(ring(revision=1)))
    held = place.store().read()
    assert held.ring == ring(revision=1)
    assert place.store().write(ring(revision=3), held).ring == read(place)


def test_a_version_without_content_is_passed_over(place: GcpPlace) -> None:
    place.put(" ")
    held = place.store().read()
    assert (held.ring, held.place) == (None, "")
    place.store().write(ring(), held)
    assert read(place) == ring()


def test_a_version_that_is_not_text_is_foreign(place: GcpPlace) -> None:
    place.server.put(place.secret, b"\xff\xfe")
    with pytest.raises(ForeignDocumentError, match="its version 1 is not text"):
        place.store().read()


def test_a_secret_that_was_made_anew_is_not_taken_for_the_one_that_was_read(place: GcpPlace) -> None:
    held = written(place, 1)
    place.destroy()
    place.put(document.dump(ring(revision=5)))
    with pytest.raises(StoreConflictError):
        place.store().write(ring(revision=2), held)
    assert read(place) == ring(revision=5)


@pytest.mark.parametrize("state", ["DISABLED", "DESTROYED"])
def test_a_version_that_can_not_be_read_is_not_written_over(place: GcpPlace, state: str) -> None:
    held = written(place, 1, 2)
    place.server.secrets[place.secret].versions[1].state = state
    for call in (place.store().read, lambda: place.store().write(ring(revision=3), held)):
        with pytest.raises(StoreUnavailableError, match=rf"\(number 2\) is {state}.* versions enable 2 --secret="):
            call()
    assert len(versions(place)) == 2


def test_older_versions_may_be_destroyed(place: GcpPlace) -> None:
    held = written(place, 1, 2, 3)
    for old in place.server.secrets[place.secret].versions[:2]:
        old.state = "DESTROYED"
    assert read(place) == ring(revision=3)
    place.store().write(ring(revision=4), held)
    assert read(place) == ring(revision=4)


@pytest.mark.parametrize("status", ["UNAVAILABLE", "DEADLINE_EXCEEDED", "INTERNAL"])
def test_a_version_whose_answer_is_lost_is_found_and_not_added_twice(place: GcpPlace, status: str) -> None:
    held = written(place, 1)
    place.server.faults = [Fault("AddSecretVersion", status, answer_lost=True)]
    again = place.store().write(ring(revision=2), held)
    assert [each["revision"] for each in versions(place)] == [1, 2]
    place.store().write(ring(revision=3), again)


def test_a_version_that_was_not_added_is_added_again(place: GcpPlace) -> None:
    held = written(place, 1)
    place.server.faults = [Fault("AddSecretVersion"), Fault("AddSecretVersion")]
    place.store().write(ring(revision=2), held)
    assert [each["revision"] for each in versions(place)] == [1, 2]


def test_a_version_that_arrives_after_its_call_was_made_again_hides_nothing(place: GcpPlace) -> None:
    held = written(place, 1)
    added: list[bytes] = []

    def arrives_late(method: str, request: Any) -> None:
        if method == "AddSecretVersion":
            added.append(request.payload.data)
        elif added:
            place.server.before = lambda _method, _request: None
            place.server.put(place.secret, added[0])

    place.server.faults = [Fault("AddSecretVersion")]
    place.server.before = arrives_late
    place.store().write(ring(revision=2), held)
    assert [each["revision"] for each in versions(place)] == [1, 2, 2]
    again = place.store().read()
    assert again.ring == ring(revision=2)
    place.store().write(ring(revision=3), again)
    assert read(place) == ring(revision=3)


def test_a_creation_whose_answer_is_lost_is_found_done(place: GcpPlace) -> None:
    place.server.faults = [Fault("CreateSecret", answer_lost=True)]
    written(place, 1)
    assert read(place) == ring(revision=1)


def test_an_answer_that_was_damaged_on_its_way_is_refused(place: GcpPlace) -> None:
    written(place, 1)
    place.server.secrets[place.secret].versions[0].checksum = 1
    with pytest.raises(StoreUnavailableError, match="was damaged on its way"):
        place.store().read()


def test_a_deletion_ends_with_all_versions(place: GcpPlace) -> None:
    written(place, 1, 2)
    assert delete(place.store()) == ""
    assert place.secret not in place.server.secrets


def test_a_deletion_whose_answer_is_lost_is_found_done(place: GcpPlace) -> None:
    written(place, 1)
    place.server.faults = [Fault("DeleteSecret", answer_lost=True)]
    assert delete(place.store()) == ""


def test_a_write_between_the_look_and_the_deletion_keeps_the_secret(place: GcpPlace) -> None:
    held = written(place, 1)

    def write(method: str, _: Any) -> None:
        if method == "AddSecretVersion":
            place.server.before = lambda _method, _request: None
            place.server.put(place.secret, payload(2, over=1))

    place.server.before = write
    with pytest.raises(StoreConflictError, match="so it was not deleted"):
        place.store().delete(held)
    assert read(place) == ring(revision=2)
    assert document.load(place.content() or "", "latest") == ring(revision=2)


def test_nothing_is_written_while_another_run_deletes(place: GcpPlace) -> None:
    """Else its keys would go with the secret."""
    written(place, 1)
    place.server.put(place.secret, deletion(datetime.now(UTC) + timedelta(minutes=5)))
    held = place.store().read()
    assert held.ring == ring(revision=1)
    with pytest.raises(StoreConflictError, match="another run is deleting it"):
        place.store().write(ring(revision=2), held)


def test_a_run_that_came_second_brings_nothing_back_that_is_being_deleted(place: GcpPlace) -> None:
    held = written(place, 1)
    place.server.put(place.secret, deletion(datetime.now(UTC) + timedelta(minutes=5)))
    with pytest.raises(StoreConflictError):
        place.store().write(ring(revision=2), held)
    with pytest.raises(StoreConflictError, match="so it was not deleted"):
        place.store().delete(held)
    assert [each.get("revision") for each in versions(place)] == [1, None, 2]


def test_after_a_kill_in_the_middle_of_a_deletion_the_ring_is_written_again_in_time(place: GcpPlace) -> None:
    written(place, 1)
    place.server.put(place.secret, deletion(datetime.now(UTC) - timedelta(seconds=1)))
    held = place.store().read()
    place.store().write(ring(revision=2), held)
    assert read(place) == ring(revision=2)


def test_after_a_kill_in_the_middle_of_a_deletion_it_can_be_made_again_at_once(place: GcpPlace) -> None:
    written(place, 1)
    place.server.put(place.secret, deletion(datetime.now(UTC) + timedelta(minutes=5)))
    assert delete(place.store()) == ""
    assert place.secret not in place.server.secrets


def test_a_deletion_that_is_not_allowed_leaves_the_ring_as_the_newest_version(place: GcpPlace) -> None:
    held = written(place, 1)
    with pytest.raises(StorePermissionError, match=r"secretmanager\.secrets\.delete"):
        place.store_of("versions.access", "versions.add").delete(held)
    assert document.load(place.content() or "", "latest") == ring(revision=1)
    place.store().write(ring(revision=2), place.store().read())


def test_after_a_deletion_that_may_still_come_nothing_is_written(place: GcpPlace) -> None:
    held = written(place, 1)
    place.server.faults = [Fault("DeleteSecret", "DEADLINE_EXCEEDED") for _ in range(3)]
    with pytest.raises(StoreUnavailableError, match="did not answer in time"):
        place.store().delete(held)
    with pytest.raises(StoreConflictError, match="another run is deleting it"):
        place.store().write(ring(revision=2), place.store().read())
