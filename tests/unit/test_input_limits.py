"""The least and the most that an input may be, each beside what is refused."""

from collections.abc import Callable
from typing import Any

import pytest

from whatsapp_flow_keys.errors import InputError
from whatsapp_flow_keys.resources.parsers import parse_days, parse_passphrase, parse_trigger, parse_wait

Parser = Callable[[Any, str], Any]


@pytest.mark.parametrize(
    ("parser", "least", "most"),
    [
        (parse_days, 1, 3650),
        (parse_wait, 0, 3600),
        (parse_wait, 0.5, 3600.0),
        (parse_trigger, "a", "a" * 1000),
        (parse_passphrase, "a", "a" * 1000),
        (parse_passphrase, "a", "é" * 500),
    ],
)
def test_the_least_and_the_most_are_taken(parser: Parser, least: Any, most: Any) -> None:
    assert parser(least, "field") == least
    assert parser(most, "field") == most


@pytest.mark.parametrize(
    ("parser", "value"),
    [
        *[(parse_days, value) for value in (0, 3651, 1.5, True, "90", None)],
        *[(parse_wait, value) for value in (-0.1, 3600.1, True, "6", None)],
        *[(parse_trigger, value) for value in ("", "a" * 1001, 1, None)],
        *[(parse_passphrase, value) for value in ("", "a" * 1001, "é" * 501, "a\0b", 1, None)],
    ],
)
def test_what_is_less_or_more_or_of_another_kind_is_refused_with_its_field(parser: Parser, value: Any) -> None:
    with pytest.raises(InputError, match=r"^field: must "):
        parser(value, "field")
