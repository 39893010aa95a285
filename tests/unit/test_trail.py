"""What the audit log is told of a step: once, by the innermost, with the rule that refused it."""

from dataclasses import dataclass, field

import pytest

from whatsapp_flow_keys.audit import Event, Operation
from whatsapp_flow_keys.errors import (
    DeletionRefusedError,
    EndpointNotReadyError,
    FlowKeysError,
    ForeignDocumentError,
    ForeignKeyError,
    KeyNotInRingError,
    PassphraseChangeError,
    PrivateKeyError,
    StoreUnavailableError,
    UnsavedKeyError,
)
from whatsapp_flow_keys.lifecycle.trail import Trail, changes_between
from whatsapp_flow_keys.registrars.meta_graph.errors import AnswerLostError
from whatsapp_flow_keys.ring import KeyRing, RingKey, Role

KEY = "a" * 64


@dataclass
class Told:
    events: list[Event] = field(default_factory=list)

    def record(self, event: Event) -> None:
        self.events.append(event)


@pytest.fixture
def told() -> Told:
    return Told()


@pytest.fixture
def trail(told: Told) -> Trail:
    return Trail(told, "106540352242922", "acme/flows/prod")


def ring(**roles: Role) -> KeyRing:
    keys = tuple(RingKey(name, role, "2026-08-25", None, "PEM") for name, role in roles.items())
    return KeyRing("106540352242922", "acme/flows/prod", "owner-1", 1, keys)


def fail(trail: Trail, error: Exception) -> None:
    with pytest.raises(type(error)), trail.step(Operation.STAGED, KEY, store="file:///ring.json"):
        raise error


def test_what_is_done_is_told_with_all_that_is_known_of_it(trail: Trail, told: Told) -> None:
    trail.done(Operation.PUBLISHED, KEY, outcome="unknown", reason="two\n lines", store="file:///a", trace_id="T")
    (event,) = told.events
    assert event == Event(
        Operation.PUBLISHED,
        "106540352242922",
        "acme/flows/prod",
        KEY,
        "unknown",
        "two lines",
        "file:///a",
        "T",
    )


def test_a_step_that_ends_well_tells_nothing(trail: Trail, told: Told) -> None:
    with trail.step(Operation.STAGED, KEY):
        pass
    assert told.events == []


def test_a_failure_is_told_with_its_operation_key_store_and_words(trail: Trail, told: Told) -> None:
    fail(trail, StoreUnavailableError("the store", "the disk is full"))
    (event,) = told.events
    assert (event.operation, event.outcome, event.fingerprint) == (Operation.STAGED, "failed", KEY)
    assert (event.store, event.reason) == ("file:///ring.json", "the store: the disk is full")


@pytest.mark.parametrize(
    ("refusal", "rule"),
    [
        (ForeignKeyError("no"), "foreign_key"),
        (KeyNotInRingError("no"), "key_not_in_ring"),
        (EndpointNotReadyError("no"), "endpoint_not_ready"),
        (ForeignDocumentError("the store", "no"), "foreign_document"),
        (PrivateKeyError("no"), "private_key_unreadable"),
        (PassphraseChangeError("no"), "passphrase_change_unfinished"),
        (UnsavedKeyError("no"), "key_not_saved"),
    ],
)
def test_a_refusal_is_told_by_the_rule_that_people_filter_by(
    trail: Trail, told: Told, refusal: FlowKeysError, rule: str
) -> None:
    fail(trail, refusal)
    (event,) = told.events
    assert (event.operation, event.outcome, event.fingerprint) == (Operation.REFUSED, rule, KEY)


def test_a_refused_deletion_names_the_key_that_would_be_lost(trail: Trail, told: Told) -> None:
    fail(trail, DeletionRefusedError("no", "b" * 64))
    (event,) = told.events
    assert (event.operation, event.outcome, event.fingerprint) == (Operation.REFUSED, "deletion_refused", "b" * 64)


def test_the_words_of_an_error_that_is_not_ours_are_not_told(trail: Trail, told: Told) -> None:
    fail(trail, KeyError("hunter2"))
    (event,) = told.events
    assert (event.outcome, event.reason) == ("unknown", "Unexpected: KeyError")


def test_a_lost_answer_has_an_unknown_outcome(trail: Trail, told: Told) -> None:
    fail(trail, AnswerLostError("publish a key"))
    (event,) = told.events
    assert event.outcome == "unknown"


def test_of_steps_in_one_another_the_innermost_tells_it_once(trail: Trail, told: Told) -> None:
    with pytest.raises(StoreUnavailableError), trail.step(Operation.VERIFIED, "b" * 64):
        fail_inside(trail)
    assert [event.operation for event in told.events] == [Operation.STAGED]


def fail_inside(trail: Trail) -> None:
    with trail.step(Operation.STAGED, KEY):
        raise StoreUnavailableError("the store", "down")


def test_another_failure_after_it_is_told_too(trail: Trail, told: Told) -> None:
    fail(trail, StoreUnavailableError("the store", "down"))
    fail(trail, StoreUnavailableError("the store", "still down"))
    assert [event.reason for event in told.events] == ["the store: down", "the store: still down"]


def test_changes_are_told_when_they_are_done(trail: Trail, told: Told) -> None:
    changes = [(Operation.STAGED, KEY), (Operation.RETIRED, "b" * 64)]
    with trail.changing(changes, "file:///ring.json"):
        assert told.events == []
    assert [(event.operation, event.fingerprint, event.outcome, event.store) for event in told.events] == [
        (Operation.STAGED, KEY, "ok", "file:///ring.json"),
        (Operation.RETIRED, "b" * 64, "ok", "file:///ring.json"),
    ]


def test_changes_that_fail_are_each_told_as_failed_and_not_as_done(trail: Trail, told: Told) -> None:
    changes = [(Operation.STAGED, KEY), (Operation.RETIRED, "b" * 64)]
    with pytest.raises(StoreUnavailableError), trail.step(Operation.VERIFIED, None), trail.changing(changes):
        raise StoreUnavailableError("the store", "down")
    assert [(event.operation, event.fingerprint, event.outcome) for event in told.events] == [
        (Operation.STAGED, KEY, "failed"),
        (Operation.RETIRED, "b" * 64, "failed"),
    ]


def test_changes_around_a_failure_that_was_told_tell_it_no_more(trail: Trail, told: Told) -> None:
    with pytest.raises(StoreUnavailableError), trail.changing([(Operation.STAGED, "b" * 64)]):
        fail_inside(trail)
    assert [event.fingerprint for event in told.events] == [KEY]


def test_a_first_document_stages_every_key() -> None:
    assert changes_between(None, ring(a=Role.CURRENT, b=Role.PENDING)) == [
        (Operation.STAGED, "a"),
        (Operation.STAGED, "b"),
    ]


def test_a_key_that_becomes_current_is_promoted_and_one_that_leaves_is_retired() -> None:
    before, after = ring(a=Role.CURRENT, b=Role.PENDING, z=Role.RETAINED), ring(b=Role.CURRENT, a=Role.PREVIOUS)
    assert changes_between(before, after) == [(Operation.PROMOTED, "b"), (Operation.RETIRED, "z")]


def test_a_first_key_that_becomes_current_is_promoted() -> None:
    assert changes_between(ring(a=Role.PENDING), ring(a=Role.CURRENT)) == [(Operation.PROMOTED, "a")]


def test_a_write_that_changes_no_key_tells_nothing() -> None:
    assert changes_between(ring(a=Role.CURRENT), ring(a=Role.CURRENT)) == []
