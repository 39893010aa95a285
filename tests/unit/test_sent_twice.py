"""A request that is sent twice: one call of the handler, and one answer under its AES key and nonce."""

import asyncio
import itertools
from concurrent.futures import ThreadPoolExecutor
from threading import Event
from typing import Any

import pytest

from tests.forms import APP_SECRET, FORM, PING, Sent, endpoint_of, key, ring, sent
from tests.stopped_clock import StoppedClock
from whatsapp_flow_endpoint import Answer, FlowEndpoint, FlowKeys, FlowRequest, FlowTokenNoLongerValid
from whatsapp_flow_endpoint.answered import KEPT_FOR, Answered
from whatsapp_flow_endpoint.asgi import asgi_app
from whatsapp_flow_endpoint.exchange import LONGEST_FOR_THE_FIRST
from whatsapp_flow_endpoint.live_keys import LiveKeys
from whatsapp_flow_endpoint.steps import Pending, Work
from whatsapp_flow_keys.ring import KeyRing

_SECONDS = 60


class Counting:
    """A handler that never answers the same twice."""

    def __init__(self) -> None:
        self.ids: list[str] = []

    def __call__(self, request: FlowRequest) -> dict[str, Any]:
        self.ids.append(request.id)
        return {"data": {"count": len(self.ids)}}


def answers(endpoint: FlowEndpoint, *forms: Sent) -> list[Answer]:
    return [endpoint.answer(form.signed, form.body) for form in forms]


def test_a_request_that_is_sent_twice_gets_the_same_answer_and_one_call_of_the_handler() -> None:
    handler, form = Counting(), sent()
    first, second = answers(endpoint_of(handler), form, form)
    assert first == second
    assert len(handler.ids) == 1


def test_the_same_form_filled_in_twice_is_two_requests() -> None:
    handler, forms = Counting(), (sent(), sent())
    got = answers(endpoint_of(handler), *forms)
    assert [form.decrypt(answer) for form, answer in zip(forms, got, strict=True)] == [
        {"data": {"count": 1}},
        {"data": {"count": 2}},
    ]
    assert len(set(handler.ids)) == 2


def test_the_id_of_a_request_is_the_same_in_every_process() -> None:
    handler, form = Counting(), sent()
    answers(endpoint_of(handler), form)
    answers(endpoint_of(handler), form)
    assert handler.ids[0] == handler.ids[1]
    assert len(handler.ids[0]) == 64


def test_a_form_that_was_closed_stays_closed_with_the_same_message() -> None:
    counts = itertools.count()

    def closed(_: FlowRequest) -> dict[str, Any]:
        raise FlowTokenNoLongerValid(f"Too late, {next(counts)}.")

    form = sent()
    first, second = answers(endpoint_of(closed), form, form)
    assert first == second
    assert first.status == 427


def test_a_handler_that_failed_is_called_again() -> None:
    """Nothing went out under the key and nonce."""
    counting = Counting()

    def fails_once(request: FlowRequest) -> dict[str, Any]:
        answer = counting(request)
        if len(counting.ids) == 1:
            raise LookupError
        return answer

    form = sent()
    assert [answer.status for answer in answers(endpoint_of(fails_once), form, form)] == [500, 200]


def test_what_is_sent_again_after_a_421_is_answered_once_its_key_is_there() -> None:
    rings = [ring(key(), revision=2), ring(key("new"), revision=3)]

    def read() -> KeyRing:
        return rings.pop(0)

    clock, handler, form = StoppedClock(), Counting(), sent(to=key("new"))
    keys = LiveKeys(FlowKeys(ring(key())), read, clock=clock)
    endpoint = FlowEndpoint(handler, keys, app_secrets=(APP_SECRET,), clock=clock)
    statuses = []
    for _ in range(2):
        clock.move(1.0)
        statuses += [answer.status for answer in answers(endpoint, form)]
    assert statuses == [421, 200]
    assert len(handler.ids) == 1


