"""The key ring: its pure functions one by one, and what no sequence of them may ever lose."""

from dataclasses import replace
from datetime import UTC, datetime, timedelta

import pytest
from hypothesis import settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, initialize, invariant, precondition, rule

from whatsapp_flow_keys.ring import (
    KeyRing,
    RingKey,
    Role,
    keep_both,
    may_come_to_be_served,
    newest_first,
    offer,
    promote,
    retire,
    stage,
    union,
)

NOON = datetime(2026, 11, 24, 12, tzinfo=UTC)
LONG_AGO = NOON - timedelta(days=90)
A_DAY = timedelta(hours=24)
A_DAY_AGO = NOON - A_DAY
JUST_UNDER_A_DAY_AGO = A_DAY_AGO + timedelta(seconds=1)


def held(name: str, role: Role, offered_at: datetime | None = LONG_AGO) -> RingKey:
    return RingKey(name, role, "2026-08-25", offered_at, f"PEM of {name}\n")


def new(name: str) -> RingKey:
    return held(name, Role.PENDING, None)


def ring(*keys: RingKey, revision: int = 1) -> KeyRing:
    return KeyRing("106540352242922", "acme/flows/prod", "owner-1", revision, keys)


def roles(of: KeyRing) -> dict[str, Role]:
    return {key.fingerprint: key.role for key in of.keys}


def test_a_staged_key_is_pending_and_was_never_offered() -> None:
    staged = stage(ring(held("a", Role.CURRENT)), new("b"), served="a", now=NOON)
    assert roles(staged) == {"a": Role.CURRENT, "b": Role.PENDING}
    assert staged.keys[1].offered_at is None


@pytest.mark.parametrize("served", ["a", "somebody else's", None])
def test_a_pending_key_that_was_never_offered_is_replaced_by_the_next(served: str | None) -> None:
    staged = stage(ring(held("a", Role.CURRENT), new("b")), new("c"), served=served, now=NOON)
    assert roles(staged) == {"a": Role.CURRENT, "c": Role.PENDING}


def test_the_key_that_the_state_records_stays_until_another_is_recorded() -> None:
    before = ring(held("a", Role.CURRENT), new("b"))
    once = stage(before, new("c"), served="a", now=NOON, recorded="b")
    assert roles(once) == {"a": Role.CURRENT, "c": Role.PENDING, "b": Role.RETAINED}
    again = stage(once, new("d"), served="a", now=NOON, recorded="b")
    assert roles(again) == {"a": Role.CURRENT, "d": Role.PENDING, "b": Role.RETAINED}
    assert roles(stage(again, new("e"), served="a", now=NOON, recorded="d")) == {
        "a": Role.CURRENT,
        "e": Role.PENDING,
        "d": Role.RETAINED,
    }


def test_a_retained_key_that_was_never_offered_leaves_once_it_is_not_desired() -> None:
    before = ring(held("a", Role.CURRENT), held("b", Role.RETAINED, None))
    assert retire(before, served="a", desired="b", now=NOON) == before
    assert roles(retire(before, served="a", desired="a", now=NOON)) == {"a": Role.CURRENT}


def test_a_pending_key_that_was_offered_is_retained_and_its_grace_begins() -> None:
    staged = stage(ring(held("a", Role.CURRENT), held("b", Role.PENDING)), new("c"), served="a", now=NOON)
    assert roles(staged) == {"a": Role.CURRENT, "c": Role.PENDING, "b": Role.RETAINED}
    assert staged.keys[2].offered_at == NOON


def test_a_pending_key_that_meta_serves_is_retained_though_we_never_offered_it() -> None:
    staged = stage(ring(held("a", Role.CURRENT), new("b")), new("c"), served="b", now=NOON)
    assert roles(staged) == {"a": Role.CURRENT, "c": Role.PENDING, "b": Role.RETAINED}


def test_the_current_key_staged_again_changes_nothing() -> None:
    before = ring(held("a", Role.CURRENT), held("b", Role.PENDING))
    assert stage(before, new("a"), served="a", now=NOON) == before


def test_a_key_staged_again_keeps_its_record() -> None:
    before = ring(held("a", Role.CURRENT), held("b", Role.RETAINED, JUST_UNDER_A_DAY_AGO))
    staged = stage(before, new("b"), served="a", now=NOON)
    assert staged.key("b") == held("b", Role.PENDING, JUST_UNDER_A_DAY_AGO)


def test_staging_drops_what_is_past_its_grace() -> None:
    before = ring(held("a", Role.CURRENT), held("z", Role.RETAINED, A_DAY_AGO))
    assert "z" not in stage(before, new("b"), served="a", now=NOON)


