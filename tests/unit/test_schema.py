"""Properties as typed fields: what comes in and goes out of them, and the lists that are derived from their traits."""

from dataclasses import dataclass
from typing import Any

import pytest

from whatsapp_flow_keys.errors import InputError
from whatsapp_flow_keys.resources.schema import UNKNOWN, Properties, is_known, prop


def parse_even(value: Any, field: str) -> int:
    if value % 2:
        raise InputError(f"{field}: is odd")
    return int(value)


@dataclass(frozen=True, kw_only=True)
class Inputs(Properties):
    name: str = prop("A name", required=True, replaces=True)
    number: int | None = prop("A number", in_place=True, parse=parse_even)
    places: tuple[str, ...] | None = prop("A list", in_place=True, hidden=True)
    given: str | None = prop("A secret", secret=True, recorded=False)


@dataclass(frozen=True, kw_only=True)
class State(Inputs):
    made: str | None = prop("An output")


def test_properties_go_in_and_out_unchanged() -> None:
    props = {"name": "a", "number": 2, "places": ["b", "c"], "given": "words"}
    assert Inputs.from_props(props).to_props() == props


def test_what_is_not_a_property_and_what_has_no_value_is_left_out() -> None:
    inputs = Inputs.from_props({"name": "a", "__provider": "pickled", "number": None})
    assert inputs.to_props() == {"name": "a"}


def test_properties_are_values_that_can_be_compared_and_hashed() -> None:
    one, same = (Inputs.from_props({"name": "a", "places": ["b"]}) for _ in range(2))
    assert one == same
    assert hash(one) == hash(same)


def test_no_secret_is_shown() -> None:
    shown = repr(State.from_props({"name": "a", "given": "hunter2", "made": "now"}))
    assert "now" in shown
    assert "hunter2" not in shown


def test_lists_of_names_come_from_the_traits() -> None:
    assert State.names("required") == ("name",)
    assert State.names("secret") == ("given",)
    assert State.names("in_place") == ("number", "places")
    assert tuple(State.traits()) == ("name", "number", "places", "given", "made")


def test_a_required_property_without_a_value_is_missing_and_an_unknown_one_is_not() -> None:
    assert Inputs.from_props({}).missing() == ("name",)
    assert Inputs.from_props({"name": UNKNOWN}).missing() == ()


def test_a_state_records_its_inputs_but_those_that_are_not_recorded() -> None:
    inputs = Inputs.from_props({"name": "a", "number": 2, "given": "words"})
    assert State.recording(inputs, made="now", number=4) == State.from_props({"name": "a", "number": 4, "made": "now"})


def test_inputs_can_be_taken_from_a_state() -> None:
    assert Inputs.recording(State.from_props({"name": "a", "made": "now"})) == Inputs.from_props({"name": "a"})


def test_what_differs_is_named() -> None:
    olds = State.from_props({"name": "a", "number": 2})
    news = Inputs.from_props({"name": "b", "number": UNKNOWN})
    assert news.differing(("name", "number", "places"), olds) == ("name", "number")


def test_values_are_parsed_and_what_can_not_be_used_is_said() -> None:
    parsed, failures = Inputs.from_props({"name": "a", "number": 2.0}).parsed()
    assert (parsed.number, failures) == (2, [])
    assert isinstance(parsed.number, int)
    parsed, failures = Inputs.from_props({"name": "a", "number": 3}).parsed()
    assert (parsed.number, failures) == (3, ["number: is odd"])


@pytest.mark.parametrize("value", [UNKNOWN, None])
def test_what_is_not_known_and_what_is_not_there_is_not_parsed(value: Any) -> None:
    parsed, failures = Inputs.from_props({"number": value}).parsed()
    assert (parsed.number, failures) == (value, [])


@pytest.mark.parametrize("value", [UNKNOWN, {"a": [1, UNKNOWN]}, (1, UNKNOWN)])
def test_a_value_is_unknown_when_a_part_of_it_is(value: Any) -> None:
    assert not is_known(value)
    assert not Inputs.from_props({"name": "a", "places": [value]}).is_known()


def test_a_value_is_known_when_each_part_of_it_is() -> None:
    assert is_known({"a": [1, None], "b": (2,)})
    assert Inputs.from_props({"name": "a", "places": ["b"]}).is_known()
