"""The trace of a request: its span stands below the web framework's, and what a handler begins below the handler's."""

import asyncio
from collections.abc import Callable
from typing import Any

import pytest
from opentelemetry.trace import SpanKind, StatusCode

from tests.exported import Exported, is_below
from tests.forms import APP_SECRET, PING, Sent, endpoint_of, key, ring, sent, through
from tests.stopped_clock import StoppedClock
from whatsapp_flow_endpoint import FlowEndpoint, FlowKeys, FlowRequest, FlowTokenNoLongerValid
from whatsapp_flow_endpoint.asgi import asgi_app
from whatsapp_flow_endpoint.live_keys import LiveKeys
from whatsapp_flow_endpoint.steps import Pending
from whatsapp_flow_keys.fingerprint import short

REQUEST = "answer flow request"

_SECONDS = 60


@pytest.fixture
def exported(monkeypatch: pytest.MonkeyPatch) -> Exported:
    return Exported(monkeypatch)


def answered(endpoint: FlowEndpoint, form: Sent) -> int:
    return endpoint.answer(form.signed, form.body).status


def answered_in_a_loop(endpoint: FlowEndpoint, form: Sent) -> int:
    return asyncio.run(through(asgi_app(endpoint), form))[0]


def plain(exported: Exported) -> Callable[[FlowRequest], Any]:
    def book(_: FlowRequest) -> dict[str, Any]:
        with exported.tracer().start_as_current_span("look up a table"):
            return {}

    return book


def awaited(exported: Exported) -> Callable[[FlowRequest], Any]:
    async def book(_: FlowRequest) -> dict[str, Any]:
        await asyncio.sleep(0)
        with exported.tracer().start_as_current_span("look up a table"):
            await asyncio.sleep(0)
        return {}

    return book


@pytest.mark.parametrize("handler", [plain, awaited])
@pytest.mark.parametrize("answer", [answered, answered_in_a_loop])
def test_a_request_stands_below_the_servers_span_and_above_what_its_handler_begins(
    handler: Callable[[Exported], Any], answer: Callable[[FlowEndpoint, Sent], int], exported: Exported
) -> None:
    endpoint = endpoint_of(handler(exported))
    with exported.tracer().start_as_current_span("POST /flow", kind=SpanKind.SERVER):
        assert answer(endpoint, sent()) == 200
    server, request = exported.span("POST /flow"), exported.span(REQUEST)
    handled, own = exported.span("handle form"), exported.span("look up a table")
    assert is_below(request, server)
    assert is_below(handled, request)
    assert is_below(own, handled)
    assert request.kind is handled.kind is SpanKind.INTERNAL


def test_forms_that_are_answered_at_once_do_not_mix_their_spans(exported: Exported) -> None:
    async def one(app: Any) -> None:
        with exported.tracer().start_as_current_span("POST /flow"):
            assert (await through(app, sent()))[0] == 200

    async def all_of_them() -> None:
        apps = [asgi_app(endpoint_of(make(exported))) for make in (plain, awaited)]
        await asyncio.gather(*[one(app) for app in apps for _ in range(10)])

    asyncio.run(all_of_them())
    traces: dict[int, list[str]] = {}
    for span in exported.spans():
        assert span.context
        traces.setdefault(span.context.trace_id, []).append(span.name)
    assert list(traces.values()) == [["look up a table", "handle form", REQUEST, "POST /flow"]] * 20


def test_a_request_tells_how_it_was_answered_and_which_key_opened_it(exported: Exported) -> None:
    assert answered(endpoint_of(lambda _: {}, key("new"), key()), sent()) == 200
    request = exported.span(REQUEST)
    assert dict(request.attributes or {}) == {
        "whatsapp.flow.request.kind": "form",
        "http.response.status_code": 200,
        "whatsapp.flow.request.tried_keys": 2,
        "whatsapp.flow.key.fingerprint": short(key().fingerprint),
        "whatsapp.flow.key.role": "previous",
        "whatsapp.phone_number_id": "106540352242922",
    }
    assert request.status.status_code is StatusCode.UNSET


def test_a_ping_has_a_handler_of_its_own(exported: Exported) -> None:
    assert answered(endpoint_of(lambda _: {}), sent(PING)) == 200
    assert is_below(exported.span("handle ping"), exported.span(REQUEST))


@pytest.mark.parametrize("later", [False, True], ids=["plain", "async"])
def test_of_an_exception_both_spans_tell_no_more_than_its_type(later: bool, exported: Exported) -> None:
    def fails(_: FlowRequest) -> dict[str, Any]:
        raise LookupError("with a message")

    async def fails_later(_: FlowRequest) -> dict[str, Any]:
        raise LookupError("with a message")

    assert answered(endpoint_of(fails_later if later else fails), sent()) == 500
    for name, error in (("handle form", "LookupError"), (REQUEST, "500")):
        span = exported.span(name)
        assert (span.attributes or {})["error.type"] == error
        assert (span.status.status_code, span.status.description) == (StatusCode.ERROR, None)
        assert not span.events


def test_a_form_that_a_handler_closes_is_no_error(exported: Exported) -> None:
    def closes(_: FlowRequest) -> dict[str, Any]:
        raise FlowTokenNoLongerValid("too late")

    assert answered(endpoint_of(closes), sent()) == 427
    assert {span.status.status_code for span in exported.spans()} == {StatusCode.UNSET}


def test_a_wait_for_keys_has_a_span(exported: Exported) -> None:
    clock = StoppedClock()
    keys = LiveKeys(FlowKeys(ring(key())), lambda: ring(key(), revision=2), clock=clock)
    endpoint, form = FlowEndpoint(lambda _: {}, keys, app_secrets=(APP_SECRET,), clock=clock), sent(to=key("unknown"))
    clock.move(1.0)
    exchange = endpoint.exchange(form.signed, form.body)
    while isinstance(step := exchange.advance(), Pending):
        step.ended.result(_SECONDS)
    assert is_below(exported.span("wait for keys"), exported.span(REQUEST))


def test_a_wait_for_the_same_request_has_a_span(exported: Exported) -> None:
    endpoint, form = endpoint_of(lambda _: {}), sent()
    first, second = (endpoint.exchange(form.signed, form.body) for _ in range(2))
    first.step()
    first.step()  # up to its handler
    assert isinstance(second.advance(), Pending)
    first.advance()
    second.advance()
    assert len({span.context.trace_id for span in exported.spans() if span.context}) == 2
    assert exported.span("wait for same_request").parent is not None
