"""Several numbers at work: which keys are tried first, and whose reads hold up whom."""

from collections.abc import Callable, Iterator
from concurrent.futures import Future
from typing import Any

import pytest

from tests.forms import APP_SECRET, key, ring, sent
from tests.stopped_clock import StoppedClock
from whatsapp_flow_endpoint import FlowEndpoint, FlowKeys
from whatsapp_flow_endpoint.live_keys import LiveKeys
from whatsapp_flow_endpoint.numbers import Numbers
from whatsapp_flow_endpoint.steps import Pending
from whatsapp_flow_keys.errors import StoreUnavailableError
from whatsapp_flow_keys.keys import PrivateKey
from whatsapp_flow_keys.ring import KeyRing

_SECONDS = 20
EVERY = 60.0
IDS = [str(106540352242900 + at) for at in range(6)]


class Stores:
    """Several numbers, each with a key and the one before it, and a store that a test may have hang."""

    def __init__(self) -> None:
        self.clock = StoppedClock()
        self.revision = 1
        self.newest: dict[str, list[PrivateKey]] = {id_: [key(id_), key(f"{id_} before")] for id_ in IDS}
        self.hanging: dict[str, Future[None]] = {}
        self.reads: list[str] = []
        lines = [LiveKeys(FlowKeys(self.ring(id_)), self._reader(id_), clock=self.clock) for id_ in IDS]
        self.numbers = Numbers(*lines)
        self.endpoint = FlowEndpoint(lambda _: {}, self.numbers, app_secrets=(APP_SECRET,), clock=self.clock)
        self.clock.move(1.0)

    def ring(self, id_: str) -> KeyRing:
        return ring(*self.newest[id_], number=id_, revision=self.revision)

    def _reader(self, id_: str) -> Callable[[], KeyRing]:
        def read() -> KeyRing:
            self.reads.append(id_)
            if id_ in self.hanging:
                self.hanging[id_].result(_SECONDS)
            return self.ring(id_)

        return read

    def rotate(self, id_: str) -> None:
        self.revision += 1
        self.newest[id_] = [key(f"{id_} new"), *self.newest[id_]]

    def begin(self, name: str, number: str | None = None) -> Callable[[], Any]:
        form = sent(to=key(name))
        return self.endpoint.exchange(form.signed, form.body, phone_number_id=number).advance

    def status_of(self, name: str, number: str | None = None) -> int:
        """What a form is answered once all that it waits for has come."""
        advance = self.begin(name, number)
        while isinstance(step := advance(), Pending):
            step.ended.result(_SECONDS)
        return int(step.status)

    def end(self) -> None:
        for hanging in self.hanging.values():
            hanging.set_exception(StoreUnavailableError("https://vault.example.com", "does not answer"))
        self.clock.move(EVERY)
        self.numbers.finish_reading(self.clock.monotonic() + _SECONDS)


@pytest.fixture
def stores() -> Iterator[Stores]:
    stores = Stores()
    yield stores
    stores.end()


@pytest.fixture
def operations(monkeypatch: pytest.MonkeyPatch) -> list[str]:
    """Every private operation that was made, by its key's fingerprint."""
    made: list[str] = []
    unwrap = PrivateKey.unwrap

    def counted(key: PrivateKey, *args: Any) -> bytes:
        made.append(key.fingerprint)
        return unwrap(key, *args)

    monkeypatch.setattr(PrivateKey, "unwrap", counted)
    return made


def prints(*names: str) -> list[str]:
    return [key(name).fingerprint for name in names]


def tried(stores: Stores) -> list[str]:
    return [each.fingerprint for each in stores.numbers.likeliest_first()]


def test_the_key_that_opened_a_form_is_tried_first_for_the_next(stores: Stores, operations: list[str]) -> None:
    last = f"{IDS[-1]} before"
    assert stores.status_of(last) == 200
    operations.clear()
    assert stores.status_of(last) == 200
    assert operations == prints(last)


def test_two_senders_who_take_turns_cost_two_operations_each_at_most(stores: Stores, operations: list[str]) -> None:
    senders = [IDS[2], IDS[5]]
    assert [stores.status_of(name) for name in senders] == [200, 200]
    operations.clear()
    assert [stores.status_of(name) for name in senders * 5] == [200] * 10
    assert len(operations) == 2 * 10


