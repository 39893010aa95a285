"""Keys that are read again: in the background, when none opens a request, never too often."""

import logging
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from threading import Event
from threading import enumerate as running_threads
from typing import Any

import pytest

from tests.forms import APP_SECRET, Sent, endpoint_of, key, ring, sent
from tests.stopped_clock import StoppedClock
from whatsapp_flow_endpoint import Answer, FlowEndpoint, FlowKeys
from whatsapp_flow_endpoint.live_keys import LiveKeys
from whatsapp_flow_endpoint.steps import Pending
from whatsapp_flow_keys.errors import StoreUnavailableError
from whatsapp_flow_keys.keys import PrivateKey
from whatsapp_flow_keys.ring import KeyRing

APART, EVERY = 1.0, 60.0
IN_VAIN, IN_VAIN_WITHIN = 3, 10.0

_SECONDS = 20


class Store:
    """Gives the ring of these keys; can be down, and can keep a reader waiting."""

    def __init__(self, *keys: PrivateKey) -> None:
        self.keys = list(keys)
        self.reads = 0
        self.revision = 1
        self.failure: Exception | None = None
        self.reading, self.go_on = Event(), Event()
        self.go_on.set()

    def read(self) -> KeyRing:
        self.reads += 1
        self.revision += 1
        found = list(self.keys)
        self.reading.set()
        assert self.go_on.wait(_SECONDS)
        if self.failure:
            raise self.failure
        return ring(*found, revision=self.revision)


class Line:
    """An endpoint that began with the current key, and its store."""

    def __init__(self) -> None:
        self.clock, self.store = StoppedClock(), Store(key())
        self._before = set(running_threads())
        keys = LiveKeys(FlowKeys(ring(key())), self.store.read, clock=self.clock)
        self.endpoint = FlowEndpoint(lambda _: {}, keys, app_secrets=(APP_SECRET,), clock=self.clock)
        self.clock.move(APART)

    def begin(self, form: Sent) -> Callable[[], Any]:
        return self.endpoint.exchange(form.signed, form.body).advance

    def finish(self, advance: Callable[[], Answer | Pending]) -> int:
        """Goes on as reads end, until the answer; its status."""
        while isinstance(step := advance(), Pending):
            step.ended.result(_SECONDS)
        return step.status

    def end(self) -> None:
        """No read waits for the clock or the store any more, and no thread is left."""
        self.store.go_on.set()
        self.clock.move(EVERY)
        for thread in set(running_threads()) - self._before:
            thread.join(_SECONDS)
            assert not thread.is_alive()


@pytest.fixture
def line() -> Iterator[Line]:
    line = Line()
    yield line
    line.end()


def test_a_request_with_a_key_that_came_since_waits_for_it_and_is_answered(line: Line) -> None:
    line.store.keys = [key("new"), key()]
    form = sent(to=key("new"))
    assert line.endpoint.answer(form.signed, form.body).status == 200
    assert line.store.reads == 1


def test_a_request_that_no_read_helps_gets_421_after_one(line: Line) -> None:
    assert line.finish(line.begin(sent(to=key("a stranger's")))) == 421
    assert line.store.reads == 1


def test_a_request_that_opens_has_nothing_read(line: Line) -> None:
    assert line.finish(line.begin(sent())) == 200
    assert line.store.reads == 0


def test_a_read_that_began_before_the_request_came_is_not_enough(line: Line) -> None:
    """It may have looked before the key was there."""
    line.store.go_on.clear()
    first = line.begin(sent(to=key("a stranger's")))
    assert isinstance(first(), Pending)
    assert line.store.reading.wait(_SECONDS)
    line.store.keys = [key("new"), key()]
    line.clock.move(0.1)
    second = line.begin(sent(to=key("new")))
    waiting = second()
    assert isinstance(waiting, Pending)
    line.store.go_on.set()
    waiting.ended.result(_SECONDS)
    again = second()
    assert isinstance(again, Pending)
    line.clock.move(APART)
    assert line.finish(second) == 200
    assert line.store.reads == 2


def test_a_read_under_way_answers_who_came_after_it_began_if_it_has_their_key(line: Line) -> None:
    line.store.keys = [key("new"), key()]
    line.store.go_on.clear()
    first = line.begin(sent(to=key("new")))
    assert isinstance(first(), Pending)
    assert line.store.reading.wait(_SECONDS)
    line.clock.move(0.1)
    second = line.begin(sent(to=key("new")))
    assert isinstance(second(), Pending)
    line.store.go_on.set()
    assert line.finish(second) == line.finish(first) == 200
    assert line.store.reads == 1


