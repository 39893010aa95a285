"""Checks of single inputs: what is no such value is refused by a sentence, whatever its type."""

from collections.abc import Callable
from typing import Any

import pytest
from pulumi.output import UNKNOWN

from whatsapp_flow_keys.dynamic.inputs import (
    Inputs,
    is_known,
    parse_date,
    parse_days,
    parse_flag,
    parse_passphrase,
    parse_trigger,
)
from whatsapp_flow_keys.errors import InputError

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


def test_a_value_that_a_preview_does_not_know_yet_is_passed_over() -> None:
    inputs = Inputs({"phone_number_id": UNKNOWN, "store": UNKNOWN, "backups": [UNKNOWN]})
    inputs.parse_number_and_stores()
    assert inputs.failures == []
    assert inputs["phone_number_id"] is UNKNOWN


@pytest.mark.parametrize("whole", [{"a": [1, UNKNOWN]}, (1, UNKNOWN)])
def test_a_value_is_unknown_when_a_part_of_it_is(whole: Any) -> None:
    assert not is_known(whole)


def test_a_value_is_known_when_each_part_of_it_is() -> None:
    assert is_known({"a": [1, None], "b": (2,)})


def test_backups_that_a_preview_does_not_know_yet_are_passed_over() -> None:
    inputs = Inputs({"phone_number_id": "106540352242922", "store": "stack", "backups": [UNKNOWN]})
    inputs.parse_number_and_stores()
    assert inputs.failures == []


def test_a_number_that_is_missing_is_a_failure_and_other_inputs_may_be_missing() -> None:
    inputs = Inputs({})
    inputs.parse_number_and_stores()
    assert [failure.partition(":")[0] for failure in inputs.failures] == ["phone_number_id"]
