"""What counts as evidence when a ring of the stack goes, and when a place or Meta can't be asked."""

from collections.abc import Callable

import pytest

from tests.contract.conftest import LOCKED, Line
from tests.contract.removals import HOUR
from whatsapp_flow_keys.audit import Operation
from whatsapp_flow_keys.errors import DeletionRefusedError, StoreUnavailableError
from whatsapp_flow_keys.keys import PrivateKey
from whatsapp_flow_keys.lifecycle.removal import Force, Opening, remove_recorded_ring, remove_stored_ring
from whatsapp_flow_keys.ring import KeyRing, newest_first


def remove(
    line: Line,
    ring: KeyRing,
    *,
    survivors: Callable[[], frozenset[str]] = frozenset,
    beside: frozenset[str] = frozenset(),
    force: Force | None = None,
) -> None:
    remove_recorded_ring(
        ring, line.session(), survivors=survivors, beside=beside, force=force or Force(), otherwise=" Or look there."
    )


def test_a_recorded_ring_stays_while_meta_serves_its_key(line: Line) -> None:
    key = line.rotate()
    with pytest.raises(
        DeletionRefusedError, match=f"Meta serves key {key}.*the stack's key ring.* Or look there"
    ) as no:
        remove(line, line.ring())
    assert no.value.fingerprint == key


def test_a_recorded_ring_goes_while_its_key_lives_on_elsewhere(line: Line) -> None:
    key = line.rotate()
    remove(line, line.ring(), survivors=lambda: frozenset({key}))
    remove(line, line.ring(), beside=frozenset({key}))


@pytest.mark.parametrize("is_meta_asked", [False, True])
def test_a_recorded_ring_goes_while_nothing_is_lost_with_it(line: Line, is_meta_asked: bool) -> None:
    """Meta serves somebody else's key, or says nothing."""
    key = line.rotate()
    line.emulator.set_key(line.number, PrivateKey.generate().public_key_pem)
    if not is_meta_asked:
        line.fault("error", code=LOCKED, method="GET")
    remove(line, line.ring(), survivors=lambda: frozenset({key}))


def test_what_a_ring_beside_it_holds_is_not_told_as_deleted(line: Line) -> None:
    first, second = line.rotate(), line.rotate()
    line.clock.time += HOUR
    line.told.take()
    remove(line, line.ring(), beside=frozenset({second}))
    assert [event.fingerprint for event in line.told.of(Operation.DELETED)] == [first]


def test_nothing_at_meta_is_no_reason_to_let_the_newest_key_of_the_stack_go(line: Line) -> None:
    """In the stack every key counts as offered, and none is marked as proven before its registration ends."""
    key = line.stage()
    line.clock.time += HOUR
    with pytest.raises(DeletionRefusedError, match=f"the number has no key, but key {key}"):
        remove(line, line.ring())
    remove(line, line.ring(), force=Force(fingerprint=key))


def test_an_empty_ring_of_the_stack_goes(line: Line) -> None:
    remove(line, KeyRing(line.number, "org/flows/prod", "key-1"))


def test_while_meta_can_not_be_asked_the_current_key_is_named_though_a_newer_one_comes_first(line: Line) -> None:
    current = line.rotate()
    line.stage()
    ring = newest_first(line.ring())
    assert ring.keys[0].fingerprint != current
    line.fault("error", code=LOCKED, method="GET")
    with pytest.raises(DeletionRefusedError, match=f"WHATSAPP_FORCE_DESTROY={current}") as refused:
        remove(line, ring)
    assert refused.value.fingerprint == current


def test_a_recorded_ring_goes_unasked_where_that_was_recorded(line: Line) -> None:
    line.rotate()
    line.fault("error", code=LOCKED, method="GET")
    remove(line, line.ring(), force=Force(recorded=True))


def test_a_place_that_fails_while_a_recorded_ring_goes_is_told_as_a_failed_deletion(line: Line) -> None:
    line.rotate()

    def fails() -> frozenset[str]:
        raise StoreUnavailableError("the store", "down")

    line.told.take()
    with pytest.raises(StoreUnavailableError):
        remove(line, line.ring(), survivors=fails)
    assert line.told.take() == ["deleted failed"]


def test_what_may_hold_any_key_keeps_the_passphrase_while_meta_can_not_be_asked(line: Line) -> None:
    line.rotate()
    store = line.stores[0]
    (line.folder / "ring0.json").write_text("another tool's")
    line.fault("error", code=LOCKED, method="GET")
    with pytest.raises(DeletionRefusedError, match="is not known, so nothing was deleted"):
        remove_stored_ring(store, [], line.session(), force=Force(), opening=Opening((), True), document_stays=True)


def test_a_copy_in_the_clear_that_stays_lets_the_passphrase_go(line: Line) -> None:
    line.rotate()
    remove_stored_ring(
        line.stores[0], [], line.session(), force=Force(), opening=Opening((), True), document_stays=True
    )
    assert (line.folder / "ring0.json").exists()


def test_a_ring_goes_while_meta_serves_a_key_that_a_backup_holds_though_another_was_the_last_proven(line: Line) -> None:
    line.backups = 1
    line.rotate()
    pem = line.emulator.served(line.number)[0]
    snapshot = (line.folder / "ring1.json").read_bytes()
    line.rotate()
    (line.folder / "ring1.json").write_bytes(snapshot)
    line.emulator.set_key(line.number, pem)
    line.clock.time += HOUR
    store, backup = line.stores
    remove_stored_ring(store, [backup], line.session(), force=Force())
    assert not (line.folder / "ring0.json").exists()
