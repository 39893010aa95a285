"""When a rotation is due: on the day, in UTC, not a day early."""

from datetime import date

import pytest

from whatsapp_flow_keys.dynamic.encryption_key import issue_date

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