def test_an_offer_is_marked_on_its_key_alone() -> None:
    offered = offer(ring(held("a", Role.CURRENT), new("b")), "b", now=NOON)
    assert [key.offered_at for key in offered.keys] == [LONG_AGO, NOON]


def test_a_promoted_key_is_current_and_the_one_before_previous() -> None:
    promoted = promote(ring(held("a", Role.CURRENT), held("b", Role.PENDING)), "b", desired="b", now=NOON)
    assert roles(promoted) == {"b": Role.CURRENT, "a": Role.PREVIOUS}


def test_a_key_that_loses_the_first_seat_has_its_grace_from_then_on() -> None:
    promoted = promote(ring(held("a", Role.CURRENT), held("b", Role.PENDING)), "b", desired="b", now=NOON)
    lost_its_seat = promoted.key("a")
    assert lost_its_seat is not None
    assert lost_its_seat.offered_at == NOON


@pytest.mark.parametrize("role", list(Role))
def test_a_served_key_becomes_current_wherever_it_lay(role: Role) -> None:
    promoted = promote(ring(held("a", Role.RETAINED), held("b", role)), "b", desired="b", now=NOON)
    assert promoted.current is not None
    assert promoted.current.fingerprint == "b"


def test_a_pending_key_stays_pending_while_another_is_promoted() -> None:
    before = ring(held("a", Role.CURRENT), new("c"), held("b", Role.RETAINED))
    promoted = promote(before, "b", desired="c", now=NOON)
    assert roles(promoted) == {"b": Role.CURRENT, "c": Role.PENDING, "a": Role.PREVIOUS}


def test_what_was_previous_is_retained_for_its_grace() -> None:
    before = ring(held("b", Role.CURRENT), held("c", Role.PENDING), held("a", Role.PREVIOUS, JUST_UNDER_A_DAY_AGO))
    assert roles(promote(before, "c", desired="c", now=NOON))["a"] is Role.RETAINED


def test_what_was_previous_leaves_once_its_grace_is_over() -> None:
    before = ring(held("b", Role.CURRENT), held("c", Role.PENDING), held("a", Role.PREVIOUS, A_DAY_AGO))
    assert "a" not in promote(before, "c", desired="c", now=NOON)


def test_a_key_that_nobody_offered_counts_as_offered_once_meta_serves_it() -> None:
    promoted = promote(ring(new("b")), "b", desired="b", now=NOON)
    assert promoted.keys[0].offered_at == NOON


def test_a_retained_key_leaves_24_hours_after_its_last_offer_and_not_before() -> None:
    before = ring(
        held("a", Role.CURRENT),
        held("y", Role.RETAINED, JUST_UNDER_A_DAY_AGO),
        held("z", Role.RETAINED, A_DAY_AGO),
    )
    assert roles(retire(before, served="a", desired="a", now=NOON)) == {"a": Role.CURRENT, "y": Role.RETAINED}


@pytest.mark.parametrize("role", list(Role))
def test_a_publication_may_be_under_way_for_an_hour_after_the_offer_and_no_longer(role: Role) -> None:
    keys = [
        held("59 minutes", role, NOON - timedelta(minutes=59)),
        held("61 minutes", role, NOON - timedelta(minutes=61)),
        held("never", role, None),
    ]
    assert may_come_to_be_served(keys, NOON) == ["59 minutes"]


@pytest.mark.parametrize("role", [Role.CURRENT, Role.PENDING, Role.PREVIOUS])
def test_a_key_with_a_seat_never_leaves_by_its_age(role: Role) -> None:
    assert "x" in retire(ring(held("x", role), held("s", Role.RETAINED)), served="s", desired="s", now=NOON)


@pytest.mark.parametrize(("served", "desired"), [("z", "a"), ("a", "z")])
def test_a_retained_key_that_is_served_or_desired_stays(served: str, desired: str) -> None:
    before = ring(held("a", Role.CURRENT), held("z", Role.RETAINED))
    assert retire(before, served=served, desired=desired, now=NOON) == before


@pytest.mark.parametrize("served", [None, "foreign"], ids=["nothing", "a key that is not ours"])
def test_nothing_leaves_while_meta_serves_no_key_of_the_ring(served: str | None) -> None:
    before = ring(held("a", Role.CURRENT), held("z", Role.RETAINED))
    assert retire(before, served=served, desired="a", now=NOON) == before


def test_the_union_of_no_rings_is_none() -> None:
    assert union([]) is None


@pytest.mark.parametrize("newest_is_first", [True, False])
def test_the_highest_revision_gives_roles_owner_and_names(newest_is_first: bool) -> None:
    newest = replace(ring(held("b", Role.CURRENT), held("a", Role.PREVIOUS), revision=7), owner="owner-2")
    oldest = ring(held("a", Role.CURRENT), held("b", Role.PENDING), revision=6)
    assert union([newest, oldest] if newest_is_first else [oldest, newest]) == newest


