"""What the audit log tells of the stack's own ring, which the state records."""

from dataclasses import replace
from datetime import timedelta

import pytest

from tests.contract.conftest import LOCKED, Line
from tests.contract.stacks_ring import begin, extend, new_key
from tests.contract.told import WHOLE, last
from whatsapp_flow_keys.audit import Operation
from whatsapp_flow_keys.errors import DeletionRefusedError, StoreUnavailableError
from whatsapp_flow_keys.lifecycle.registration import register
from whatsapp_flow_keys.lifecycle.removal import Force, remove_recorded_ring
from whatsapp_flow_keys.lifecycle.staging import extend_recorded_ring
from whatsapp_flow_keys.lifecycle.wanted import Wanted
from whatsapp_flow_keys.registrars.meta_graph.errors import GraphError
from whatsapp_flow_keys.ring import KeyRing
from whatsapp_flow_keys.stores.recorded import RecordedRing
from whatsapp_flow_keys.stores.store import Store


def register_recorded(line: Line, wanted: Wanted, ring: KeyRing) -> None:
    register(wanted, [RecordedRing(ring)], line.session())


def test_the_stacks_own_ring_is_told_as_staged_when_its_resource_records_it(line: Line) -> None:
    first, second = new_key(), new_key()
    ring = begin(line, first)
    assert (last(line).fingerprint, last(line).store) == (first.key.fingerprint, "stack")
    ring = extend(line, ring, second)
    assert line.told.take() == ["staged", "staged"]
    extend(line, ring, second)
    assert line.told.take() == []


def test_a_ring_of_the_stack_that_is_not_begun_is_told_as_a_failed_staging(line: Line) -> None:
    new = new_key()
    line.fault("error", code=LOCKED, method="GET")
    with pytest.raises(GraphError):
        begin(line, new)
    assert last(line).fingerprint == new.key.fingerprint
    assert line.told.take() == ["staged failed"]


def test_a_ring_of_the_stack_that_is_not_extended_is_told_as_a_failed_staging(line: Line) -> None:
    ring, new, locked = begin(line, new_key()), new_key(), line.stores[0]
    line.told.take()
    (line.folder / "ring0.json").mkdir()
    with pytest.raises(StoreUnavailableError):
        extend_recorded_ring(ring, new, [locked], line.session())
    assert last(line).fingerprint == new.key.fingerprint
    assert line.told.take() == ["staged failed"]


def test_with_the_stack_as_the_store_a_key_is_promoted_when_the_state_comes_to_record_it_as_proven(line: Line) -> None:
    new = new_key()
    ring = begin(line, new)
    wanted = line.wanted(new.key.fingerprint)
    register_recorded(line, wanted, ring)
    assert last(line).store == "stack"
    assert line.told.take() == WHOLE
    register_recorded(line, wanted, ring)  # the state wasn't saved
    assert line.told.take() == ["verified", "promoted"]
    proven = replace(wanted, proven=new.key.fingerprint)
    register_recorded(line, proven, ring)
    assert line.told.take() == []


def test_a_stacks_ring_with_a_backup_is_told_as_one_without(line: Line) -> None:
    """But for the key's promotion in the backup itself."""
    new = new_key()
    ring = begin(line, new)
    backup = line.stores[0]
    backup.write(ring, backup.read())
    wanted = line.wanted(new.key.fingerprint)
    line.told.take()
    stores: list[Store] = [RecordedRing(ring), backup]
    register(wanted, stores, line.session())
    told = [(event.operation.value, event.store) for event in line.told.events]
    assert told[-3:] == [("verified", None), ("promoted", backup.url), ("promoted", "stack")]
    line.told.take()
    stores = [RecordedRing(ring), backup]
    register(replace(wanted, proven=wanted.fingerprint), stores, line.session())
    assert line.told.take() == []


def test_a_rotation_of_the_stacks_ring_does_not_tell_again_what_its_registration_told(line: Line) -> None:
    first = new_key()
    ring = begin(line, first)
    wanted = line.wanted(first.key.fingerprint)
    register_recorded(line, wanted, ring)
    line.told.take()
    extend(line, ring, new_key())
    assert line.told.take() == ["staged"]


def test_a_key_that_leaves_the_stacks_ring_is_told_as_retired(line: Line) -> None:
    keys = [new_key() for _ in range(4)]
    ring = begin(line, keys[0])
    line.emulator.set_key(line.number, keys[0].key.public_key_pem)
    for key in keys[1:]:
        line.clock.time += timedelta(days=2)
        ring = extend(line, ring, key)
        line.emulator.set_key(line.number, key.key.public_key_pem)
    retired = [event.fingerprint for event in line.told.of(Operation.RETIRED)]
    assert retired == [key.key.fingerprint for key in keys if key.key.fingerprint not in ring]
    assert retired


def test_a_stacks_ring_that_goes_is_told_as_deleted_but_for_the_keys_of_the_ring_that_replaced_it(line: Line) -> None:
    first, second = new_key(), new_key()
    ring = begin(line, first)
    ring = extend(line, ring, second)
    line.told.take()
    kept = frozenset({second.key.fingerprint})
    remove_recorded_ring(ring, line.session(), survivors=lambda: kept, beside=kept, force=Force(recorded=True))
    assert (last(line).fingerprint, last(line).store) == (first.key.fingerprint, "stack")
    assert line.told.take() == ["deleted"]


def test_a_refused_deletion_of_the_stacks_ring_names_it(line: Line) -> None:
    new = new_key()
    ring = begin(line, new)
    line.emulator.set_key(line.number, new.key.public_key_pem)
    with pytest.raises(DeletionRefusedError):
        remove_recorded_ring(ring, line.session(), survivors=frozenset, beside=frozenset(), force=Force())
    assert (last(line).fingerprint, last(line).store) == (new.key.fingerprint, "stack")
