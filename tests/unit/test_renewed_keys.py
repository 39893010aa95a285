"""Keys that are read again: what the endpoint holds then, and what it never lets go."""

import pytest

from tests.forms import NUMBER, key, ring
from whatsapp_flow_endpoint import FlowKeys
from whatsapp_flow_keys.errors import StoreError


def test_keys_of_an_older_ring_take_none_away() -> None:
    held = FlowKeys(ring(key(), key("previous"), revision=5))
    rolled_back = held.renewed(ring(key("previous"), key("older"), revision=4))
    assert set(rolled_back.fingerprints) == {key(name).fingerprint for name in ("current", "previous", "older")}
    assert held.renewed(ring(key("newer"), revision=6)).fingerprints == (key("newer").fingerprint,)


def test_another_ring_of_the_same_revision_takes_none_away() -> None:
    """Which of the two is right nobody can say."""
    held = FlowKeys(ring(key(), revision=5)).renewed(ring(key("another"), revision=5))
    assert set(held.fingerprints) == {key().fingerprint, key("another").fingerprint}


def test_a_ring_that_was_rolled_back_stays_behind_until_it_catches_up() -> None:
    held = FlowKeys(ring(key(), revision=5)).renewed(ring(key("older"), revision=3))
    assert key().fingerprint in held.renewed(ring(key("older"), revision=4)).fingerprints


def test_keys_that_are_held_are_not_parsed_again(monkeypatch: pytest.MonkeyPatch) -> None:
    before = ring(key(), key("previous"))
    held = FlowKeys(before)

    def never(*_: object) -> None:
        raise AssertionError("a key was parsed again")

    monkeypatch.setattr("whatsapp_flow_endpoint.flow_keys.open_key", never)
    assert held.renewed(before).keys == held.keys


def test_a_ring_without_keys_is_refused_and_takes_none_away() -> None:
    with pytest.raises(StoreError, match=f"phone number {NUMBER}: its key ring holds no key"):
        FlowKeys(ring())
    with pytest.raises(StoreError, match="holds no key"):
        FlowKeys(ring(key())).renewed(ring(revision=2))


def test_another_numbers_ring_is_refused() -> None:
    with pytest.raises(StoreError, match=f"phone number {NUMBER}: its key ring is now that of 4711471147"):
        FlowKeys(ring(key())).renewed(ring(key(), number="4711471147"))
