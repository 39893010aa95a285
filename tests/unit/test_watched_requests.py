"""What dashboards get of requests: how they were answered, which key opened them, what they wait for."""

import asyncio
from threading import Event
from typing import Any

import pytest

from tests.exported import Attributes, Exported
from tests.forms import APP_SECRET, FORM, PING, Sent, endpoint_of, key, ring, sent, through
from whatsapp_flow_endpoint import FlowEndpoint, FlowKeys, FlowRequest, FlowTokenNoLongerValid
from whatsapp_flow_endpoint.asgi import asgi_app
from whatsapp_flow_endpoint.steps import Pending, Work
from whatsapp_flow_endpoint.threads import NoThreadFree, Threads
from whatsapp_flow_keys.fingerprint import short
from whatsapp_flow_keys.flow_protocol.signature import HEADER, sign

NUMBER = "106540352242922"
KIND, STATUS, ERROR = "whatsapp.flow.request.kind", "http.response.status_code", "error.type"
ROLE, FINGERPRINT = "whatsapp.flow.key.role", "whatsapp.flow.key.fingerprint"
ID, REASON = "whatsapp.phone_number_id", "whatsapp.flow.wait.reason"
DURATION, OPENED = "whatsapp.flow.request.duration", "whatsapp.flow.key.requests"
NOTICE = {**FORM, "data": {"error": "timeout_error", "error_message": "late"}}

_SECONDS = 60


@pytest.fixture
def exported(monkeypatch: pytest.MonkeyPatch) -> Exported:
    return Exported(monkeypatch)


def book(_: FlowRequest) -> dict[str, Any]:
    return {"data": {}}


def fails(_: FlowRequest) -> dict[str, Any]:
    raise LookupError("of a test")


def closes(_: FlowRequest) -> dict[str, Any]:
    raise FlowTokenNoLongerValid("too late")


def post(endpoint: FlowEndpoint, form: Sent) -> int:
    return endpoint.answer(form.signed, form.body).status


@pytest.mark.parametrize(
    ("payload", "kind"), [(FORM, "form"), (PING, "ping"), (NOTICE, "error_notice")], ids=["form", "ping", "notice"]
)
def test_an_answer_is_counted_by_its_status_and_the_kind_of_its_request(
    payload: dict[str, Any], kind: str, exported: Exported
) -> None:
    post(endpoint_of(book), sent(payload))
    assert exported.of(DURATION) == [({KIND: kind, STATUS: 200}, 1)]


def test_what_is_refused_before_it_can_be_read_is_unread(exported: Exported) -> None:
    endpoint, form, shapeless = endpoint_of(book), sent(), b"{}"
    endpoint.answer({}, form.body)
    endpoint.answer({HEADER: sign(APP_SECRET, shapeless)}, shapeless)
    endpoint.answer(form.signed, form.body, phone_number_id="4711")
    post(endpoint, sent(to=key("a stranger's")))
    assert exported.of(DURATION) == [({KIND: "unread", STATUS: status}, 1) for status in (432, 400, 404, 421)]


def test_a_failure_of_ours_names_its_status_as_the_error_and_one_of_the_form_does_not(exported: Exported) -> None:
    post(endpoint_of(fails), sent())
    post(endpoint_of(closes), sent())
    assert exported.of(DURATION) == [
        ({KIND: "form", STATUS: 500, ERROR: "500"}, 1),
        ({KIND: "form", STATUS: 427}, 1),
    ]


def test_a_request_that_is_sent_twice_is_two_requests_and_one_call(exported: Exported) -> None:
    endpoint, form = endpoint_of(book), sent()
    assert [post(endpoint, form), post(endpoint, form)] == [200, 200]
    assert exported.of(DURATION) == [({KIND: "form", STATUS: 200}, 2)]
    assert exported.of("whatsapp.flow.handler.duration") == [({KIND: "form"}, 1)]


def test_the_key_that_opens_is_told_by_its_role_and_twelve_digits(exported: Exported) -> None:
    endpoint = endpoint_of(book, key(), key("before"))
    for name in ("before", "current", "before"):
        post(endpoint, sent(to=key(name)))
    assert exported.of(OPENED) == [
        ({FINGERPRINT: short(key("before").fingerprint), ROLE: "previous", ID: NUMBER}, 2),
        ({FINGERPRINT: short(key().fingerprint), ROLE: "current", ID: NUMBER}, 1),
    ]


def test_a_key_of_two_numbers_has_none(exported: Exported) -> None:
    numbers = [FlowKeys(ring(key(), number=number)) for number in (NUMBER, "110200345501442")]
    post(FlowEndpoint(book, numbers, app_secrets=(APP_SECRET,)), sent())
    assert exported.of(OPENED) == [({FINGERPRINT: short(key().fingerprint), ROLE: "current"}, 1)]


