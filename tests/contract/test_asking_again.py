"""Asking again what Meta serves: how often, and how far apart."""

import pytest

from tests.contract.conftest import Line
from whatsapp_flow_keys.lifecycle.asking import ask


def asked(line: Line, *, known: bool) -> tuple[int, float]:
    """How many requests it took, and how many seconds lay between the first and the last."""
    requests, waited = len(line.emulator.requests(line.number, "GET")), line.clock.waited
    ask(line.session(), known=known)
    return len(line.emulator.requests(line.number, "GET")) - requests, line.clock.waited - waited


def test_nothing_beside_a_key_that_was_registered_is_asked_three_times_a_second_apart(line: Line) -> None:
    assert asked(line, known=True) == (3, 2)


@pytest.mark.parametrize("known", [True, False])
def test_a_key_that_is_served_is_asked_for_once(line: Line, known: bool) -> None:
    line.rotate()
    assert asked(line, known=known) == (1, 0)
