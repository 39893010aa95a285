"""Promise P5: which keys are published over, which are adopted, and what the refusal names."""

import pytest

from whatsapp_flow_keys.errors import ForeignKeyError
from whatsapp_flow_keys.lifecycle.foreign_key import foreign_key_error, refuse_foreign_key, refuse_other_key
from whatsapp_flow_keys.ring import KeyRing, RingKey, Role

OURS, FOREIGN, ANOTHER = "a" * 64, "b" * 64, "c" * 64
NUMBER = "106540352242922"


def ring(role: Role | None = Role.CURRENT) -> KeyRing:
    keys = () if role is None else (RingKey(OURS, role, "2026-08-25", None, "PEM"),)
    return KeyRing(NUMBER, "acme/flows/prod", "owner-1", 1, keys)


@pytest.mark.parametrize("served", [None, OURS])
def test_nothing_and_our_own_key_are_published_over(served: str | None) -> None:
    refuse_foreign_key(served, ring(), replaceable=[])


def test_a_foreign_key_is_published_over_only_where_it_is_named() -> None:
    with pytest.raises(ForeignKeyError) as refused:
        refuse_foreign_key(FOREIGN, ring(), replaceable=[ANOTHER])
    assert f"phone number {NUMBER}: " in str(refused.value)
    assert f'take_over="{FOREIGN}"' in str(refused.value)
    refuse_foreign_key(FOREIGN, ring(), replaceable=[FOREIGN])


@pytest.mark.parametrize("helps", [True, False])
def test_a_refresh_is_advised_only_where_it_helps(helps: bool) -> None:
    refused = foreign_key_error(FOREIGN, ring(), replaceable=[], refresh_helps=helps)
    assert ("pulumi up --refresh" in str(refused)) is helps


def test_what_most_people_need_is_said_first_and_a_rare_way_on_last() -> None:
    with pytest.raises(ForeignKeyError) as refused:
        refuse_foreign_key(FOREIGN, ring(), replaceable=[], last=". Look there")
    words = ("Meta serves a public key already", FOREIGN, "Nothing was changed", "existing_private_key", "take_over")
    found = [str(refused.value).index(word) for word in (*words, "Look there")]
    assert found == sorted(found)


@pytest.mark.parametrize("role", [*Role, None])
def test_the_served_key_is_adopted_whatever_the_ring_holds(role: Role | None) -> None:
    refuse_other_key(FOREIGN, FOREIGN, ring(role), replaceable=[])


def test_another_key_than_the_served_one_is_adopted_only_where_that_is_named() -> None:
    with pytest.raises(ForeignKeyError) as refused:
        refuse_other_key(ANOTHER, FOREIGN, ring(), replaceable=[OURS])
    assert f"holds key {ANOTHER}, but Meta serves {FOREIGN}" in str(refused.value)
    assert f'take_over="{FOREIGN}"' in str(refused.value)
    refuse_other_key(ANOTHER, FOREIGN, ring(), replaceable=[FOREIGN])


def test_where_meta_serves_none_the_current_key_is_the_live_one() -> None:
    refuse_other_key(OURS, None, ring(), replaceable=[])
    with pytest.raises(ForeignKeyError, match=f"Meta serves no key, and current in this key ring is {OURS}"):
        refuse_other_key(ANOTHER, None, ring(), replaceable=[])
    refuse_other_key(ANOTHER, None, ring(), replaceable=[OURS])


@pytest.mark.parametrize("role", [Role.PENDING, None])
def test_where_no_key_was_ever_proven_any_is_adopted(role: Role | None) -> None:
    refuse_other_key(ANOTHER, None, ring(role), replaceable=[])