def test_an_offered_key_found_only_in_an_older_ring_is_retained() -> None:
    joined = union([ring(held("a", Role.CURRENT), revision=2), ring(held("z", Role.CURRENT))])
    assert joined is not None
    assert roles(joined) == {"a": Role.CURRENT, "z": Role.RETAINED}


def test_a_never_offered_key_of_an_older_ring_is_dropped() -> None:
    joined = union([ring(held("a", Role.CURRENT), revision=2), ring(new("z"))])
    assert joined is not None
    assert "z" not in joined


def test_the_desired_key_is_kept_though_an_older_ring_has_never_offered_it() -> None:
    joined = union([ring(held("a", Role.CURRENT), revision=2), ring(new("z"))], desired="z")
    assert joined is not None
    assert roles(joined) == {"a": Role.CURRENT, "z": Role.RETAINED}


def test_the_latest_offer_of_any_ring_counts() -> None:
    older = ring(held("a", Role.PENDING, NOON), revision=1)
    joined = union([ring(held("a", Role.PENDING, LONG_AGO), revision=2), older])
    assert joined is not None
    assert joined.keys[0].offered_at == NOON


def test_an_offer_known_to_an_older_ring_only_is_not_forgotten() -> None:
    joined = union([ring(new("a"), revision=2), ring(held("a", Role.PENDING, NOON), revision=1)])
    assert joined is not None
    assert joined.keys[0].offered_at == NOON


def test_of_two_writers_who_did_not_see_each_other_every_key_is_kept() -> None:
    before = (held("a", Role.CURRENT), held("z", Role.RETAINED))
    ours, theirs = ring(*before, new("b"), revision=3), ring(*before, new("c"), revision=3)
    kept = keep_both(ours, theirs, at=NOON)
    assert roles(kept) == {"a": Role.CURRENT, "b": Role.PENDING, "c": Role.RETAINED, "z": Role.RETAINED}


def test_a_key_of_the_other_writer_has_its_grace_from_when_it_wrote() -> None:
    kept = keep_both(ring(new("b"), revision=3), ring(new("c"), revision=3), at=NOON)
    assert kept.keys[1].offered_at == NOON


def test_it_does_not_matter_which_of_two_writers_keeps_both() -> None:
    ours, theirs = ring(new("b"), revision=3), ring(new("c"), revision=4)
    one, other = keep_both(ours, theirs, at=NOON), keep_both(theirs, ours, at=NOON)
    assert one == other
    assert set(roles(one)) == {"b", "c"}


def test_the_stacks_ring_shows_its_pending_key_first() -> None:
    shown = newest_first(ring(held("a", Role.CURRENT), new("b"), held("z", Role.PREVIOUS)))
    assert [key.fingerprint for key in shown.keys] == ["b", "a", "z"]


def test_the_bundle_holds_every_key_current_first() -> None:
    promoted = promote(ring(held("a", Role.CURRENT), held("b", Role.PENDING)), "b", desired="b", now=NOON)
    assert promoted.private_keys == "PEM of b\nPEM of a\n"


def test_no_repr_shows_a_private_key() -> None:
    assert "PEM of" not in repr(ring(held("a", Role.CURRENT)))


