"""Removal: a ring goes only where no key that Meta serves goes with it."""

import pytest

from tests.contract.conftest import Line
from whatsapp_flow_keys.errors import DeletionRefusedError
from whatsapp_flow_keys.graph.errors import AccountLockedError
from whatsapp_flow_keys.lifecycle.removal import Force, remove_from_store


def remove(line: Line, *, owner: str = "key-1", force: Force | None = None) -> None:
    store, *backups = line.stores
    remove_from_store(line.claim(owner), store, backups, graph=line.graph, force=force or Force())


def exists(line: Line) -> bool:
    return (line.folder / "ring0.json").exists()


def test_a_ring_whose_key_is_served_stays_and_the_error_names_the_key_and_the_ways_on(line: Line) -> None:
    key = line.rotate()
    with pytest.raises(DeletionRefusedError) as refused:
        remove(line)
    assert key in str(refused.value)
    assert "force_destroy=True" in str(refused.value)
    assert f"WHATSAPP_FORCE_DESTROY={key}" in str(refused.value)
    assert "retain_on_delete" in str(refused.value)
    assert exists(line)


def test_a_ring_whose_previous_key_is_the_served_one_stays(line: Line) -> None:
    first = line.rotate()
    pem = line.emulator.served(line.number)[0]
    line.rotate()
    line.emulator.set_key(line.number, pem)
    with pytest.raises(DeletionRefusedError, match=f"Meta serves key {first}"):
        remove(line)


def test_a_ring_whose_pending_key_is_the_served_one_stays(line: Line) -> None:
    line.rotate()
    pending = line.stage()
    line.fault("error", code=131031, method="GET", after=1)
    with pytest.raises(AccountLockedError):
        line.register(pending)
    line.emulator.clear_faults()
    with pytest.raises(DeletionRefusedError, match=f"Meta serves key {pending}"):
        remove(line)


def test_a_ring_of_another_owner_is_left_alone_without_a_word(line: Line) -> None:
    line.rotate()
    remove(line, owner="a replaced key")
    assert exists(line)


def test_a_ring_goes_while_a_backup_holds_the_served_key(line: Line) -> None:
    line.backups = 1
    line.rotate()
    remove(line)
    assert not exists(line)
    assert line.served() in line.roles(1)


def test_a_backup_that_lacks_the_served_key_does_not_count(line: Line) -> None:
    line.rotate()
    snapshot = (line.folder / "ring0.json").read_bytes()
    line.rotate()
    line.backups = 1
    (line.folder / "ring1.json").write_bytes(snapshot)
    with pytest.raises(DeletionRefusedError):
        remove(line)


def test_a_backup_that_can_not_be_read_does_not_count(line: Line) -> None:
    line.rotate()
    line.backups = 1
    (line.folder / "ring1.json").write_text("garbage")
    with pytest.raises(DeletionRefusedError):
        remove(line)


def test_a_ring_goes_when_meta_serves_nothing(line: Line) -> None:
    line.rotate()
    line.emulator.set_key(line.number, None)
    remove(line)
    assert not exists(line)


def test_a_ring_goes_when_the_number_was_deleted(line: Line) -> None:
    line.rotate()
    line.emulator.add_number(line.number, deleted=True)
    remove(line)
    assert not exists(line)


@pytest.mark.parametrize("code", [100, 190, 803, 131031, 200])
def test_any_other_failed_read_refuses(line: Line, code: int) -> None:
    line.rotate()
    line.fault("error", code=code, method="GET")
    with pytest.raises(DeletionRefusedError, match="is not known, so it was not deleted"):
        remove(line)


def test_recorded_force_deletes_a_served_key(line: Line) -> None:
    line.rotate()
    remove(line, force=Force(recorded=True))
    assert not exists(line)


def test_a_fingerprint_forces_only_its_own_key(line: Line) -> None:
    first = line.rotate()
    second = line.rotate()
    with pytest.raises(DeletionRefusedError):
        remove(line, force=Force(fingerprint=first))
    remove(line, force=Force(fingerprint=second))
    assert not exists(line)


def test_removing_twice_does_nothing_the_second_time(line: Line) -> None:
    line.rotate()
    remove(line, force=Force(recorded=True))
    remove(line)
    assert not exists(line)
