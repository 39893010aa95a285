"""The count of writes goes on from the highest one that any store holds, so the newest document is known as that."""

from dataclasses import replace

import pytest

from tests.contract.conftest import Line
from whatsapp_flow_keys.errors import StoreError


def test_a_write_counts_on_from_the_highest_revision_of_all_stores(line: Line) -> None:
    line.backups = 2
    line.rotate()
    for index, ahead in enumerate((0, 7, 3)):
        store, ring = line.stores[index], line.ring(index)
        store.write(replace(ring, revision=10 + ahead), store.read())
    line.stage()
    assert [line.ring(index).revision for index in range(3)] == [18, 18, 18]


def test_a_first_write_has_revision_1(line: Line) -> None:
    line.stage()
    assert line.ring().revision == 1


def test_what_every_store_holds_already_is_not_written_again(line: Line) -> None:
    line.backups = 1
    key = line.rotate()
    revisions = [line.ring(index).revision for index in range(2)]
    line.register(key)
    assert [line.ring(index).revision for index in range(2)] == revisions


def test_a_store_that_lags_is_written_with_the_others(line: Line) -> None:
    line.backups = 1
    key = line.rotate()
    store, ring = line.stores[1], line.ring(1)
    store.write(replace(ring, owner="somebody"), store.read())
    line.register(key)
    assert line.ring(0) == line.ring(1)
    assert line.ring(0).owner == "key-1"


def test_one_file_under_two_names_is_no_store_with_a_backup(line: Line) -> None:
    line.stage()
    (line.folder / "ring1.json").hardlink_to(line.folder / "ring0.json")
    written = line.ring()
    line.backups = 1
    with pytest.raises(StoreError, match="under another name, so one is no backup"):
        line.stage()
    assert line.ring() == written
