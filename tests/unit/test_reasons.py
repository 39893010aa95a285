"""The lines that a preview gives as the reason of a change."""

from datetime import date
from typing import Any

import pytest

from tests.stopped_clock import StoppedClock
from whatsapp_flow_keys.dynamic.encryption_key import EncryptionKeyProvider
from whatsapp_flow_keys.resources.properties import KeyInputs, KeyState
from whatsapp_flow_keys.resources.reasons import when_rotation_falls_due, why_key_changes
from whatsapp_flow_keys.resources.run import Run

NUMBER = "106540352242922"
FINGERPRINT = "c0ffee" * 10 + "0123"
KEY = {
    "phone_number_id": NUMBER,
    "fingerprint": FINGERPRINT,
    "issued_on": "2026-08-25",
    "store": "stack",
    "backups": [],
}


def test_a_rotation_that_is_asked_for_says_so_without_the_trigger_which_may_be_a_secret() -> None:
    olds = KeyState.from_props({**KEY, "rotation_trigger": "hunter2"})
    news = KeyInputs.from_props({**KEY, "rotation_trigger": "hunter3"})
    said = (
        f"phone number {NUMBER}: rotation, asked for by a new rotation_trigger. A new key will take the place of key "
    )
    assert why_key_changes(olds, news, ["rotation_trigger"], [], []) == (
        f"{said}c0ffeec0ffee. The row `delete original` deletes no key"
    )


TODAY = date(2026, 11, 24)


def said(issued_on: str, days: Any = 90) -> str | None:
    """Of a key that bears this date, where nothing else has changed."""
    olds = KeyState.from_props({**KEY, "issued_on": issued_on})
    return when_rotation_falls_due(olds, KeyInputs.from_props({**KEY, "rotate_after_days": days}), TODAY)


@pytest.mark.parametrize(
    ("issued_on", "left", "due"),
    [
        ("2026-08-27", "in 1 day, on", "2026-11-25"),
        ("2026-08-28", "in 2 days, on", "2026-11-26"),
        ("2026-09-09", "in 14 days, on", "2026-12-08"),
    ],
)
def test_a_rotation_is_announced_from_two_weeks_before_its_day(issued_on: str, left: str, due: str) -> None:
    assert said(issued_on) == (
        f"phone number {NUMBER}: a rotation falls due {left} {due}; the first `pulumi up` from then on does it"
    )


@pytest.mark.parametrize("issued_on", ["2026-08-26", "2026-09-10", "2026-11-24", "2026-11-25"])
def test_nothing_is_said_of_a_rotation_that_is_due_or_far_off(issued_on: str) -> None:
    """A clock of another machine may have come to tomorrow."""
    assert said(issued_on) is None


@pytest.mark.parametrize(("issued_on", "due"), [("2026-11-26", "2027-02-24"), ("2027-11-24", "2028-02-22")])
def test_a_key_from_the_future_is_named_with_both_dates_and_the_way_to_rotate_now(issued_on: str, due: str) -> None:
    assert said(issued_on) == (
        f"phone number {NUMBER}: key c0ffeec0ffee is dated {issued_on}, but this machine's date is 2026-11-24, so a "
        f"clock is or was wrong. A rotation falls due on {due} only; a new rotation_trigger rotates now"
    )


@pytest.mark.parametrize("issued_on", ["2026-08-27", "2027-11-24"])
def test_without_a_period_nothing_falls_due(issued_on: str) -> None:
    assert said(issued_on, days=None) is None


def test_a_preview_without_a_change_says_it() -> None:
    lines: list[str] = []
    provider = EncryptionKeyProvider()
    provider._run = Run(StoppedClock(), voice=lines.append)
    recorded = {**KEY, "managed_by": "acme/flows/prod", "rotate_after_days": 90, "issued_on": "2027-11-25"}
    assert provider.diff("id", {**recorded, "locations": []}, recorded).changes is False
    (line,) = lines
    assert "is dated 2027-11-25, but this machine's date is 2026-11-25" in line
