"""A machine whose clock is wrong decides nothing by it: each step ends as where Meta can't be asked."""

import pytest

from tests.contract.conftest import Line
from whatsapp_flow_keys.registrars.meta_graph.errors import ClockSkewError

A_YEAR = 365 * 86_400


@pytest.mark.parametrize("seconds_ahead", [-A_YEAR, A_YEAR])
def test_a_wrong_clock_stages_nothing(line: Line, seconds_ahead: int) -> None:
    line.fault("wrong_date", seconds_ahead=seconds_ahead)
    with pytest.raises(ClockSkewError, match="set this machine's clock"):
        line.stage()
    assert line.stores[0].read().ring is None


def test_a_wrong_clock_publishes_nothing(line: Line) -> None:
    old, new = line.rotate(), line.stage()
    before = line.ring()
    line.fault("wrong_date", seconds_ahead=A_YEAR)
    with pytest.raises(ClockSkewError):
        line.register(new)
    assert (line.served(), line.publications(), line.ring()) == (old, 1, before)


def test_a_wrong_clock_finds_no_drift(line: Line) -> None:
    fingerprint = line.rotate()
    line.fault("wrong_date", seconds_ahead=A_YEAR)
    with pytest.raises(ClockSkewError):
        line.inspect(fingerprint)


def test_a_clock_that_was_set_goes_on(line: Line) -> None:
    fingerprint = line.stage()
    line.fault("wrong_date", seconds_ahead=A_YEAR, times=1)
    with pytest.raises(ClockSkewError):
        line.register(fingerprint)
    assert line.register(fingerprint).fingerprint == line.served() == fingerprint
