"""A read of the store whose answer is late or lost: another begins beside it, and the newest ring stays."""

import logging
from collections.abc import Callable, Iterator
from concurrent.futures import Future
from dataclasses import dataclass, field
from itertools import permutations
from queue import Queue
from threading import Thread, current_thread
from threading import enumerate as running_threads
from typing import Any

import pytest

from tests.forms import APP_SECRET, Sent, key, ring, sent
from tests.stopped_clock import StoppedClock
from whatsapp_flow_endpoint import Answer, FlowEndpoint, FlowKeys
from whatsapp_flow_endpoint.live_keys import LiveKeys
from whatsapp_flow_endpoint.steps import Pending
from whatsapp_flow_keys.errors import StoreUnavailableError
from whatsapp_flow_keys.flow_protocol.message import SealedRequest
from whatsapp_flow_keys.keys import PrivateKey
from whatsapp_flow_keys.ring import KeyRing

APART, EVERY, LONGEST_WAIT = 1.0, 60.0, 3.0
AT_ONCE = IN_VAIN = 3

_SECONDS = 60


@dataclass
class Asked:
    """A read under way: it hangs until a test ends it."""

    answer: Future[KeyRing] = field(default_factory=Future)
    thread: Thread = field(default_factory=current_thread)

    def answered(self, *keys: PrivateKey, revision: int) -> None:
        """Its answer has come, and the endpoint is through with it."""
        self.answer.set_result(ring(*keys, revision=revision))
        self._join()

    def failed(self) -> None:
        """The client has given up."""
        self.answer.set_exception(StoreUnavailableError("https://vault.example.com", "does not answer"))
        self._join()

    def _join(self) -> None:
        self.thread.join(_SECONDS)
        assert not self.thread.is_alive()


class Line:
    """An endpoint that began with the current key, and a store whose every read hangs."""

    def __init__(self) -> None:
        self.clock = StoppedClock()
        self._asked: Queue[Asked] = Queue()
        self._all: list[Asked] = []
        self._before = set(running_threads())
        self.keys = LiveKeys(FlowKeys(ring(key())), self._read, clock=self.clock)
        self.endpoint = FlowEndpoint(lambda _: {}, self.keys, app_secrets=(APP_SECRET,), clock=self.clock)
        self.clock.move(APART)

    def _read(self) -> KeyRing:
        asked = Asked()
        self._all.append(asked)
        self._asked.put(asked)
        return asked.answer.result(_SECONDS)

    def asked(self) -> Asked:
        """The next read, once it is under way."""
        return self._asked.get(timeout=_SECONDS)

    def reads(self) -> int:
        """How many are asked for or under way: each has a thread, from before :meth:`begin` is through."""
        return len(self._threads())

    def begin(self, form: Sent | None = None) -> Callable[[], Any]:
        """A form that came, by default one that no key will open; each call goes on as far as it can."""
        form = form or sent(to=key("a stranger's"))
        return self.endpoint.exchange(form.signed, form.body).advance

    def hanging(self) -> Asked:
        """The read that a form begins which has just come."""
        assert isinstance(self.begin()(), Pending)
        return self.asked()

    def end(self) -> None:
        """Every read ends, and no thread is left."""
        for asked in self._all:
            if not asked.answer.done():
                asked.failed()
        assert self._threads() == set()

    def _threads(self) -> set[Thread]:
        return {thread for thread in running_threads() if thread.name == "flow-keys"} - self._before


@pytest.fixture
def line() -> Iterator[Line]:
    """After each test no thread is left."""
    line = Line()
    yield line
    line.end()


def status(step: Answer | Pending) -> int:
    assert isinstance(step, Answer)
    return step.status


def prints(*names: str) -> tuple[str, ...]:
    return tuple(key(name).fingerprint for name in names)


def test_a_form_has_the_keys_read_again_while_a_read_hangs_and_is_answered(line: Line) -> None:
    form = line.begin(sent(to=key("new")))
    waiting = form()
    assert isinstance(waiting, Pending)
    assert waiting.seconds == APART
    lost = line.asked()
    line.clock.move(APART)
    assert isinstance(form(), Pending)
    line.asked().answered(key("new"), key(), revision=2)
    assert status(form()) == 200
    assert not lost.answer.done()


