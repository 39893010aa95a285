"""What check and diff note for the calls after them in one run, and the line that they show."""

from datetime import UTC, datetime
from typing import Any

import pytest
from pulumi.dynamic import CheckResult
from pulumi.output import Unknown

from tests.contract.conftest import TestClock
from whatsapp_flow_keys import document
from whatsapp_flow_keys.dynamic.encryption_key import EncryptionKeyProvider
from whatsapp_flow_keys.dynamic.key_registration import KeyRegistrationProvider
from whatsapp_flow_keys.dynamic.key_ring import KeyRingProvider
from whatsapp_flow_keys.resources.properties import KeyState
from whatsapp_flow_keys.resources.run import Run
from whatsapp_flow_keys.resources.schema import Props
from whatsapp_flow_keys.ring import KeyRing, RingKey, Role

NUMBER = "106540352242922"
NOON = datetime(2026, 11, 24, 12, tzinfo=UTC)
PEM = "-----BEGIN PRIVATE KEY-----\nAAAA\n-----END PRIVATE KEY-----\n"
KEY = "a" * 64
RING = document.dump(
    KeyRing(NUMBER, "acme/flows/prod", "key-1", 1, (RingKey(KEY, Role.CURRENT, "2026-08-25", NOON, PEM),))
)
OF_KEY: Props = {
    "phone_number_id": NUMBER,
    "managed_by": "acme/flows/prod",
    "store": "file:///ring.json",
    "backups": [],
    "fingerprint": KEY,
    "issued_on": "2026-09-01",
    "rotate_after_days": 90,
    "locations": ["file:///ring.json"],
}
OF_RING: Props = {
    "phone_number_id": NUMBER,
    "managed_by": "acme/flows/prod",
    "backups": [],
    "key_id": "key-1",
    "fingerprint": KEY,
    "private_key": PEM,
    "issued_on": "2026-08-25",
    "locations": [],
}


@pytest.fixture
def said() -> list[str]:
    return []


@pytest.fixture
def run(said: list[str]) -> Run:
    return Run(TestClock(NOON), voice=said.append)


def of_run(kind: type[Any], run: Run) -> Any:
    provider = kind()
    provider._run = run
    return provider


def unknown() -> Any:
    return Unknown()  # type: ignore[no-untyped-call]  # the SDK types no constructor


def has_the_number(run: Run) -> bool:
    """Whether the program was seen to have it: then what a state records counts as live."""
    run.keys.note_recorded("id-1", KeyState.from_props(OF_KEY))
    return run.keys.live(NUMBER) is not None


def test_a_check_notes_that_the_program_has_a_key_of_the_number(run: Run) -> None:
    of_run(EncryptionKeyProvider, run).check({}, OF_KEY)
    assert has_the_number(run)


def test_a_check_that_fails_notes_nothing(run: Run) -> None:
    checked: CheckResult = of_run(EncryptionKeyProvider, run).check({}, {**OF_KEY, "take_over": "abc"})
    assert checked.failures
    assert not has_the_number(run)


def test_a_number_that_a_preview_does_not_know_is_checked_without_a_failure(run: Run) -> None:
    checked: CheckResult = of_run(EncryptionKeyProvider, run).check({}, {**OF_KEY, "phone_number_id": unknown()})
    assert not checked.failures
    assert not has_the_number(run)


def test_a_diff_alone_is_no_evidence_that_the_program_has_the_number(run: Run) -> None:
    of_run(EncryptionKeyProvider, run).diff("id-1", OF_KEY, OF_KEY)
    assert run.keys.live(NUMBER) is None


def test_a_diff_with_an_input_that_is_not_known_yet_comes_from_the_program(run: Run) -> None:
    of_run(EncryptionKeyProvider, run).diff("id-1", OF_KEY, {**OF_KEY, "backups": [unknown()]})
    assert run.keys.live(NUMBER) == KeyState.from_props(OF_KEY)


def test_a_check_notes_that_the_program_has_a_ring_of_the_number(run: Run) -> None:
    of_run(KeyRingProvider, run).check({}, OF_RING)
    assert run.rings.is_expected(NUMBER)


def test_a_check_of_a_ring_that_fails_notes_nothing(run: Run) -> None:
    assert of_run(KeyRingProvider, run).check({}, {**OF_RING, "take_over": "abc"}).failures
    assert not run.rings.is_expected(NUMBER)


def test_a_diff_of_a_ring_notes_what_it_holds_where_the_program_has_it(run: Run) -> None:
    provider = of_run(KeyRingProvider, run)
    provider.diff("id-1", {**OF_RING, "ring": RING}, OF_RING)
    assert run.rings.held_beside("another", NUMBER) == frozenset()
    provider.check({}, OF_RING)
    provider.diff("id-1", {**OF_RING, "ring": RING}, OF_RING)
    assert run.rings.held_beside("another", NUMBER) == {KEY}


def test_a_diff_of_a_ring_with_an_input_that_is_not_known_yet_comes_from_the_program(run: Run) -> None:
    of_run(KeyRingProvider, run).diff("id-1", {**OF_RING, "ring": RING}, {**OF_RING, "fingerprint": unknown()})
    assert run.rings.is_expected(NUMBER)


def test_a_diff_shows_why_a_key_changes_and_once_only(run: Run, said: list[str]) -> None:
    provider = of_run(EncryptionKeyProvider, run)
    for _ in range(2):
        provider.diff("id-1", OF_KEY, {**OF_KEY, "rotation_trigger": "once"})
    (line,) = said
    assert line.startswith(f"phone number {NUMBER}: rotation, asked for by a new rotation_trigger. A new key will ")


def test_a_diff_without_a_change_announces_a_rotation_that_is_near(run: Run, said: list[str]) -> None:
    of_run(EncryptionKeyProvider, run).diff("id-1", OF_KEY, OF_KEY)
    (line,) = said
    assert line.startswith(f"phone number {NUMBER}: a rotation falls due in 6 days, on 2026-11-30")


def test_a_diff_shows_why_a_registration_changes(run: Run, said: list[str]) -> None:
    olds = {"phone_number_id": NUMBER, "proven_fingerprint": "b" * 64}
    given = {"store": "file:///ring.json", "managed_by": "a/b/c", "backups": [], "key_id": "key-1"}
    of_run(KeyRegistrationProvider, run).diff("id-1", olds, {**given, "phone_number_id": NUMBER, "fingerprint": KEY})
    (line,) = said
    assert f"key {KEY[:12]} was staged by an earlier run" in line


def test_a_state_that_lacks_an_input_can_still_be_read_and_forgotten(run: Run) -> None:
    assert of_run(EncryptionKeyProvider, run).read("id-1", {"phone_number_id": NUMBER}).outs == {
        "phone_number_id": NUMBER
    }
    assert of_run(KeyRegistrationProvider, run).delete("id-1", {"phone_number_id": NUMBER}) is None
