"""The seats of a key ring: which key sits where after a promotion, in which order, and whose offer is whose."""

from datetime import UTC, datetime, timedelta

import pytest

from whatsapp_flow_keys.ring import KeyRing, RingKey, Role, promote, stage, union

NOON = datetime(2026, 11, 24, 12, tzinfo=UTC)
AN_HOUR_AGO = NOON - timedelta(hours=1)
LONG_AGO = NOON - timedelta(days=90)


def held(name: str, role: Role, offered_at: datetime | None = LONG_AGO) -> RingKey:
    return RingKey(name, role, "2026-08-25", offered_at, f"PEM of {name}\n")


def ring(*keys: RingKey, revision: int = 1) -> KeyRing:
    return KeyRing("106540352242922", "acme/flows/prod", "owner-1", revision, keys)


def seats(of: KeyRing) -> list[tuple[str, Role]]:
    return [(key.fingerprint, key.role) for key in of.keys]


def test_a_ring_that_was_never_written_has_revision_0() -> None:
    assert KeyRing("106540352242922", "acme/flows/prod", "owner-1").revision == 0


def test_the_current_key_promoted_again_leaves_the_previous_one_in_its_seat() -> None:
    before = ring(held("a", Role.CURRENT), held("z", Role.PREVIOUS))
    assert seats(promote(before, "a", desired="a", now=NOON)) == [("a", Role.CURRENT), ("z", Role.PREVIOUS)]


def test_a_promoted_key_keeps_the_moment_of_its_offer() -> None:
    promoted = promote(ring(held("b", Role.PENDING, AN_HOUR_AGO)), "b", desired="b", now=NOON)
    assert [key.offered_at for key in promoted.keys] == [AN_HOUR_AGO]


@pytest.mark.parametrize("role", [Role.PENDING, Role.PREVIOUS, Role.RETAINED])
def test_a_key_staged_again_is_in_the_ring_once(role: Role) -> None:
    staged = stage(ring(held("a", Role.CURRENT), held("b", role)), held("b", Role.PENDING, None), served="a", now=NOON)
    assert seats(staged) == [("a", Role.CURRENT), ("b", Role.PENDING)]


def test_the_seats_stand_in_one_order_however_the_rings_were_joined() -> None:
    lone = [
        ring(held("z", Role.RETAINED), held("p", Role.PREVIOUS), held("n", Role.PENDING), held("c", Role.CURRENT)),
        ring(held("y", Role.RETAINED), revision=0),
    ]
    joined = union(lone)
    assert joined is not None
    assert [key.role for key in joined.keys] == [
        Role.CURRENT,
        Role.PENDING,
        Role.PREVIOUS,
        Role.RETAINED,
        Role.RETAINED,
    ]


def test_a_union_gives_no_key_the_offer_of_another() -> None:
    joined = union([ring(held("a", Role.CURRENT), held("b", Role.PENDING, None), held("c", Role.RETAINED, NOON))])
    assert joined is not None
    assert {key.fingerprint: key.offered_at for key in joined.keys} == {"a": LONG_AGO, "b": None, "c": NOON}