def test_a_form_that_comes_while_a_read_hangs_begins_another_at_once(line: Line) -> None:
    line.hanging()
    line.clock.move(APART)
    form = line.begin(sent(to=key("new")))
    assert isinstance(form(), Pending)
    line.asked().answered(key("new"), key(), revision=2)
    assert status(form()) == 200


def test_a_form_may_be_answered_by_a_read_that_hung_before_it_came(line: Line) -> None:
    late = line.hanging()
    line.clock.move(APART)
    form = line.begin(sent(to=key("new")))
    waiting = form()
    assert isinstance(waiting, Pending)
    line.asked()
    late.answered(key("new"), key(), revision=2)
    assert waiting.ended.done()
    assert status(form()) == 200


def test_a_read_of_less_than_a_second_stays_alone(line: Line) -> None:
    line.hanging()
    line.clock.move(APART - 0.1)
    late = line.begin()()
    assert isinstance(late, Pending)
    assert late.seconds == pytest.approx(0.1)  # and then looks again
    assert line.reads() == 1


def test_all_who_wait_begin_one_more_read_a_second(line: Line) -> None:
    forms = [line.begin() for _ in range(20)]
    for reads in (1, 2):
        assert all(isinstance(form(), Pending) for form in forms)
        line.asked()
        assert all(isinstance(form(), Pending) for form in forms)
        assert line.reads() == reads
        line.clock.move(APART)


def test_only_a_few_reads_hang_at_once_and_when_one_ends_another_may_begin(line: Line) -> None:
    reads = []
    for _ in range(AT_ONCE):
        reads.append(line.hanging())
        line.clock.move(APART)
    last = line.begin()()
    assert isinstance(last, Pending)
    assert last.seconds == LONGEST_WAIT  # nothing to look for before one ends
    assert line.reads() == AT_ONCE
    reads[0].failed()
    line.hanging()
    assert line.reads() == AT_ONCE


def test_a_form_that_looks_again_is_not_decrypted_again(line: Line, monkeypatch: pytest.MonkeyPatch) -> None:
    """Hundreds may wait, and each decryption takes a millisecond a key."""
    tried, open_ = [], SealedRequest.open

    def counted(sealed: SealedRequest, *keys: Any) -> Any:
        tried.append(keys)
        return open_(sealed, *keys)

    monkeypatch.setattr(SealedRequest, "open", counted)
    form = line.begin()
    assert isinstance(form(), Pending)
    line.asked()
    line.clock.move(APART)
    assert isinstance(form(), Pending)
    line.asked().failed()
    assert isinstance(form(), Pending)
    assert len(tried) == 1


@pytest.mark.parametrize("order", list(permutations(range(AT_ONCE))))
def test_the_newest_ring_stays_in_whatever_order_answers_come(line: Line, order: tuple[int, ...]) -> None:
    reads = []
    for _ in order:
        reads.append(line.hanging())
        line.clock.move(APART)
    for at in order:
        reads[at].answered(key(f"ring {at}"), revision=at + 2)
    assert line.endpoint.fingerprints == prints("ring 2")


def test_a_late_answer_that_is_newer_all_the_same_is_taken(line: Line) -> None:
    """A store may answer the later request first."""
    late = line.hanging()
    line.clock.move(APART)
    line.hanging().answered(key("new"), key(), revision=2)
    late.answered(key("newer"), key("new"), revision=3)
    assert line.endpoint.fingerprints == prints("newer", "new")


def test_a_late_answer_leaves_what_a_later_read_found_out(line: Line) -> None:
    """No third read for a form that has had one of its own."""
    late = line.hanging()
    line.clock.move(APART)
    form = line.begin()
    assert isinstance(form(), Pending)
    line.asked().answered(key("new"), revision=2)
    line.clock.move(APART)
    line.hanging()
    late.answered(key("newer"), revision=3)
    assert status(form()) == 421


def test_a_late_answer_of_the_same_revision_takes_no_key_away(line: Line) -> None:
    late = line.hanging()
    line.clock.move(APART)
    line.hanging().answered(key("new"), key(), revision=2)
    late.answered(key("another"), revision=2)
    assert set(line.endpoint.fingerprints) == set(prints("new", "current", "another"))


def test_an_older_ring_that_is_read_last_takes_no_key_away(line: Line) -> None:
    """The store was rolled back meanwhile."""
    first = line.hanging()
    line.clock.move(APART)
    last = line.hanging()
    first.answered(key("new"), revision=3)
    last.answered(key(), revision=2)
    assert set(line.endpoint.fingerprints) == set(prints("new", "current"))