def test_garbage_has_one_read_a_second_at_most_and_all_of_it_shares_it(line: Line) -> None:
    garbage = sent(to=key("a stranger's"))
    assert line.finish(line.begin(garbage)) == 421
    line.clock.move(0.01)
    waiting = [line.begin(garbage) for _ in range(20)]
    assert len({id(step.ended) for begun in waiting if isinstance(step := begun(), Pending)}) == 1
    line.clock.wait_for_a_sleeper()
    assert line.store.reads == 1
    line.clock.move(APART)
    assert [line.finish(begun) for begun in waiting] == [421] * 20
    assert line.store.reads == 2


def test_garbage_can_not_starve_the_first_form_after_a_rotation(line: Line) -> None:
    garbage = sent(to=key("a stranger's"))
    assert line.finish(line.begin(garbage)) == 421
    line.store.keys = [key("new"), key()]
    line.clock.move(0.01)
    form = line.begin(sent(to=key("new")))
    assert isinstance(form(), Pending)
    line.clock.wait_for_a_sleeper()
    line.clock.move(APART)
    assert line.finish(form) == 200


def test_a_request_waits_three_seconds_and_no_longer(line: Line) -> None:
    line.store.go_on.clear()
    late = line.begin(sent(to=key("a stranger's")))
    assert isinstance(late(), Pending)
    line.clock.move(2.9)
    assert isinstance(late(), Pending)
    line.clock.move(0.2)
    step = late()
    line.store.go_on.set()
    assert isinstance(step, Answer)
    assert step.status == 421


def test_a_wrong_shape_waits_for_nothing(line: Line) -> None:
    form = sent()
    body = form.body.replace(b'"initial_vector": "', b'"initial_vector": "AAAA')
    garbage = Sent(body, form.session)
    step = line.begin(garbage)()
    assert isinstance(step, Answer)
    assert step.status == 421
    assert line.store.reads == 0


def test_a_store_that_is_down_takes_no_key_away(line: Line, caplog: pytest.LogCaptureFixture) -> None:
    line.store.failure = StoreUnavailableError("https://vault.example.com", "does not answer")
    assert line.finish(line.begin(sent(to=key("new")))) == 421
    assert line.finish(line.begin(sent())) == 200
    assert "goes on with the keys it has: https://vault.example.com: does not answer" in caplog.text


def test_whatever_a_client_library_raises_takes_no_key_away_and_is_not_quoted(
    line: Line, caplog: pytest.LogCaptureFixture
) -> None:
    line.store.failure = RuntimeError("token=hunter2")
    assert line.finish(line.begin(sent(to=key("new")))) == 421
    assert line.finish(line.begin(sent())) == 200
    assert "goes on with the keys it has: RuntimeError while reading" in caplog.text
    assert "hunter2" not in caplog.text


def test_an_outage_is_one_line_and_its_end_another(line: Line, caplog: pytest.LogCaptureFixture) -> None:
    caplog.set_level(logging.INFO, "whatsapp_flow_endpoint")
    line.store.failure = StoreUnavailableError("the store", "down")
    for _ in range(3):
        line.clock.move(APART)
        line.finish(line.begin(sent(to=key("new"))))
    line.store.failure, line.store.keys = None, [key("new"), key()]
    line.clock.move(APART)
    assert line.finish(line.begin(sent(to=key("new")))) == 200
    assert caplog.text.count("goes on with the keys it has") == 1
    assert caplog.text.count(f"keys: {key('new').fingerprint[:12]}, {key().fingerprint[:12]}") == 1


def outage(line: Line) -> None:
    line.store.failure = StoreUnavailableError("the store", "its token has expired")
    line.clock.move(APART)
    assert line.finish(line.begin(sent(to=key("new")))) == 421


def test_an_outage_that_lasts_is_said_again_each_minute(line: Line, caplog: pytest.LogCaptureFixture) -> None:
    outage(line)
    line.clock.move(EVERY - 2 * APART)
    outage(line)
    assert caplog.text.count("goes on with the keys it has") == 1
    line.clock.move(APART)
    outage(line)
    assert caplog.text.count("goes on with the keys it has: the store: its token has expired") == 2


def test_a_421_names_the_store_that_can_not_be_read_once_a_minute(line: Line, caplog: pytest.LogCaptureFixture) -> None:
    named = (
        "answered 421: none of the private keys opens the request. The keys could not be read again: the store: its "
        "token has expired"
    )
    outage(line)
    outage(line)
    assert caplog.text.count(named) == 1
    line.clock.move(EVERY)
    outage(line)
    assert caplog.text.count(named) == 2
    assert caplog.text.count("answered 421") == 3


def test_a_421_after_an_outage_names_no_store(line: Line, caplog: pytest.LogCaptureFixture) -> None:
    outage(line)
    line.store.failure = None
    line.clock.move(EVERY)
    caplog.clear()
    assert line.finish(line.begin(sent(to=key("a stranger's")))) == 421
    assert "could not be read again" not in caplog.text


