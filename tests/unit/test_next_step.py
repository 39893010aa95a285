"""The registration table: one test for each row, in its order, and what decides between two rows."""

from dataclasses import replace

import pytest

from whatsapp_flow_keys.errors import ForeignKeyError, KeyNotInRingError, RegistrationError
from whatsapp_flow_keys.lifecycle.findings import NOTHING
from whatsapp_flow_keys.lifecycle.next_step import PUBLICATIONS, READS, Do, Found, GateState, Progress, Stop, next_step
from whatsapp_flow_keys.lifecycle.wanted import Wanted
from whatsapp_flow_keys.registrars.meta_graph.errors import AnswerLostError, UnexpectedAnswerError
from whatsapp_flow_keys.registrars.registrar import ServedKey
from whatsapp_flow_keys.ring import KeyRing, RingKey, Role

NUMBER, PLACE = "106540352242922", "file:///keys.json"
WANTED, OTHER, FOREIGN = "a" * 64, "b" * 64, "c" * 64

NEW = {WANTED: Role.PENDING}
ROTATED = {OTHER: Role.CURRENT, WANTED: Role.PENDING}
PROVEN = {WANTED: Role.CURRENT, OTHER: Role.PREVIOUS}

START = Progress()
PUBLISHED = Progress(publications=1)
READ_ENOUGH = Progress(publications=1, reads=READS)
LOST = AnswerLostError("publish the key")
UNREADABLE = UnexpectedAnswerError("publish the key")


def step(
    served: str | None,
    held: dict[str, Role],
    progress: Progress = START,
    *,
    status: str | None = "VALID",
    replaceable: tuple[str, ...] = (),
    other_is_current: bool = False,
) -> Do | Stop:
    keys = tuple(RingKey(key, role, "2026-11-24", None, "PEM") for key, role in held.items())
    ring = KeyRing(NUMBER, "acme/flows/prod", "owner-1", 1, keys)
    key = ServedKey("PEM", served, status) if served else ServedKey(signature_status=status)
    return next_step(Found(key, ring, [PLACE], other_is_current), Wanted(WANTED, None, replaceable), progress)


def error(decided: Do | Stop) -> Exception:
    assert isinstance(decided, Stop)
    return decided.error


@pytest.mark.parametrize("served", [None, OTHER, WANTED, FOREIGN])
def test_a_key_that_the_ring_lacks_is_never_published(served: str | None) -> None:
    found = error(step(served, {OTHER: Role.CURRENT}))
    assert isinstance(found, KeyNotInRingError)
    assert f"the private key {WANTED} is not in {PLACE}" in str(found)


@pytest.mark.parametrize("progress", [START, PUBLISHED, READ_ENOUGH, replace(READ_ENOUGH, unconfirmed=LOST)])
@pytest.mark.parametrize("status", ["VALID", "MISMATCH", None])
def test_a_foreign_key_stops_whatever_was_done_before(progress: Progress, status: str | None) -> None:
    found = error(step(FOREIGN, ROTATED, progress, status=status))
    assert isinstance(found, ForeignKeyError)
    assert "pulumi up --refresh" in str(found)


def test_a_foreign_key_that_may_go_is_published_over() -> None:
    assert step(FOREIGN, ROTATED, replaceable=(FOREIGN,)) is Do.PUBLISH


@pytest.mark.parametrize("held", [ROTATED, PROVEN])
def test_nothing_beside_a_registered_key_is_no_reason_to_publish(held: dict[str, Role]) -> None:
    found = error(step(None, held))
    assert isinstance(found, RegistrationError)
    assert "but key " in str(found)
    assert "was registered there" in str(found)


def test_nothing_that_a_refresh_recorded_is_published_over() -> None:
    assert step(None, ROTATED, replaceable=(NOTHING,)) is Do.PUBLISH


def test_nothing_right_after_a_publication_contradicts_nothing() -> None:
    assert step(None, ROTATED, PUBLISHED) is Do.READ_AGAIN


@pytest.mark.parametrize("progress", [START, PUBLISHED, READ_ENOUGH])
def test_another_key_of_the_ring_is_made_current_first(progress: Progress) -> None:
    assert step(OTHER, ROTATED, progress) is Do.FINISH_OTHER


def test_once_the_other_key_is_current_the_wanted_one_is_published() -> None:
    assert step(OTHER, ROTATED, other_is_current=True) is Do.PUBLISH


@pytest.mark.parametrize("progress", [START, PUBLISHED, READ_ENOUGH])
def test_the_wanted_key_is_proven_once_it_is_valid(progress: Progress) -> None:
    assert step(WANTED, ROTATED, progress) is Do.PROVE


@pytest.mark.parametrize("status", ["MISMATCH", None])
def test_an_unsigned_key_is_published_again_then_read_again_then_proven_as_it_is(status: str | None) -> None:
    assert step(WANTED, PROVEN, START, status=status) is Do.PUBLISH
    assert step(WANTED, PROVEN, PUBLISHED, status=status) is Do.READ_AGAIN
    assert step(WANTED, PROVEN, READ_ENOUGH, status=status) is Do.PROVE