def test_where_the_number_is_named_a_form_costs_two_operations_at_most_whoever_else_writes(
    stores: Stores, operations: list[str]
) -> None:
    for id_ in IDS:
        for name in (id_, f"{id_} before"):
            stores.status_of(IDS[0])
            operations.clear()
            assert stores.status_of(name, id_) == 200
            assert len(operations) <= 2, name
            operations.clear()
            assert stores.status_of(name, id_) == 200
            assert operations == prints(name)


def test_before_any_form_each_numbers_newest_key_is_tried_before_any_older_one(stores: Stores) -> None:
    assert tried(stores) == prints(*IDS, *(f"{id_} before" for id_ in IDS))


def test_a_key_that_left_the_ring_is_tried_no_more_and_the_order_of_the_others_stays(stores: Stores) -> None:
    assert stores.status_of(IDS[3]) == 200
    assert stores.status_of(f"{IDS[4]} before") == 200
    stores.revision += 1
    stores.newest[IDS[4]] = [key(IDS[4])]
    stores.clock.move(1.0)
    assert stores.status_of("a stranger's") == 421  # has every ring read
    left = prints(IDS[3], *(id_ for id_ in IDS if id_ != IDS[3]), *(f"{id_} before" for id_ in IDS if id_ != IDS[4]))
    assert tried(stores) == left


def test_a_request_that_no_key_opens_has_every_ring_read_once(stores: Stores) -> None:
    assert stores.status_of("a stranger's") == 421
    assert sorted(stores.reads) == IDS


def test_where_the_number_is_named_its_ring_alone_is_read(stores: Stores) -> None:
    assert stores.status_of("a stranger's", IDS[1]) == 421
    assert stores.reads == [IDS[1]]


def test_a_number_whose_store_hangs_does_not_hold_up_the_rotation_of_another(stores: Stores) -> None:
    stores.hanging[IDS[0]] = Future()
    stores.rotate(IDS[5])
    assert stores.status_of(f"{IDS[5]} new") == 200
    assert not stores.hanging[IDS[0]].done()


def test_where_no_ring_has_a_new_key_a_form_waits_for_the_one_that_hangs(stores: Stores) -> None:
    stores.hanging[IDS[0]] = Future()
    advance = stores.begin(f"{IDS[0]} new")
    step = advance()
    assert isinstance(step, Pending)
    assert not step.ended.done()
    stores.rotate(IDS[0])
    stores.hanging[IDS[0]].set_result(None)
    step.ended.result(_SECONDS)
    assert advance().status == 200
    del stores.hanging[IDS[0]]


def test_keys_that_are_old_are_read_behind_requests_one_number_for_each(stores: Stores) -> None:
    stores.clock.move(EVERY + 1)
    for at in range(len(IDS) + 2):
        assert stores.status_of(IDS[0]) == 200
        stores.numbers.finish_reading(stores.clock.monotonic() + _SECONDS)
        assert stores.reads == IDS[: at + 1]


def test_a_store_that_hangs_does_not_keep_the_other_keys_old(stores: Stores) -> None:
    stores.hanging[IDS[0]] = Future()
    stores.clock.move(EVERY + 1)
    for _ in IDS:
        assert stores.status_of(IDS[0]) == 200
    for id_ in IDS[1:]:
        stores.numbers.alone(id_).finish_reading(stores.clock.monotonic() + _SECONDS)  # type: ignore[union-attr]
    assert sorted(stores.reads) == IDS


def test_the_failures_of_many_numbers_make_one_short_line(stores: Stores, caplog: pytest.LogCaptureFixture) -> None:
    for id_ in IDS:
        stores.hanging[id_] = Future()
        stores.hanging[id_].set_exception(StoreUnavailableError(f"https://{id_}.example.com", "does not answer"))
    assert stores.status_of("a stranger's") == 421
    stores.clock.move(1.0)
    assert stores.status_of("a stranger's") == 421
    line = next(each for each in caplog.messages if "could not be read again" in each)
    assert line.count("does not answer") == 3
    assert "(and 3 more)" in line
    stores.hanging.clear()