def test_a_request_that_comes_while_the_same_is_handled_waits_for_its_answer() -> None:
    counting, begun, go_on = Counting(), Event(), Event()

    def slow(request: FlowRequest) -> dict[str, Any]:
        begun.set()
        assert go_on.wait(_SECONDS)
        return counting(request)

    endpoint, form = endpoint_of(slow), sent()
    with ThreadPoolExecutor(1) as thread:
        first = thread.submit(answers, endpoint, form)
        assert begun.wait(_SECONDS)
        second = endpoint.exchange(form.signed, form.body)
        waiting = second.advance()
        assert isinstance(waiting, Pending)
        go_on.set()
        waiting.ended.result(_SECONDS)
        assert [second.advance()] == first.result(_SECONDS)
    assert len(counting.ids) == 1


def test_a_request_waits_five_seconds_for_the_answer_to_the_same_and_no_longer() -> None:
    clock, form, handler = StoppedClock(), sent(), Counting()
    endpoint = endpoint_of(handler, clock=clock)
    first = endpoint.exchange(form.signed, form.body)
    while first.step() is not Work.FORM:
        pass
    second = endpoint.exchange(form.signed, form.body)
    assert isinstance(second.advance(), Pending)
    clock.move(LONGEST_FOR_THE_FIRST)
    late = second.advance()
    assert isinstance(late, Answer)
    assert late.status == 503
    assert handler.ids == []


def test_a_request_whose_first_exchange_was_given_up_is_answered() -> None:
    form, handler = sent(), Counting()
    endpoint = endpoint_of(handler)
    first = endpoint.exchange(form.signed, form.body)
    while first.step() is not Work.FORM:
        pass
    second = endpoint.exchange(form.signed, form.body)
    waiting = second.advance()
    assert isinstance(waiting, Pending)
    first.give_up("no thread")
    waiting.ended.result(_SECONDS)
    answer = second.advance()
    assert isinstance(answer, Answer)
    assert answer.status == 200
    assert len(handler.ids) == 1


def test_an_asgi_application_gives_the_same_answer_too() -> None:
    form, handler, said = sent(), Counting(), []
    app = asgi_app(endpoint_of(handler))
    headers = [(name.lower().encode(), value.encode()) for name, value in form.signed.items()]

    async def receive() -> dict[str, Any]:
        return {"type": "http.request", "body": form.body}

    async def send(message: Any) -> None:
        said.append(message)

    async def both() -> None:
        scope = {"type": "http", "method": "POST", "headers": headers}
        await asyncio.gather(app(scope, receive, send), app(scope, receive, send))

    asyncio.run(both())
    bodies = [message["body"] for message in said if message["type"] == "http.response.body"]
    assert len(bodies) == 2
    assert len(set(bodies)) == len(handler.ids) == 1


def test_an_answer_is_forgotten_after_a_minute() -> None:
    clock, form, handler = StoppedClock(), sent(), Counting()
    endpoint = endpoint_of(handler, clock=clock)
    answers(endpoint, form)
    clock.move(KEPT_FOR)
    answers(endpoint, form)
    assert len(handler.ids) == 1
    clock.move(0.1)
    answers(endpoint, form)
    assert len(handler.ids) == 2


@pytest.mark.parametrize(("characters", "kept"), [(10, 1000), (1024 * 1024, 8)], ids=["so many", "so large"])
def test_only_so_many_and_so_large_answers_are_kept(characters: int, kept: int) -> None:
    memory, answer = Answered(StoppedClock()), Answer(200, "x" * characters)
    for at in range(1100):
        assert memory.begin(str(at)) is None
        memory.end(str(at), answer)
    assert sum(memory.begin(str(at)) == answer for at in range(1100)) == kept


def test_a_ping_that_is_sent_twice_is_answered_twice_alike() -> None:
    ping = sent(PING)
    first, second = answers(endpoint_of(Counting()), ping, ping)
    assert first == second


def test_a_request_built_by_hand_equals_one_that_came() -> None:
    """As tests of handlers compare them."""
    assert FlowRequest.read(FORM, "an id") == FlowRequest.read(FORM)