def test_a_published_key_is_read_again_until_that_is_enough() -> None:
    steps = [step(OTHER, ROTATED, replace(PUBLISHED, reads=reads), other_is_current=True) for reads in range(READS + 1)]
    assert steps == [Do.READ_AGAIN] * READS + [Do.PUBLISH]


def test_a_lost_answer_is_worth_another_publication() -> None:
    assert step(None, NEW, replace(READ_ENOUGH, unconfirmed=LOST)) is Do.PUBLISH


def test_the_last_lost_answer_is_the_error() -> None:
    last = replace(READ_ENOUGH, publications=PUBLICATIONS, unconfirmed=LOST)
    assert error(step(None, NEW, last)) is LOST


@pytest.mark.parametrize("publications", [1, PUBLICATIONS])
def test_another_error_after_which_the_key_is_not_served_is_final(publications: int) -> None:
    failed = replace(READ_ENOUGH, publications=publications, unconfirmed=UNREADABLE)
    assert error(step(None, NEW, failed)) is UNREADABLE


def test_a_failed_publication_that_took_effect_is_proven() -> None:
    assert step(WANTED, NEW, replace(PUBLISHED, unconfirmed=UNREADABLE)) is Do.PROVE


@pytest.mark.parametrize(("served", "named"), [(OTHER, OTHER), (None, "none")])
def test_a_key_that_is_published_in_vain_is_given_up(served: str | None, named: str) -> None:
    last = replace(READ_ENOUGH, publications=PUBLICATIONS)
    found = error(step(served, ROTATED, last, other_is_current=True))
    assert isinstance(found, RegistrationError)
    assert f"was published {PUBLICATIONS} times, but Meta still serves {named}" in str(found)


@pytest.mark.parametrize("gate", [GateState.SHUT, GateState.WARNED])
@pytest.mark.parametrize(
    ("served", "held", "replaceable"),
    [(OTHER, ROTATED, ()), (FOREIGN, NEW, (FOREIGN,)), (None, ROTATED, (NOTHING,))],
    ids=["another key of ours", "a foreign key that may go", "none any more"],
)
def test_where_forms_are_in_use_the_endpoint_comes_first(
    served: str | None, held: dict[str, Role], replaceable: tuple[str, ...], gate: GateState
) -> None:
    decided = step(served, held, Progress(gate), replaceable=replaceable, other_is_current=True)
    assert decided is Do.ASK_ENDPOINT


def test_an_endpoint_is_asked_again_after_one_change_of_what_meta_serves() -> None:
    changed = Progress(GateState.SHUT, answers=(FOREIGN, OTHER))
    assert step(OTHER, ROTATED, changed, other_is_current=True) is Do.ASK_ENDPOINT


@pytest.mark.parametrize("gate", [GateState.SHUT, GateState.WARNED])
def test_after_a_second_change_of_what_meta_serves_the_endpoint_is_given_up(gate: GateState) -> None:
    changed = Progress(gate, answers=(OTHER, None, OTHER))
    found = error(step(OTHER, ROTATED, changed, other_is_current=True))
    assert isinstance(found, RegistrationError)
    assert f"that was key {OTHER[:12]}, then none, then key {OTHER[:12]}. Nothing was published" in str(found)


def test_the_wanted_key_is_proven_however_meta_came_to_serve_it() -> None:
    assert step(WANTED, ROTATED, Progress(GateState.SHUT, answers=(OTHER, FOREIGN, WANTED))) is Do.PROVE


@pytest.mark.parametrize("gate", [GateState.NONE, GateState.OPEN])
def test_an_endpoint_that_holds_the_key_is_not_asked_again(gate: GateState) -> None:
    assert step(OTHER, ROTATED, Progress(gate), other_is_current=True) is Do.PUBLISH


def test_the_first_key_waits_for_no_endpoint() -> None:
    assert step(None, NEW, Progress(GateState.SHUT)) is Do.WARN
    assert step(None, NEW, Progress(GateState.WARNED)) is Do.PUBLISH


@pytest.mark.parametrize("gate", list(GateState))
def test_a_key_that_is_live_already_waits_for_no_endpoint(gate: GateState) -> None:
    assert step(WANTED, PROVEN, Progress(gate), status="MISMATCH") is Do.PUBLISH


@pytest.mark.parametrize("status", ["MISMATCH", None])
def test_a_first_key_is_published(status: str | None) -> None:
    assert step(None, NEW, status=status) is Do.PUBLISH


def test_a_registration_begins_with_nothing_done_and_nothing_said() -> None:
    assert Progress() == Progress(GateState.NONE, publications=0, reads=0, unconfirmed=None, answers=())
    assert not Found(ServedKey(), KeyRing(NUMBER, "acme/flows/prod", "owner-1", 1, ()), [PLACE]).other_is_current
    assert not Wanted(WANTED).deployed
