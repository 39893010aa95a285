"""How many private operations a request costs: a third of a millisecond each, which garbage must not multiply."""

from collections.abc import Callable, Iterator
from typing import Any

import pytest

from tests.forms import APP_SECRET, Sent, key, ring, sent
from tests.stopped_clock import StoppedClock
from whatsapp_flow_endpoint import FlowEndpoint, FlowKeys
from whatsapp_flow_endpoint.live_keys import LiveKeys
from whatsapp_flow_endpoint.steps import Pending
from whatsapp_flow_keys.keys import PrivateKey

_SECONDS = 20
_KEYS = 5
_OF_A_DIAGNOSIS = 2 * _KEYS


class Line:
    """An endpoint with five keys and a store that holds them, and a count of what its requests cost."""

    def __init__(self) -> None:
        self.operations = 0
        self.clock = StoppedClock()
        self.held = [key(f"held {at}") for at in range(_KEYS)]
        self.reads = 0
        keys = LiveKeys(FlowKeys(ring(*self.held)), self._read, clock=self.clock)
        self.endpoint = FlowEndpoint(lambda _: {}, keys, app_secrets=(APP_SECRET,), clock=self.clock)
        self.clock.move(1.0)

    def _read(self) -> Any:
        self.reads += 1
        return ring(*self.held, revision=self.reads + 1)

    def begin(self, form: Sent) -> Callable[[], Any]:
        return self.endpoint.exchange(form.signed, form.body).advance

    def status_of(self, form: Sent) -> int:
        """What it is answered once all that it waits for has come."""
        advance = self.begin(form)
        while isinstance(step := advance(), Pending):
            step.ended.result(_SECONDS)
        return int(step.status)


@pytest.fixture
def line(monkeypatch: pytest.MonkeyPatch) -> Iterator[Line]:
    line, unwrap = Line(), PrivateKey.unwrap

    def counted(key: PrivateKey, *args: Any) -> bytes:
        line.operations += 1
        return unwrap(key, *args)

    monkeypatch.setattr(PrivateKey, "unwrap", counted)
    yield line
    line.clock.move(60.0)


def test_a_request_that_no_key_opens_costs_one_operation_for_each_key_after_the_first_is_diagnosed(line: Line) -> None:
    assert line.status_of(sent(to=key("a stranger's"))) == 421
    assert line.operations == _KEYS + _OF_A_DIAGNOSIS
    assert line.reads == 1
    requests = 20
    begun = [line.begin(sent(to=key("a stranger's"))) for _ in range(requests)]
    assert all(step().status == 421 for step in begun)
    assert line.operations == _KEYS + _OF_A_DIAGNOSIS + requests * _KEYS


def test_a_ring_that_is_read_again_unchanged_is_not_tried_again(line: Line) -> None:
    assert line.status_of(sent(to=key("a stranger's"))) == 421
    line.operations = 0
    line.clock.move(0.9)
    waiting = [line.begin(sent(to=key("a stranger's"))) for _ in range(20)]
    steps = [advance() for advance in waiting]
    assert all(isinstance(step, Pending) for step in steps)
    line.clock.wait_for_a_sleeper()
    line.clock.move(0.2)
    for step in steps:
        step.ended.result(_SECONDS)
    assert [advance().status for advance in waiting] == [421] * 20
    assert line.reads == 2
    assert line.operations == 20 * _KEYS + _OF_A_DIAGNOSIS


def test_of_a_ring_with_a_new_key_only_that_is_tried_by_those_who_wait(line: Line) -> None:
    line.held = [key("new"), *line.held]
    assert line.status_of(sent(to=key("new"))) == 200
    assert line.operations == _KEYS + 1


def test_a_diagnosis_is_made_once_a_second_at_most(line: Line) -> None:
    for _ in range(3):
        assert line.status_of(sent(to=key("a stranger's"))) == 421
        line.operations = 0
        for _ in range(3):
            assert line.status_of(sent(to=key("a stranger's"))) == 421
        assert line.operations == 3 * _KEYS
        line.clock.move(1.0)
