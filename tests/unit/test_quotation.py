"""What another side said is shown as letters, in one line, without secrets, and cut."""

import pytest

from tests.hostile_words import HOSTILE, is_tame
from whatsapp_flow_keys.errors import StoreUnavailableError
from whatsapp_flow_keys.quotation import quotable


@pytest.mark.parametrize(
    ("said", "shown"),
    [
        ("permission denied", "permission denied"),
        ("Zugriff für Ümit ⛔ अनुमति", "Zugriff für Ümit ⛔ अनुमति"),
        ("\x1b[2Jgone", "�[2Jgone"),
        ("\x9b2Jgone", "�2Jgone"),
        ("safe\u202etxt.exe", "safe�txt.exe"),
        ("\u2066one\u2069", "�one�"),
        ("half \ud800", "half �"),
        ("one\r\n\ttwo\x85three\u2028four", "one two three four"),
        ("", ""),
    ],
)
def test_only_what_is_printable_is_left(said: str, shown: str) -> None:
    assert quotable(said, 100) == shown


def test_it_is_cut_at_the_limit_and_says_so() -> None:
    assert quotable("a" * 10, 10) == "a" * 10
    assert quotable("a" * 11, 10) == "a" * 9 + "…"


@pytest.mark.parametrize("said", ["it was s3cret!", "it was s3cret!s3cret!", "\x1b[31ms3cret!"])
def test_a_secret_is_replaced_wherever_it_stands(said: str) -> None:
    shown = quotable(said, 100, ["s3cret!", ""])
    assert "s3cret" not in shown
    assert "[secret]" in shown


def test_a_secret_of_two_lines_is_found_in_the_one_line() -> None:
    assert quotable("it was one\ntwo", 100, ["one\r\ntwo"]) == "it was [secret]"


def test_a_secret_at_the_limit_is_not_shown_in_part() -> None:
    assert quotable("it was s3cret!", 10, ["s3cret!"]) == "it was [s…"


def test_whatever_a_stores_error_names_is_tame() -> None:
    error = StoreUnavailableError("file:///ring.json", f"another tool wrote version {HOSTILE}")
    assert is_tame(error.said[:1400])
    assert len(str(error)) < 2100
