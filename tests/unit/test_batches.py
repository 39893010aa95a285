"""Ciphertexts that arrive together share a call, and none is lost on the way."""

from concurrent.futures import Future, ThreadPoolExecutor
from threading import Event, Lock

import pytest

from whatsapp_flow_keys.custody.vault_transit.batches import AT_ONCE, LARGEST, Batch, Batches, Result


class Service:
    """Answers once it is let go; notes what each call brought."""

    def __init__(self, failure: Exception | None = None) -> None:
        self.calls: list[list[str]] = []
        self.at_once = self.most = 0
        self.let_go, self._lock, self._failure = Event(), Lock(), failure

    def __call__(self, ciphertexts: list[str]) -> list[Result]:
        with self._lock:
            self.calls.append(ciphertexts)
            self.at_once += 1
            self.most = max(self.most, self.at_once)
        assert self.let_go.wait(10)
        with self._lock:
            self.at_once -= 1
        if self._failure and len(ciphertexts) > 1:
            raise self._failure
        return [f"plain {text}" for text in ciphertexts]


def sent(batch: Batch, service: Service, texts: list[str], pool: ThreadPoolExecutor) -> list["Future[Result]"]:
    """All of them, from a thread each, while the first calls are under way."""
    futures = []
    for at, text in enumerate(texts):
        futures.append(pool.submit(batch.decrypt, text, service))
        while at < AT_ONCE and len(service.calls) <= at:
            Event().wait(0.001)
    while len(batch._waiting) < len(texts) - AT_ONCE:
        Event().wait(0.001)
    return futures


@pytest.fixture
def service() -> Service:
    return Service()


def test_one_alone_makes_a_call_of_its_own(service: Service) -> None:
    service.let_go.set()
    assert Batch().decrypt("a", service) == "plain a"
    assert service.calls == [["a"]]


def test_those_that_arrive_meanwhile_share_the_next_call(service: Service) -> None:
    texts = [str(number) for number in range(AT_ONCE + 10)]
    with ThreadPoolExecutor(len(texts)) as pool:
        futures = sent(Batch(), service, texts, pool)
        service.let_go.set()
        assert [future.result(10) for future in futures] == [f"plain {text}" for text in texts]
    assert len(service.calls) < len(texts)
    assert sorted(text for call in service.calls for text in call) == sorted(texts)
    assert service.most == AT_ONCE


def test_a_call_takes_so_many_at_most(service: Service) -> None:
    texts = [str(number) for number in range(AT_ONCE + LARGEST + 5)]
    with ThreadPoolExecutor(len(texts)) as pool:
        futures = sent(Batch(), service, texts, pool)
        service.let_go.set()
        assert [future.result(10) for future in futures] == [f"plain {text}" for text in texts]
    assert max(map(len, service.calls)) == LARGEST


def test_what_fails_fails_for_all_that_it_took_along_and_then_goes_on() -> None:
    service, batch = Service(RuntimeError("down")), Batch()
    texts = [str(number) for number in range(AT_ONCE + 3)]
    with ThreadPoolExecutor(len(texts)) as pool:
        futures = sent(batch, service, texts, pool)
        service.let_go.set()
        ends = [future.exception(10) or future.result(10) for future in futures]
    assert ends[:AT_ONCE] == [f"plain {text}" for text in texts[:AT_ONCE]]
    assert {str(end) for end in ends[AT_ONCE:]} <= {"down", *(f"plain {text}" for text in texts)}
    assert batch.decrypt("again", service) == "plain again"


def test_each_key_has_calls_of_its_own() -> None:
    batches = Batches()
    assert batches.of("a", "b") is batches.of("a", "b")
    assert batches.of("a", "b") is not batches.of("a", "c")


def test_whoever_leaves_while_it_waits_takes_nobodys_turn_along(monkeypatch: pytest.MonkeyPatch) -> None:
    service, batch = Service(), Batch()
    texts = [str(number) for number in range(AT_ONCE + 1)]
    with ThreadPoolExecutor(len(texts)) as pool:
        monkeypatch.setattr("whatsapp_flow_keys.custody.vault_transit.batches.LONGEST_WAIT", 0.05)
        futures = sent(batch, service, texts, pool)
        with pytest.raises(TimeoutError):
            futures[-1].result(10)
        service.let_go.set()
        assert [future.result(10) for future in futures[:-1]] == [f"plain {text}" for text in texts[:-1]]
    assert (batch._under_way, len(batch._waiting)) == (0, 0)
    assert batch.decrypt("again", service) == "plain again"
