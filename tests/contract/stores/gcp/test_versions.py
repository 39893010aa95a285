"""Which version counts: the next number is the compare-and-set, and ``latest`` may lag."""

import json
from collections.abc import Callable
from typing import Any

import pytest

from tests.contract.stores.gcp_place import GcpPlace, permissions
from tests.contract.stores.place import delete
from tests.contract.stores.rings import ring
from tests.servers.secret_manager import Fault
from whatsapp_flow_keys import document, one_line
from whatsapp_flow_keys.errors import (
    ForeignDocumentError,
    StoreConflictError,
    StorePermissionError,
    StoreUnavailableError,
)
from whatsapp_flow_keys.ring import KeyRing
from whatsapp_flow_keys.stores.gcp_secret_manager.address import parse_secret
from whatsapp_flow_keys.stores.gcp_secret_manager.client import SecretCalls
from whatsapp_flow_keys.stores.gcp_secret_manager.refusals import ChangedError
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
    found = place.server.secrets[place.secret].versions
    return [json.loads(each.data) for each in found if each.data.startswith(b"{")]


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


def test_a_secret_that_took_its_name_is_not_taken_for_the_one_that_was_read(place: GcpPlace) -> None:
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


def test_a_version_that_was_destroyed_is_replaced_by_a_backups_document_as_the_error_says(place: GcpPlace) -> None:
    written(place, 1, 2)
    place.server.secrets[place.secret].versions[1].state = "DESTROYED"
    with pytest.raises(StoreUnavailableError, match=rf"`gcloud secrets versions add {place.secret} --data-file=FILE`"):
        place.store().read()
    place.put(document.dump(ring(revision=2)))
    held = place.store().read()
    assert held.ring == ring(revision=2)
    place.store().write(ring(revision=3), held)


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


def once(place: GcpPlace, method: str, act: Callable[[], object]) -> None:
    """The next call of this method finds that ``act`` was done before it."""

    def before(called: str, _: Any) -> None:
        if called == method:
            place.server.before = lambda _method, _request: None
            act()

    place.server.before = before


def write_another(place: GcpPlace, revision: int = 7) -> None:
    """What another run does, from its look to its write."""
    store = place.store()
    store.write(ring(revision=revision, owner="theirs"), store.read())


def replace_secret(place: GcpPlace) -> None:
    """The secret is deleted, and another run makes one of the same name."""
    place.destroy()
    write_another(place)


def theirs(place: GcpPlace) -> bool:
    """Whether what the other run wrote is what everybody reads."""
    newest = document.load(place.content() or "", "latest")
    return read(place) == newest == ring(revision=7, owner="theirs")


def test_a_write_between_the_look_and_the_deletion_keeps_the_secret(place: GcpPlace) -> None:
    held = written(place, 1)
    once(place, "AddSecretVersion", lambda: write_another(place))
    with pytest.raises(StoreConflictError, match="so it was not deleted"):
        place.store().delete(held)
    assert theirs(place)


def test_a_deletion_that_was_announced_deletes_nothing_that_was_written_since(place: GcpPlace) -> None:
    """However long the run that deletes stood still before its call."""
    held = written(place, 1)
    once(place, "DeleteSecret", lambda: write_another(place))
    with pytest.raises(StoreConflictError, match="so it was not deleted"):
        place.store().delete(held)
    assert theirs(place)


def test_a_deletion_does_not_meet_a_secret_that_took_its_name(place: GcpPlace) -> None:
    held = written(place, 1)
    once(place, "AddSecretVersion", lambda: replace_secret(place))
    with pytest.raises(StoreConflictError, match="so it was not deleted"):
        place.store().delete(held)
    assert theirs(place)


def test_a_deletion_whose_answer_is_lost_is_not_made_again(place: GcpPlace) -> None:
    held = written(place, 1)
    place.server.faults = [Fault("DeleteSecret", answer_lost=True)]
    looks = place.server.calls.count("GetSecret")

    def make(called: str, _: Any) -> None:
        if called == "GetSecret" and place.server.calls.count("GetSecret") == looks + 2:
            place.server.before = lambda _method, _request: None
            write_another(place)

    place.server.before = make
    with pytest.raises(StoreUnavailableError, match="can't be reached"):
        place.store().delete(held)
    assert theirs(place)