def test_the_keys_that_were_tried_are_counted_whether_one_opens_or_none(exported: Exported) -> None:
    endpoint = endpoint_of(book, key(), key("before"), key("long before"))
    post(endpoint, sent(to=key("before")))
    assert exported.sums("whatsapp.flow.request.tried_keys") == [({}, 2)]
    post(endpoint, sent(to=key("a stranger's")))
    assert exported.sums("whatsapp.flow.request.tried_keys") == [({}, 2 + 3)]
    assert exported.of("whatsapp.flow.request.tried_keys") == [({}, 2)]


def test_a_handler_is_counted_while_it_is_at_work_and_timed_then(exported: Exported) -> None:
    during: list[object] = []

    def look(_: FlowRequest) -> dict[str, Any]:
        during.extend(exported.of("whatsapp.flow.handler.active"))
        return {}

    post(endpoint_of(look), sent())
    assert during == [({KIND: "form"}, 1)]
    assert exported.of("whatsapp.flow.handler.active") == [({KIND: "form"}, 0)]
    assert exported.of("whatsapp.flow.handler.duration") == [({KIND: "form"}, 1)]


def test_a_handler_that_fails_is_told_by_the_type_of_its_exception(exported: Exported) -> None:
    class OutOfStock(Exception):
        pass

    def sells(_: FlowRequest) -> dict[str, Any]:
        raise OutOfStock

    async def sells_later(_: FlowRequest) -> dict[str, Any]:
        raise OutOfStock

    for handler in (fails, sells, sells_later, closes):
        post(endpoint_of(handler), sent())
    own = f"{__name__}.{OutOfStock.__qualname__}"
    assert exported.of("whatsapp.flow.handler.duration") == [
        ({KIND: "form", ERROR: "LookupError"}, 1),
        ({KIND: "form", ERROR: own}, 2),
        ({KIND: "form"}, 1),
    ]


def test_a_request_that_waits_for_the_answer_to_the_same_one_is_counted_until_it_comes(exported: Exported) -> None:
    endpoint, form = endpoint_of(book), sent()
    first, second = (endpoint.exchange(form.signed, form.body) for _ in range(2))
    for _ in range(2):
        first.step()  # up to its handler
    waiting = second.advance()
    assert isinstance(waiting, Pending)
    assert exported.of("whatsapp.flow.request.waiting") == [({REASON: "same_request"}, 1)]
    first.advance()
    waiting.ended.result(_SECONDS)
    second.advance()
    assert exported.of("whatsapp.flow.request.waiting") == [({REASON: "same_request"}, 0)]


def test_a_form_that_is_given_up_is_a_503(exported: Exported) -> None:
    form = sent()
    exchange = endpoint_of(book).exchange(form.signed, form.body)
    assert [exchange.step(), exchange.step()] == [Work.OPENING, Work.FORM]
    assert exchange.give_up("every thread is busy").status == 503
    assert exported.of(DURATION) == [({KIND: "form", STATUS: 503, ERROR: "503"}, 1)]


def test_a_form_is_counted_while_it_waits_for_a_thread_until_it_has_one_or_is_given_up(exported: Exported) -> None:
    threads, begun, go_on = Threads(1, "flow-forms", exported.watch), Event(), Event()

    def hang() -> bool:
        begun.set()
        return go_on.wait(_SECONDS)

    async def story() -> list[tuple[Attributes, float]]:
        hangs = asyncio.create_task(threads.run(hang, seconds=_SECONDS))
        assert await asyncio.to_thread(begun.wait, _SECONDS)
        waits = asyncio.create_task(threads.run(lambda: True, seconds=_SECONDS))
        with pytest.raises(NoThreadFree):
            await threads.run(lambda: True, seconds=0.0)
        during = exported.of("whatsapp.flow.request.waiting")
        go_on.set()
        assert await hangs
        assert await waits
        return during

    assert asyncio.run(story()) == [({REASON: "flow-forms"}, 1)]
    assert exported.of("whatsapp.flow.request.waiting") == [({REASON: "flow-forms"}, 0)]


def test_a_request_that_nobody_waits_for_any_more_is_cancelled_and_nothing_of_it_stays_under_way(
    exported: Exported,
) -> None:
    async def story() -> None:
        begun = asyncio.Event()

        async def hangs(_: FlowRequest) -> dict[str, Any]:
            begun.set()
            await asyncio.Event().wait()
            return {}

        request = asyncio.create_task(through(asgi_app(endpoint_of(hangs)), sent()))
        await asyncio.wait_for(begun.wait(), _SECONDS)
        request.cancel()
        await asyncio.wait([request])

    asyncio.run(story())
    assert exported.of(DURATION) == [({KIND: "form", ERROR: "cancelled"}, 1)]
    assert exported.of("whatsapp.flow.handler.duration") == [({KIND: "form", ERROR: "cancelled"}, 1)]
    assert exported.of("whatsapp.flow.handler.active") == [({KIND: "form"}, 0)]
