"""What a clock that is wrong does to the rules of 24 h and 1 h, as docs/rotation.md says it."""

from datetime import UTC, datetime, timedelta

import pytest

from whatsapp_flow_keys.ring import KeyRing, RingKey, Role, may_come_to_be_served, retire

OFFERED = datetime(2026, 11, 24, 12, tzinfo=UTC)
SERVED = RingKey("served", Role.CURRENT, "2026-11-24", OFFERED, "PEM")
REPLACED = RingKey("replaced", Role.RETAINED, "2026-08-25", OFFERED, "PEM")
RING = KeyRing("106540352242922", "acme/flows/prod", "owner", 1, (SERVED, REPLACED))
A_YEAR = timedelta(days=365)


def is_kept(now: datetime) -> bool:
    return "replaced" in retire(RING, served="served", desired="served", now=now)


def may_be_under_way(now: datetime) -> bool:
    return "replaced" in may_come_to_be_served(RING.keys, now)


@pytest.mark.parametrize("now", [OFFERED - A_YEAR, OFFERED - timedelta(seconds=1), OFFERED + timedelta(hours=23)])
def test_a_clock_that_was_set_back_keeps_a_replaced_key(now: datetime) -> None:
    assert is_kept(now)


@pytest.mark.parametrize("now", [OFFERED + timedelta(hours=24), OFFERED + A_YEAR])
def test_a_clock_that_is_ahead_lets_it_go_early(now: datetime) -> None:
    assert not is_kept(now)


@pytest.mark.parametrize("now", [OFFERED - A_YEAR, OFFERED - timedelta(seconds=1), OFFERED + timedelta(minutes=59)])
def test_a_clock_that_was_set_back_goes_on_refusing_a_destroy(now: datetime) -> None:
    assert may_be_under_way(now)


@pytest.mark.parametrize("now", [OFFERED + timedelta(hours=1), OFFERED + A_YEAR])
def test_a_clock_that_is_ahead_refuses_it_for_a_shorter_time(now: datetime) -> None:
    assert not may_be_under_way(now)
