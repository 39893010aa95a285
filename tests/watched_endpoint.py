"""Everything that an endpoint can be sent, to every kind of handler: what it tells of that must hold nothing of it."""

import asyncio
from typing import Any

from tests.exported import Exported
from tests.forms import APP_SECRET, FORM, PING, TYPED_IN, key, ring, sent, through
from whatsapp_flow_endpoint import FlowEndpoint, FlowKeys, FlowRequest, FlowTokenNoLongerValid
from whatsapp_flow_endpoint.asgi import asgi_app
from whatsapp_flow_endpoint.live_keys import LiveKeys
from whatsapp_flow_endpoint.steps import Pending
from whatsapp_flow_keys.errors import StoreUnavailableError
from whatsapp_flow_keys.ring import KeyRing

TOKEN = "token-of-the-form-4711"
ANSWERED = "answered-by-the-handler"
STORE = "https://vault.example.com/v1/of-a-team"
KEYS = ("current", "before")
STRANGER = "a stranger's"


def form(**more: Any) -> dict[str, Any]:
    """One that holds what was typed wherever a form can."""
    return {**FORM, "screen": TYPED_IN, "flow_token": TOKEN, "data": {TYPED_IN: TYPED_IN}, **more}


PAYLOADS = (
    form(),
    form(action=TYPED_IN),
    form(data={"error": TYPED_IN, "error_message": TYPED_IN}),
    form(data=TYPED_IN),
    {**PING, "data": {"typed": TYPED_IN}},
)


def answers(_: FlowRequest) -> dict[str, Any]:
    return {"data": {"answered": ANSWERED}}


def quotes(request: FlowRequest) -> dict[str, Any]:
    raise ValueError(f"{request.data} {request.flow_token}") from KeyError(TYPED_IN)


async def quotes_later(request: FlowRequest) -> dict[str, Any]:
    return quotes(request)


def closes(request: FlowRequest) -> dict[str, Any]:
    raise FlowTokenNoLongerValid(f"{request.flow_token}")


def unavailable() -> KeyRing:
    raise StoreUnavailableError(STORE, "does not answer")


def send_everything(exported: Exported) -> str:
    """All that an exporter is given then."""
    endpoints = [_endpoint(handler) for handler in (answers, quotes, quotes_later, closes)]
    for endpoint in endpoints:
        for payload in PAYLOADS:
            for name in KEYS:
                one = sent(payload, to=key(name))
                endpoint.answer(one.signed, one.body)
                asyncio.run(through(asgi_app(endpoint), one))
        _send_what_is_refused(endpoint)
        _give_up(endpoint)
    _send_twice_at_once(endpoints[0])
    return exported.everything()


def _endpoint(handler: Any) -> FlowEndpoint:
    keys = LiveKeys(FlowKeys(ring(*map(key, KEYS))), unavailable)
    return FlowEndpoint(handler, keys, app_secrets=(APP_SECRET,), on_ping=handler, on_error_notice=handler)


def _send_what_is_refused(endpoint: FlowEndpoint) -> None:
    stranger = sent(form(), to=key(STRANGER))
    endpoint.answer(stranger.signed, stranger.body)
    endpoint.answer({}, stranger.body)
    endpoint.answer(stranger.signed, stranger.body, phone_number_id=TYPED_IN)


def _send_twice_at_once(endpoint: FlowEndpoint) -> None:
    one = sent(form())
    first, second = (endpoint.exchange(one.signed, one.body) for _ in range(2))
    first.step()
    first.step()  # up to its handler
    assert isinstance(second.advance(), Pending)
    first.close()
    second.close()


def _give_up(endpoint: FlowEndpoint) -> None:
    one = sent(form())
    exchange = endpoint.exchange(one.signed, one.body)
    exchange.step()
    exchange.give_up("nobody has time")