class AnySequence(RuleBasedStateMachine):
    """One number's ring through whatever the lifecycle may do to it, beside a ledger of what must still be there.

    The ledger is kept apart from the ring's own fields: ``handed_out`` is when Meta may last have taken or served a
    key; ``current`` is the last key proven at Meta, ``previous`` the one before, until it is staged again.
    """

    def __init__(self) -> None:
        super().__init__()
        self.now = NOON
        self.ring = ring(revision=0)
        self.served: str | None = None
        self.desired: str | None = None
        self.handed_out: dict[str, datetime] = {}
        self.current: str | None = None
        self.previous: str | None = None
        self.snapshots: list[KeyRing] = []
        self.made = 0

    def wrote(self, after: KeyRing) -> None:
        if self.served not in self.ring:
            offered = {key.fingerprint for key in self.ring.keys if key.offered_at}
            gone = offered - {key.fingerprint for key in after.keys}
            assert not gone, f"{gone} left while nobody knew what Meta would serve next"
        self.ring = replace(after, revision=self.ring.revision + 1)

    def of_ring(self, data: st.DataObject) -> str:
        return str(data.draw(st.sampled_from([key.fingerprint for key in self.ring.keys])))

    def seat(self, fingerprint: str) -> None:
        if self.current not in (None, fingerprint):
            self.handed_out[str(self.current)] = self.now
        if self.current != fingerprint:
            self.current, self.previous = fingerprint, self.current
        self.handed_out.setdefault(fingerprint, self.now)

    @initialize()
    def begin(self) -> None:
        self.stage_a_new_key()

    @rule(hours=st.sampled_from([1, 11, 23, 25, 24 * 90]))
    def time_passes(self, hours: int) -> None:
        self.now += timedelta(hours=hours)

    @rule()
    def stage_a_new_key(self) -> None:
        self.made += 1
        self.stage_key(f"key {self.made}")

    @rule(data=st.data())
    def stage_a_known_key(self, data: st.DataObject) -> None:
        self.stage_key(self.of_ring(data))

    def stage_key(self, name: str) -> None:
        pending = next((key for key in self.ring.keys if key.role is Role.PENDING), None)
        was_current = self.current == name
        self.wrote(stage(self.ring, new(name), served=self.served, now=self.now))
        self.desired = name
        if self.previous == name:
            self.previous = None
        unseated = pending is not None and pending.fingerprint != name and not was_current
        if pending is not None and unseated and (pending.offered_at or pending.fingerprint == self.served):
            self.handed_out[pending.fingerprint] = self.now

    @rule()
    def offer_the_desired_key(self) -> None:
        assert self.desired is not None
        self.wrote(offer(self.ring, self.desired, now=self.now))
        self.handed_out[self.desired] = self.now

    @precondition(lambda self: self.desired in self.handed_out)
    @rule()
    def meta_takes_the_desired_key(self) -> None:
        self.served = self.desired

    @rule()
    def rotate(self) -> None:
        self.stage_a_new_key()
        self.offer_the_desired_key()
        self.meta_takes_the_desired_key()
        self.promote_what_meta_serves()

    @rule(data=st.data())
    def a_late_answer_takes_effect(self, data: st.DataObject) -> None:
        late = sorted(name for name, at in self.handed_out.items() if self.now - at < A_DAY)
        if late:
            self.served = str(data.draw(st.sampled_from(late)))

    @rule(data=st.data())
    def a_person_publishes_a_key_by_hand(self, data: st.DataObject) -> None:
        self.served = self.of_ring(data)

    @rule(served=st.sampled_from([None, "foreign"]))
    def meta_serves_no_key_of_ours(self, served: str | None) -> None:
        self.served = served

    @precondition(lambda self: self.served in self.ring)
    @rule()
    def promote_what_meta_serves(self) -> None:
        assert self.served is not None
        assert self.desired is not None
        self.wrote(promote(self.ring, self.served, desired=self.desired, now=self.now))
        self.seat(self.served)

    @rule()
    def retire_what_may_go(self) -> None:
        assert self.desired is not None
        self.wrote(retire(self.ring, served=self.served, desired=self.desired, now=self.now))

    @rule()
    def keep_a_snapshot(self) -> None:
        self.snapshots.append(self.ring)

    @precondition(lambda self: self.snapshots)
    @rule(data=st.data(), snapshot_first=st.booleans())
    def join_a_store_that_was_rolled_back(self, data: st.DataObject, snapshot_first: bool) -> None:
        snapshot = data.draw(st.sampled_from(self.snapshots))
        joined = union([snapshot, self.ring] if snapshot_first else [self.ring, snapshot])
        assert joined is not None
        self.wrote(joined)

    @invariant()
    def what_was_handed_out_within_a_day_is_there(self) -> None:
        lost = [name for name, at in self.handed_out.items() if self.now - at < A_DAY and name not in self.ring]
        assert not lost, f"{lost} may still be named by a late answer or a client's cache"

    @invariant()
    def what_meta_serves_is_there(self) -> None:
        assert self.served in (None, "foreign") or self.served in self.ring

    @invariant()
    def what_is_desired_is_there(self) -> None:
        assert self.desired is None or self.desired in self.ring

    @invariant()
    def the_last_two_proven_keys_are_there(self) -> None:
        assert {self.current, self.previous} - {None} <= {key.fingerprint for key in self.ring.keys}

    @invariant()
    def the_last_proven_key_is_current(self) -> None:
        assert (self.ring.current.fingerprint if self.ring.current else None) == self.current

    @invariant()
    def each_key_and_each_seat_is_there_once(self) -> None:
        names = [key.fingerprint for key in self.ring.keys]
        assert len(names) == len(set(names))
        for role in (Role.CURRENT, Role.PENDING, Role.PREVIOUS):
            assert [key.role for key in self.ring.keys].count(role) <= 1


AnySequence.TestCase.settings = settings(max_examples=300, stateful_step_count=30, database=None, print_blob=True)
TestAnySequence = pytest.mark.slow(AnySequence.TestCase)
