"""What the audit log tells of a ring that goes from its store, stays, or is left behind."""

import pytest

from tests.contract.conftest import Line
from tests.contract.removals import remove
from tests.contract.told import last
from whatsapp_flow_keys.errors import DeletionRefusedError
from whatsapp_flow_keys.lifecycle.removal import Force
from whatsapp_flow_keys.lifecycle.staging import Recorded, claim_stores
from whatsapp_flow_keys.stores.file.store import FileStore
from whatsapp_flow_keys.stores.store import Versioned


def test_a_ring_that_is_deleted_is_told_key_by_key(line: Line) -> None:
    keys = [line.rotate(), line.rotate()]
    line.told.take()
    remove(line, Force(recorded=True))
    assert {(event.fingerprint, event.store) for event in line.told.events} == {
        (key, line.stores[0].url) for key in keys
    }
    assert line.told.take() == ["deleted", "deleted"]


def test_a_deletion_that_is_refused_names_the_key_that_would_be_lost(line: Line) -> None:
    line.rotate()
    served = line.rotate()
    line.told.take()
    with pytest.raises(DeletionRefusedError):
        remove(line)
    assert (last(line).fingerprint, last(line).store) == (served, line.stores[0].url)
    assert line.told.take() == ["refused deletion_refused"]


def test_what_was_left_when_a_ring_was_deleted_is_the_reason_that_is_told(line: Line) -> None:
    class Kept(FileStore):
        def delete(self, expected: Versioned) -> str:
            return "it can be restored until noon"

    line.rotate()
    remove(line, Force(recorded=True), stores=[Kept(str(line.folder / "ring0.json"))])
    assert last(line).reason == "it can be restored until noon"


def test_a_ring_that_another_resource_owns_is_not_told_as_deleted(line: Line) -> None:
    line.rotate()
    line.told.take()
    claim_stores(Recorded(), line.stores, line.session("key-2"), passphrase=None)
    remove(line)
    assert line.told.take() == []


def test_a_document_that_was_given_by_its_id_stays_and_is_not_told_as_deleted(line: Line) -> None:
    class Given(FileStore):
        is_ours = False

        def delete(self, expected: Versioned) -> str:
            return "it stays"

    line.rotate()
    line.told.take()
    remove(line, Force(recorded=True), stores=[Given(str(line.folder / "ring0.json"))])
    assert line.told.take() == []


def test_a_document_that_is_left_behind_is_told_as_not_deleted(line: Line) -> None:
    line.rotate()
    stores = line.stores
    (line.folder / "ring0.json").unlink()
    (line.folder / "ring0.json").mkdir()
    line.told.take()
    remove(line, Force(recorded=True), stores=stores)
    assert last(line).store == stores[0].url
    assert last(line).reason == f"{stores[0].url}: could not be asked, so its document was left behind"
    assert line.told.take() == ["deleted failed"]
