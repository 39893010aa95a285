"""Deadlines as people set them in the environment."""

import pytest

from whatsapp_flow_keys.clock import parse_seconds
from whatsapp_flow_keys.errors import InputError


@pytest.mark.parametrize(("given", "number"), [("30", 30.0), ("0.1", 0.1), ("3600", 3600.0), (5, 5.0), (" 7 ", 7.0)])
def test_a_deadline_is_a_number_of_seconds(given: str | float, number: float) -> None:
    assert parse_seconds(given, "THE_DEADLINE") == number


@pytest.mark.parametrize("given", ["", "soon", "0", "0.09", "-1", "3601", "nan", "inf", "-inf", "1e9", 0.0, 3600.5])
def test_another_deadline_is_refused(given: str | float) -> None:
    with pytest.raises(InputError, match=r"^THE_DEADLINE: must be a number of seconds from 0\.1 to 3600$"):
        parse_seconds(given, "THE_DEADLINE")
