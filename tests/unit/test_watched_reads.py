"""What dashboards get of the reads of a store: how they end, how long the keys have not been read, who waits."""

import gc
from collections.abc import Callable
from threading import Event
from typing import Any

import pytest

from tests.exported import Exported
from tests.forms import APP_SECRET, endpoint_of, key, ring, sent
from tests.stopped_clock import StoppedClock
from whatsapp_flow_endpoint import FlowEndpoint, FlowKeys
from whatsapp_flow_endpoint.live_keys import LiveKeys
from whatsapp_flow_endpoint.numbers import Numbers
from whatsapp_flow_endpoint.steps import Pending
from whatsapp_flow_keys.errors import StoreUnavailableError
from whatsapp_flow_keys.fingerprint import short
from whatsapp_flow_keys.ring import KeyRing

NORTH, SOUTH = "106540352242922", "110200345501442"
ID, ERROR, REASON = "whatsapp.phone_number_id", "error.type", "whatsapp.flow.wait.reason"
READS, AGE, WAITING = "whatsapp.flow.key.reads", "whatsapp.flow.key.read.age", "whatsapp.flow.request.waiting"
EVERY = 60.0

_SECONDS = 60


@pytest.fixture
def exported(monkeypatch: pytest.MonkeyPatch) -> Exported:
    return Exported(monkeypatch)


def unavailable() -> KeyRing:
    raise StoreUnavailableError("https://vault.example.com", "does not answer")


def broken() -> KeyRing:
    raise LookupError("of a client library")


class Line:
    """A number's keys, which are read when a test says so."""

    def __init__(self, read: Callable[[], KeyRing], number: str = NORTH, *, unread: bool = False) -> None:
        self.clock = StoppedClock()
        now = FlowKeys.unread(number) if unread else FlowKeys(ring(key(), number=number))
        self.keys = LiveKeys(now, read, clock=self.clock)
        self.numbers = Numbers(self.keys)

    def endpoint(self) -> FlowEndpoint:
        return FlowEndpoint(lambda _: {}, self.numbers, app_secrets=(APP_SECRET,), clock=self.clock)

    def read(self, after: float = EVERY + 1) -> None:
        """A minute is over, and the read that was due has ended."""
        self.clock.move(after)
        assert self.keys.refresh()
        self.keys.finish_reading(self.clock.monotonic() + _SECONDS)


@pytest.mark.parametrize(
    ("read", "failed"),
    [
        (lambda: ring(key(), revision=2), {}),
        (unavailable, {ERROR: "whatsapp_flow_keys.errors.StoreUnavailableError"}),
        (broken, {ERROR: "LookupError"}),
        (lambda: ring(key(), number=SOUTH), {ERROR: "whatsapp_flow_keys.errors.StoreError"}),
    ],
    ids=["a ring", "no answer", "a client library", "another number's ring"],
)
def test_a_read_is_counted_by_its_number_and_timed_with_the_type_of_what_made_it_fail(
    read: Callable[[], KeyRing], failed: dict[str, str], exported: Exported
) -> None:
    line = Line(read)
    line.endpoint()
    line.read()
    assert exported.of(READS) == [({ID: NORTH, **failed}, 1)]
    assert exported.of("whatsapp.flow.key.read.duration") == [(failed, 1)]


def test_the_age_is_that_of_the_last_read_that_gave_the_keys(exported: Exported) -> None:
    rings: list[Callable[[], KeyRing]] = [lambda: ring(key(), revision=2), unavailable]
    line = Line(lambda: rings.pop(0)())
    line.endpoint()
    line.clock.move(5.0)
    assert exported.of(AGE) == [({ID: NORTH}, 5.0)]
    line.read()
    line.clock.move(7.0)
    assert exported.of(AGE) == [({ID: NORTH}, 7.0)]
    line.read()
    assert exported.of(AGE) == [({ID: NORTH}, 7.0 + EVERY + 1)]


def test_keys_that_could_never_be_read_age_from_the_start(exported: Exported) -> None:
    line = Line(unavailable, unread=True)
    line.endpoint()
    line.clock.move(5.0)
    assert exported.of(AGE) == [({ID: NORTH}, 5.0)]


def test_every_number_of_every_endpoint_has_an_age_while_it_lives(exported: Exported) -> None:
    north, south = Line(lambda: ring(key())), Line(lambda: ring(key(), number=SOUTH), SOUTH)
    endpoints = [north.endpoint(), south.endpoint()]
    assert exported.of(AGE) == [({ID: NORTH}, 0.0), ({ID: SOUTH}, 0.0)]
    del north
    endpoints.pop(0)
    gc.collect()
    assert exported.of(AGE) == [({ID: SOUTH}, 0.0)]


def test_a_ring_in_the_environment_has_no_age(exported: Exported) -> None:
    endpoint = endpoint_of(lambda _: {})
    assert endpoint.fingerprints
    assert exported.of(AGE) == []


def test_a_request_that_waits_for_keys_is_counted_until_they_come_and_the_new_key_opens_it(exported: Exported) -> None:
    asked, go_on = Event(), Event()

    def read() -> KeyRing:
        asked.set()
        assert go_on.wait(_SECONDS)
        return ring(key("new"), key(), revision=2)

    line, form = Line(read), sent(to=key("new"))
    endpoint = line.endpoint()
    line.clock.move(1.0)
    exchange = endpoint.exchange(form.signed, form.body)
    waiting = exchange.advance()
    assert isinstance(waiting, Pending)
    assert asked.wait(_SECONDS)
    assert exported.of(WAITING) == [({REASON: "keys"}, 1)]
    go_on.set()
    waiting.ended.result(_SECONDS)
    answer: Any = exchange.advance()
    assert answer.status == 200
    assert exported.of(WAITING) == [({REASON: "keys"}, 0)]
    assert exported.sums("whatsapp.flow.request.tried_keys") == [({}, 2)]
    opened = exported.of("whatsapp.flow.key.requests")
    assert [attributes["whatsapp.flow.key.fingerprint"] for attributes, _ in opened] == [short(key("new").fingerprint)]


def test_a_key_is_told_by_the_role_that_the_newest_ring_gives_it(exported: Exported) -> None:
    line = Line(lambda: ring(key("new"), key(), revision=2))
    endpoint = line.endpoint()
    for _ in range(2):
        form = sent()
        assert endpoint.answer(form.signed, form.body).status == 200
        line.read()
    opened = exported.of("whatsapp.flow.key.requests")
    assert [attributes["whatsapp.flow.key.role"] for attributes, _ in opened] == ["current", "previous"]


def test_an_older_ring_that_comes_late_changes_no_role(exported: Exported) -> None:
    rings = [ring(key("new"), key(), revision=3), ring(key(), key("before"), revision=2)]
    line = Line(lambda: rings.pop(0))
    endpoint = line.endpoint()
    line.read()
    line.read()
    for name in ("current", "new", "before"):
        form = sent(to=key(name))
        assert endpoint.answer(form.signed, form.body).status == 200
    opened = exported.of("whatsapp.flow.key.requests")
    assert [attributes["whatsapp.flow.key.role"] for attributes, _ in opened] == ["previous", "current", "previous"]
