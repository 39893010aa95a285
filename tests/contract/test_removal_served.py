"""Removal: a ring goes only where no key that Meta serves goes with it; what Meta answers decides."""

import pytest

from tests.contract.conftest import Line
from tests.contract.removals import HOUR, exists, remove
from tests.passphrases import strong
from whatsapp_flow_keys.errors import DeletionRefusedError
from whatsapp_flow_keys.keys import PrivateKey
from whatsapp_flow_keys.lifecycle.removal import Force
from whatsapp_flow_keys.registrars.meta_graph.errors import AccountLockedError


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


@pytest.mark.parametrize("passphrase_goes", [False, True])
def test_a_ring_goes_while_meta_serves_a_key_that_no_place_of_it_holds(line: Line, passphrase_goes: bool) -> None:
    line.backups, line.passphrase = 1, strong("generated words")
    line.rotate()
    line.emulator.set_key(line.number, PrivateKey.generate().public_key_pem)
    line.clock.time += HOUR
    remove(line, passphrase_goes=passphrase_goes)
    assert not exists(line)


@pytest.mark.parametrize("passphrase_goes", [False, True])
def test_a_ring_goes_when_meta_serves_nothing_and_none_of_its_keys_was_ever_proven(
    line: Line, passphrase_goes: bool
) -> None:
    line.passphrase = strong("generated words")
    line.offer_in_vain()
    line.clock.time += HOUR
    remove(line, passphrase_goes=passphrase_goes)
    assert not exists(line)


@pytest.mark.parametrize("passphrase_goes", [False, True])
def test_nothing_at_meta_beside_a_proven_key_is_asked_again_and_no_reason_to_delete(
    line: Line, passphrase_goes: bool
) -> None:
    line.passphrase = strong("generated words")
    proven = line.rotate()
    line.emulator.set_key(line.number, None)
    line.clock.time += HOUR
    line.emulator.clear_requests()
    with pytest.raises(DeletionRefusedError, match=f"the number has no key, but key {proven}"):
        remove(line, passphrase_goes=passphrase_goes)
    assert exists(line)
    assert len(line.emulator.requests(line.number, "GET")) == 3
    remove(line, force=Force(fingerprint=proven), passphrase_goes=passphrase_goes)
    assert not exists(line)


@pytest.mark.parametrize("is_another_staged", [False, True])
def test_an_answer_that_was_empty_once_lets_no_served_key_go(line: Line, is_another_staged: bool) -> None:
    """The number is asked again, and then Meta names the key."""
    key = line.rotate()
    if is_another_staged:
        line.stage()
    pem = line.emulator.served(line.number)[0]
    line.emulator.set_key(line.number, None)
    line.clock.on_sleep.append(lambda: line.emulator.set_key(line.number, pem))
    line.clock.time += HOUR
    with pytest.raises(DeletionRefusedError, match=f"Meta serves key {key}"):
        remove(line)


def test_a_ring_goes_when_the_number_was_deleted(line: Line) -> None:
    line.rotate()
    line.emulator.add_number(line.number, deleted=True)
    remove(line)
    assert not exists(line)


@pytest.mark.parametrize("code", [100, 190, 803, 131031, 200])
def test_any_other_failed_read_refuses(line: Line, code: int) -> None:
    line.rotate()
    line.fault("error", code=code, method="GET")
    with pytest.raises(DeletionRefusedError, match="is not known, so nothing was deleted"):
        remove(line)


def test_a_clock_that_is_wrong_refuses(line: Line) -> None:
    """The hour in which a publication may still take effect can't be counted then."""
    line.rotate()
    line.fault("wrong_date", method="GET", seconds_ahead=-365 * 86400)
    with pytest.raises(DeletionRefusedError, match="365 days ahead of Meta's"):
        remove(line)
    assert exists(line)
