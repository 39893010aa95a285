"""A phone number ID: which values are taken, and what a person who gave another one is told."""

import pytest

from whatsapp_flow_keys.errors import InputError
from whatsapp_flow_keys.phone_number import parse_phone_number_id

FIELD = "numbers[2].phoneNumberId"


def refusal(value: object) -> str:
    with pytest.raises(InputError) as refused:
        parse_phone_number_id(value, FIELD)
    return str(refused.value)


@pytest.mark.parametrize("digits", ["106540352242922", "12345", "00000", "1" * 32], ids=["usual", "5", "zeros", "32"])
def test_a_string_of_digits_is_taken_as_it_is(digits: str) -> None:
    assert parse_phone_number_id(digits) == digits


@pytest.mark.parametrize("number", [106540352242922, 0, -1, 1.0654035224292e14, float("nan")])
def test_a_number_is_refused_since_long_ones_lose_digits(number: float) -> None:
    assert refusal(number).startswith(f"{FIELD}: got a number; write the phone number ID as a string")


@pytest.mark.parametrize(
    ("value", "kind"),
    [(True, "a bool"), (False, "a bool"), (None, "nothing"), ([], "a list"), (b"106540352242922", "a bytes")],
)
def test_what_is_no_string_is_refused_with_what_it_is(value: object, kind: str) -> None:
    assert refusal(value) == f"{FIELD}: a phone number ID is a string of digits, not {kind}"


def test_an_empty_string_is_refused_with_where_to_find_the_id() -> None:
    text = refusal("")
    assert text.startswith(f"{FIELD}: is empty")
    assert "WhatsApp Manager" in text


@pytest.mark.parametrize(
    "value",
    [
        "+15551234567",
        "1 555 123 4567",
        " 106540352242922",
        "106540352242922\n",
        "1234",
        "10654035224292x",
        "555-1234",
        "1.06540352e14",
        "١٠٦٥٤٠٣٥",
        "²²²²²²",
        "../me",
    ],
)
def test_what_is_not_5_to_32_digits_is_refused_and_quoted(value: str) -> None:
    assert refusal(value).startswith(f"{FIELD}: {value!r} is not a phone number ID")


def test_33_digits_are_too_long() -> None:
    assert refusal("1" * 33).startswith(f"{FIELD}: {'1' * 33!r} is not a phone number ID")


def test_a_very_long_value_is_shortened_in_the_error() -> None:
    text = refusal("9" * 10_000)
    assert "9..." in text
    assert len(text) < 400


def test_the_field_is_phone_number_id_unless_said_otherwise() -> None:
    with pytest.raises(InputError, match=r"^phone_number_id: "):
        parse_phone_number_id("abc")
