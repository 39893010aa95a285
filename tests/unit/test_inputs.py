"""Checks of single inputs: what is no such value is refused by a sentence, whatever its type."""

from collections.abc import Callable
from typing import Any

import pytest

from whatsapp_flow_keys.errors import InputError
from whatsapp_flow_keys.resources.parsers import (
    misplaced_stores,
    parse_date,
    parse_days,
    parse_flag,
    parse_passphrase,
    parse_trigger,
)
from whatsapp_flow_keys.resources.schema import UNKNOWN

STRANGE: list[Any] = [None, [], {}, object(), b"bytes"]


@pytest.mark.parametrize(
    ("parse", "wrong"),
    [
        *((parse_days, value) for value in (0, -1, 1.5, 3651, float("inf"), float("nan"), True, "90", *STRANGE)),
        *((parse_flag, value) for value in (0, 1, "true", "", *STRANGE)),
        *((parse_trigger, value) for value in ("", 7, "x" * 1001, *STRANGE)),
        *((parse_date, value) for value in ("", "today", "2026-13-01", 20261124, *STRANGE)),
        *((parse_passphrase, value) for value in ("", "a\0b", "ä" * 501, 7, *STRANGE)),
    ],
)
def test_a_value_of_another_kind_is_refused_and_the_field_named(parse: Callable[[Any, str], Any], wrong: Any) -> None:
    with pytest.raises(InputError, match=r"^the_field: "):
        parse(wrong, "the_field")


@pytest.mark.parametrize("given", [1, 90.0, 3650])
def test_whole_days_are_taken_also_as_the_float_that_the_engine_makes(given: float) -> None:
    assert parse_days(given, "the_field") == given


@pytest.mark.parametrize(("store", "backups"), [(UNKNOWN, []), ("stack", UNKNOWN), ("stack", (UNKNOWN,))])
def test_stores_that_a_preview_does_not_know_yet_are_passed_over(store: Any, backups: Any) -> None:
    assert misplaced_stores(store, backups) == []


def test_a_store_that_can_not_be_used_is_said() -> None:
    (said,) = misplaced_stores("nowhere", ())
    assert said.startswith("store: 'nowhere' is not a store")
