"""What the audit log tells of the stores' documents: keys that come to each of them, and keys that leave."""

from datetime import timedelta

import pytest

from tests.contract.conftest import LOCKED, Line
from tests.contract.told import WHOLE, last
from whatsapp_flow_keys.audit import Operation
from whatsapp_flow_keys.errors import StoreUnavailableError
from whatsapp_flow_keys.lifecycle.staging import Recorded, claim_stores
from whatsapp_flow_keys.registrars.meta_graph.errors import AccountLockedError, GraphError
from whatsapp_flow_keys.ring import KeyRing
from whatsapp_flow_keys.stores.file.store import FileStore
from whatsapp_flow_keys.stores.store import Versioned


def test_each_store_is_told_for_itself(line: Line) -> None:
    line.backups = 1
    line.rotate()
    assert line.told.take() == ["staged", *WHOLE, "promoted"]


def test_a_new_backup_is_told_as_staging_of_every_key_in_it(line: Line) -> None:
    keys = [line.rotate(), line.rotate()]
    line.told.take()
    line.backups = 1
    claim_stores(Recorded(keys[1]), line.stores, line.session(), passphrase=None)
    staged = line.told.of(Operation.STAGED)
    assert {(event.fingerprint, event.store) for event in staged} == {(key, line.stores[1].url) for key in keys}
    assert line.told.take() == ["staged", "staged"]


def test_a_key_that_leaves_the_ring_is_told_as_retired(line: Line) -> None:
    first = line.rotate()
    line.rotate()
    line.clock.time += timedelta(days=2)
    line.told.take()
    line.rotate()
    (retired,) = line.told.of(Operation.RETIRED)
    assert (retired.fingerprint, retired.store) == (first, line.stores[0].url)
    assert line.told.take() == [*WHOLE, "retired"]


def test_a_pending_key_that_another_replaces_is_told_as_retired(line: Line) -> None:
    first = line.stage()
    line.emulator.set_key(line.number, None)
    line.told.take()
    line.stage()
    (retired,) = line.told.of(Operation.RETIRED)
    assert retired.fingerprint == first


def test_an_interrupted_rotation_that_the_next_staging_finishes_is_told_by_it(line: Line) -> None:
    line.rotate()
    second = line.stage()
    line.fault("error", code=LOCKED, method="GET", after=1)
    with pytest.raises(AccountLockedError):
        line.register(second)
    line.emulator.clear_faults()
    line.told.take()
    line.stage()
    assert [event.fingerprint for event in line.told.of(Operation.PROMOTED)] == [second]
    assert line.told.take() == ["staged", "promoted"]


def test_a_staging_that_could_not_ask_meta_is_told_as_failed(line: Line) -> None:
    line.fault("error", code=LOCKED, method="GET")
    with pytest.raises(GraphError):
        line.stage()
    assert last(line).trace_id
    assert line.told.take() == ["staged failed"]


def test_a_store_that_could_not_be_written_is_the_one_that_is_told_as_failed(line: Line) -> None:
    class Full(FileStore):
        def write(self, ring: KeyRing, expected: Versioned) -> Versioned:
            raise StoreUnavailableError(self.url, "can't be written: no space left")

    key = line.rotate()
    line.told.take()
    full = Full(str(line.folder / "ring1.json"))
    with pytest.raises(StoreUnavailableError):
        claim_stores(Recorded(), [*line.stores, full], line.session(), passphrase=None)
    assert (last(line).fingerprint, last(line).store) == (key, full.url)
    assert line.told.take() == ["staged failed"]