def test_keys_are_read_again_behind_a_request_after_a_minute(line: Line) -> None:
    line.store.keys = [key("new"), key()]
    line.clock.move(EVERY)
    line.store.go_on.clear()
    assert line.finish(line.begin(sent())) == 200
    assert line.store.reading.wait(_SECONDS)
    assert key("new").fingerprint not in line.endpoint.fingerprints
    line.store.go_on.set()
    assert line.finish(line.begin(sent(to=key("new")))) == 200
    assert line.store.reads == 1


def test_keys_that_another_request_has_read_meanwhile_are_not_read_again(
    line: Line, monkeypatch: pytest.MonkeyPatch
) -> None:
    clock, store = line.clock, line.store
    keys = LiveKeys(FlowKeys(ring(key())), store.read, clock=clock)
    clock.move(EVERY + APART)

    class TakenMeanwhile:
        """A lock that another request gets first."""

        def __enter__(self) -> None:
            monkeypatch.undo()
            assert keys.refresh()
            keys.finish_reading(clock.monotonic() + _SECONDS)

        def __exit__(self, *_: object) -> None: ...

    monkeypatch.setattr(keys, "_lock", TakenMeanwhile())
    assert not keys.refresh()
    assert store.reads == 1


def test_a_retired_key_goes(line: Line) -> None:
    line.store.keys = [key("new")]
    assert line.finish(line.begin(sent(to=key("new")))) == 200
    assert line.endpoint.fingerprints == (key("new").fingerprint,)


def test_eight_threads_share_one_read(line: Line) -> None:
    line.store.go_on.clear()
    line.store.keys = [key("new"), key()]
    forms = [sent(to=key("new")) for _ in range(8)]
    with ThreadPoolExecutor(8) as threads:
        statuses = [threads.submit(line.endpoint.answer, form.signed, form.body) for form in forms]
        assert line.store.reading.wait(_SECONDS)
        line.store.go_on.set()
        assert [status.result(_SECONDS).status for status in statuses] == [200] * 8
    assert line.store.reads == 1


def test_a_document_in_the_environment_is_never_read_again() -> None:
    form = sent(to=key("new"))
    step = endpoint_of(lambda _: {}).exchange(form.signed, form.body).advance()
    assert isinstance(step, Answer)
    assert step.status == 421


def test_a_process_without_a_thread_left_answers_at_once(line: Line, monkeypatch: pytest.MonkeyPatch) -> None:
    def none_left(_: object) -> None:
        raise RuntimeError("can't start new thread")

    monkeypatch.setattr("threading.Thread.start", none_left)
    assert line.finish(line.begin(sent(to=key("new")))) == 421
    monkeypatch.undo()
    line.store.keys = [key("new"), key()]
    assert line.finish(line.begin(sent(to=key("new")))) == 200


def test_garbage_holds_no_more_threads_once_reads_were_in_vain(line: Line) -> None:
    garbage = sent(to=key("a stranger's"))
    for _ in range(IN_VAIN):
        assert line.endpoint.answer(garbage.signed, garbage.body).status == 421
        line.clock.move(APART)
    assert line.endpoint.answer(garbage.signed, garbage.body).status == 421
    reads = line.store.reads
    line.store.go_on.clear()
    line.clock.move(0.01)
    with ThreadPoolExecutor(1) as thread:
        answered = thread.submit(line.endpoint.answer, garbage.signed, garbage.body)
        try:
            assert answered.result(_SECONDS).status == 421  # and did not wait
        finally:
            if not answered.done():
                line.clock.move(EVERY)  # else it waits on
    line.store.keys = [key("new"), key()]
    line.clock.wait_for_a_sleeper()
    line.store.go_on.set()
    line.clock.move(APART)
    assert line.finish(line.begin(sent(to=key("new")))) == 200  # the read took place all the same
    assert line.store.reads == reads + 1


def test_who_holds_no_thread_waits_however_much_garbage_comes(line: Line) -> None:
    garbage = sent(to=key("a stranger's"))
    for _ in range(IN_VAIN + 1):
        assert line.endpoint.answer(garbage.signed, garbage.body).status == 421
        line.clock.move(APART)
    line.clock.move(-0.5)
    step = line.begin(garbage)()
    assert isinstance(step, Pending)
    line.clock.move(APART)
    step.ended.result(_SECONDS)


def test_reads_that_were_in_vain_long_ago_are_no_garbage(line: Line) -> None:
    garbage = sent(to=key("a stranger's"))
    for _ in range(IN_VAIN):
        assert line.endpoint.answer(garbage.signed, garbage.body).status == 421
        line.clock.move(APART)
    line.clock.move(IN_VAIN_WITHIN)
    line.store.go_on.clear()
    line.store.keys = [key("new"), key()]
    first, second = sent(to=key("new")), sent(to=key("new"))
    with ThreadPoolExecutor(2) as threads:
        statuses = [threads.submit(line.endpoint.answer, form.signed, form.body) for form in (first, second)]
        assert line.store.reading.wait(_SECONDS)
        line.store.go_on.set()
        assert [status.result(_SECONDS).status for status in statuses] == [200, 200]
