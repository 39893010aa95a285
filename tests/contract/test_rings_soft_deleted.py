"""Rings that are found soft-deleted: whose they are is seen only once they are restored."""

import pytest

from tests.contract.conftest import Line
from whatsapp_flow_keys.errors import ForeignDocumentError
from whatsapp_flow_keys.lifecycle.inspection import inspect
from whatsapp_flow_keys.lifecycle.rings import read_rings
from whatsapp_flow_keys.ring import KeyRing
from whatsapp_flow_keys.stores.file.store import FileStore
from whatsapp_flow_keys.stores.store import Versioned


class Deleted(FileStore):
    """Its document is soft-deleted until it is restored, and again once it is deleted."""

    is_deleted = True

    def read(self) -> Versioned:
        return Versioned(None, "1", deleted=True) if self.is_deleted else super().read()

    def restore(self) -> None:
        self.is_deleted = False

    def delete(self, expected: Versioned) -> str:
        assert expected == super().read()
        self.is_deleted = True
        return ""


def deleted(line: Line) -> Deleted:
    return Deleted(str(line.folder / "ring0.json"))


def read(line: Line, store: FileStore, stack: str) -> KeyRing:
    line.managed_by = stack
    line.told.take()
    return read_rings([store], line.claim(), line.claim().trail(line.told)).ring


def test_a_ring_is_restored_and_told_key_by_key(line: Line) -> None:
    key = line.rotate()
    store = deleted(line)
    assert [entry.fingerprint for entry in read(line, store, line.managed_by).keys] == [key]
    assert not store.is_deleted
    assert [(event.fingerprint, event.store) for event in line.told.events] == [(key, store.url)]


def test_an_inspection_restores_nothing_and_says_what_does(line: Line) -> None:
    key, store = line.rotate(), deleted(line)
    found = inspect(line.wanted(key), [store], line.session())
    assert found.key_ring == f"{store.url}: its document was deleted; the next `pulumi up` restores it"
    assert found.foreign is None
    assert store.is_deleted


def test_another_stacks_ring_is_deleted_again_and_told_as_refused_not_as_restored(line: Line) -> None:
    line.rotate()
    store = deleted(line)
    with pytest.raises(ForeignDocumentError, match="managed by the stack org/flows/prod"):
        read(line, store, "org/flows/other")
    assert store.is_deleted
    assert line.told.take() == ["refused foreign_document"]


def test_a_document_that_is_empty_once_it_is_restored_holds_no_key_and_tells_of_none(line: Line) -> None:
    store = deleted(line)
    assert read(line, store, line.managed_by).keys == ()
    assert not store.is_deleted
    assert line.told.take() == []