@pytest.mark.parametrize("first", ["a ring", "nothing"])
def test_a_write_does_not_hide_what_a_secret_that_took_its_name_holds(place: GcpPlace, first: str) -> None:
    place.put(document.dump(ring()) if first == "a ring" else " ")
    held = place.store().read()
    once(place, "AddSecretVersion", lambda: replace_secret(place))
    with pytest.raises(StoreConflictError, match="somebody else wrote it meanwhile"):
        place.store().write(ring(revision=2), held)
    assert theirs(place)


def test_a_run_that_comes_second_brings_nothing_back_that_is_being_deleted(place: GcpPlace) -> None:
    held = written(place, 1)
    place.server.put(place.secret, deletion())
    with pytest.raises(StoreConflictError):
        place.store().write(ring(revision=2), held)
    with pytest.raises(StoreConflictError, match="so it was not deleted"):
        place.store().delete(held)
    assert [each.get("revision") for each in versions(place)] == [1, None, 2]


def test_no_two_announcements_are_equal() -> None:
    """Else a run could take another's for its own."""
    assert deletion() != deletion()


def test_after_a_kill_in_the_middle_of_a_deletion_the_ring_is_read_and_written_again(place: GcpPlace) -> None:
    written(place, 1)
    place.server.put(place.secret, deletion())
    held = place.store().read()
    assert held.ring == ring(revision=1)
    place.store().write(ring(revision=2), held)
    assert read(place) == ring(revision=2)


def test_after_a_kill_in_the_middle_of_a_deletion_it_can_be_made_again(place: GcpPlace) -> None:
    written(place, 1)
    place.server.put(place.secret, deletion())
    assert delete(place.store()) == ""
    assert place.secret not in place.server.secrets


def test_a_deletion_that_is_not_allowed_leaves_the_ring_as_the_newest_version(place: GcpPlace) -> None:
    held = written(place, 1)
    with pytest.raises(StorePermissionError, match=r"secretmanager\.secrets\.delete"):
        place.store_of(*permissions("For the stack") - {"secrets.delete"}).delete(held)
    assert document.load(place.content() or "", "latest") == ring(revision=1)
    place.store().write(ring(revision=2), place.store().read())


def test_after_a_deletion_that_may_still_come_a_write_makes_it_void(place: GcpPlace) -> None:
    held = written(place, 1)
    etag = place.server.secrets[place.secret].described.etag
    place.server.faults = [Fault("DeleteSecret", "DEADLINE_EXCEEDED")]
    with pytest.raises(StoreUnavailableError, match="did not answer in time"):
        place.store().delete(held)
    write_another(place)
    with SecretCalls.connected(parse_secret(place.url, "store")) as calls, pytest.raises(ChangedError):
        calls.delete(etag)
    assert theirs(place)


def test_latest_may_name_a_version_that_was_destroyed_since(place: GcpPlace) -> None:
    written(place, 1)
    place.server.lag = 100
    written(place, 2)
    place.server.secrets[place.secret].versions[0].state = "DESTROYED"
    assert read(place) == ring(revision=2)


def test_latest_may_be_of_a_secret_that_was_deleted_and_made_again(place: GcpPlace) -> None:
    written(place, 1, 2, 3)
    place.server.former[place.secret] = place.server.secrets[place.secret]
    replace_secret(place)
    assert theirs(place)
    write_another(place, revision=8)
    assert read(place) == ring(revision=8, owner="theirs")


def test_a_number_that_is_left_out_is_not_taken_for_no_ring(place: GcpPlace) -> None:
    written(place, 1)
    place.server.put(place.secret, b"?")
    place.server.secrets[place.secret].versions[1].state = "MISSING"
    place.server.put(place.secret, payload(2, over=1))
    with pytest.raises(StoreUnavailableError, match="version 2 is missing, though there is version 3"):
        place.store().read()


def test_a_copy_in_another_secret_that_does_not_count_is_not_taken_for_no_ring(place: GcpPlace) -> None:
    place.server.put(place.secret, payload(5, over=4))
    with pytest.raises(StoreUnavailableError, match=r"none of them counts.*jq 'del\(\.written_over\)'"):
        place.store().read()


def test_a_ring_in_one_line_is_brought_back_so_that_it_hides_nothing(place: GcpPlace) -> None:
    first = written(place, 1)
    place.put(one_line.dump(ring(revision=2)) or "")
    held = place.store().read()
    with pytest.raises(StoreConflictError):
        place.store().write(ring(revision=3), first)
    again = place.store().read()
    assert again.ring == held.ring
    assert versions(place)[-1]["written_over"] == 3
