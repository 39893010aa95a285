"""When a rotation is due: on the day, in UTC, not a day early."""

from datetime import date

import pytest

from whatsapp_flow_keys.resources.encryption_key import issue_date
from whatsapp_flow_keys.resources.properties import KeyInputs, KeyState
from whatsapp_flow_keys.resources.reasons import when_rotation_falls_due

TODAY = date(2026, 11, 24)


@pytest.mark.parametrize(
    ("issued_on", "days", "expected"),
    [
        (None, 90, "2026-11-24"),
        (None, None, "2026-11-24"),
        ("2026-08-26", 90, "2026-11-24"),
        ("2026-08-27", 90, "2026-08-27"),
        ("2020-01-01", None, "2020-01-01"),
        ("2026-11-24", 1, "2026-11-24"),
        ("2026-11-25", 1, "2026-11-25"),
    ],
)
def test_a_key_bears_its_own_date_until_the_day_its_rotation_is_due(
    issued_on: str | None, days: int | None, expected: str
) -> None:
    assert issue_date(issued_on, days, TODAY) == expected


@pytest.mark.parametrize(
    ("days_left", "said"), [(15, None), (14, "in 14 days, on 2026-12-08"), (1, "in 1 day, on 2026-11-25"), (0, None)]
)
def test_from_14_days_before_it_falls_due_a_rotation_is_announced_until_the_day(
    days_left: int, said: str | None
) -> None:
    olds = KeyState.from_props({"phone_number_id": "106540352242922", "issued_on": "2026-11-24"})
    line = when_rotation_falls_due(olds, KeyInputs.from_props({"rotate_after_days": days_left}), TODAY)
    assert line is None if said is None else said in str(line)
