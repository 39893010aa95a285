"""A removal leaves what isn't this resource's to delete, and says nothing or what it left."""

from dataclasses import replace

import pytest

from tests.contract.conftest import Line
from tests.contract.removals import Given, exists, remove
from whatsapp_flow_keys.errors import ForeignDocumentError
from whatsapp_flow_keys.lifecycle.removal import Force, remove_stored_ring


def test_a_ring_of_another_owner_is_left_alone_without_a_word_and_without_asking_meta(line: Line) -> None:
    line.rotate()
    line.emulator.clear_requests()
    assert remove(line, owner="a replaced key") == ""
    assert exists(line)
    assert line.emulator.requests(line.number) == []


def test_a_ring_of_another_number_is_left_alone_though_its_owner_has_the_same_name(line: Line) -> None:
    line.rotate()
    store = line.stores[0]
    number = "110200345501442"
    line.emulator.add_number(number)
    another = replace(line, number=number)
    assert remove(another, force=Force(recorded=True), stores=[store]) == ""
    assert exists(line)


def test_neither_document_nor_passphrase_goes_so_nothing_is_asked(line: Line) -> None:
    line.rotate()
    line.emulator.clear_requests()
    left = remove_stored_ring(line.stores[0], [], line.session(), force=Force(), document_stays=True)
    assert (left, exists(line), line.emulator.requests(line.number)) == ("", True, [])


@pytest.mark.parametrize("is_forced", [False, True])
def test_a_document_that_was_given_by_its_identifier_stays_and_what_is_said_of_it_is_handed_on(
    line: Line, is_forced: bool
) -> None:
    line.rotate()
    store = Given(str(line.folder / "ring0.json"))
    assert remove(line, force=Force(is_forced), stores=[store]) == f"{store.url}: stays, since it was given"
    assert exists(line)


def test_another_tools_document_stays_though_the_deletion_is_forced(line: Line) -> None:
    (line.folder / "ring0.json").write_text("another tool's")
    with pytest.raises(ForeignDocumentError):
        remove(line, force=Force(recorded=True))
    assert exists(line)


def test_removing_twice_does_nothing_the_second_time(line: Line) -> None:
    line.rotate()
    remove(line, force=Force(recorded=True))
    remove(line)
    assert not exists(line)