def test_a_read_that_fails_beside_one_that_hangs_ends_no_wait(line: Line) -> None:
    form = line.begin(sent(to=key("new")))
    assert isinstance(form(), Pending)
    slow = line.asked()
    line.clock.move(APART)
    assert isinstance(form(), Pending)
    line.asked().failed()
    assert isinstance(form(), Pending)
    slow.answered(key("new"), key(), revision=2)
    assert status(form()) == 200


def test_when_all_reads_fail_a_form_gets_421_in_whatever_order_they_do(line: Line) -> None:
    first = line.hanging()
    line.clock.move(APART)
    form = line.begin()
    assert isinstance(form(), Pending)
    line.asked().failed()
    assert isinstance(form(), Pending)
    first.failed()
    assert status(form()) == 421


def test_a_good_answer_without_the_key_ends_the_wait_though_another_read_hangs(line: Line) -> None:
    form = line.begin()
    assert isinstance(form(), Pending)
    line.asked()
    line.clock.move(APART)
    assert isinstance(form(), Pending)
    line.asked().answered(key("new"), key(), revision=2)
    assert status(form()) == 421


def test_a_lost_answer_that_a_later_read_made_good_is_no_outage(line: Line, caplog: pytest.LogCaptureFixture) -> None:
    caplog.set_level(logging.INFO, "whatsapp_flow_endpoint")
    lost = line.hanging()
    line.clock.move(APART)
    line.hanging().answered(key(), revision=2)
    lost.failed()
    line.clock.move(APART)
    line.hanging().answered(key(), revision=2)
    assert "goes on with the keys it has" not in caplog.text
    assert "keys:" not in caplog.text


def test_reads_that_hang_and_fail_are_one_outage(line: Line, caplog: pytest.LogCaptureFixture) -> None:
    first = line.hanging()
    line.clock.move(APART)
    second = line.hanging()
    second.failed()
    first.failed()
    assert caplog.text.count("goes on with the keys it has") == 1


def test_the_renewal_in_the_background_begins_another_read_while_one_hangs(line: Line) -> None:
    line.clock.move(EVERY)
    assert status(line.begin(sent())()) == 200
    line.asked()
    line.clock.move(APART - 0.1)
    assert status(line.begin(sent())()) == 200
    assert line.reads() == 1
    line.clock.move(0.2)
    assert status(line.begin(sent())()) == 200
    line.asked().answered(key("new"), key(), revision=2)
    assert line.endpoint.fingerprints == prints("new", "current")


def test_the_renewal_in_the_background_goes_back_to_once_a_minute(line: Line) -> None:
    line.clock.move(EVERY)
    line.begin(sent())()
    line.asked()
    line.clock.move(APART)
    line.begin(sent())()
    line.asked().answered(key(), revision=2)
    line.clock.move(EVERY / 2)
    assert status(line.begin(sent())()) == 200
    assert line.reads() == 1  # the one that hangs


def test_of_those_that_hold_a_thread_one_waits_at_most_once_reads_were_in_vain(line: Line) -> None:
    """Else what no key opens would hold a thread more for each read that hangs."""
    for _ in range(IN_VAIN):
        line.hanging().failed()
        line.clock.move(APART)
    first = line.keys.read_after(line.clock.monotonic(), holds_a_thread=True)
    assert first is not None
    assert first.seconds > LONGEST_WAIT  # it has not to look again, which could cost it its thread
    line.asked()
    line.clock.move(APART)
    assert line.keys.read_after(line.clock.monotonic(), holds_a_thread=True) is None
    line.asked().answered(key("new"), key(), revision=2)
    assert first.ended.done()
    assert line.endpoint.fingerprints == prints("new", "current")


def test_a_process_without_a_thread_left_goes_on_waiting_for_the_read_that_hangs(
    line: Line, monkeypatch: pytest.MonkeyPatch
) -> None:
    def none_left(_: object) -> None:
        raise RuntimeError("can't start new thread")

    form = line.begin(sent(to=key("new")))
    assert isinstance(form(), Pending)
    slow = line.asked()
    line.clock.move(APART)
    monkeypatch.setattr("threading.Thread.start", none_left)
    waiting = form()
    monkeypatch.undo()
    assert isinstance(waiting, Pending)
    assert waiting.seconds == APART  # not at once, again and again
    slow.answered(key("new"), key(), revision=2)
    assert status(form()) == 200
