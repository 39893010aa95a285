"""The endpoint that tests run behind a server of its own process: it gives back what it was sent."""

from typing import Any

from whatsapp_flow_endpoint import FlowEndpoint, FlowRequest, show
from whatsapp_flow_endpoint.wsgi import WsgiApp, wsgi_app

LARGEST_BODY = 10_000


def echo(request: FlowRequest) -> dict[str, Any]:
    """The next screen shows what was typed in on the last."""
    return show("NEXT", request.data)


def make() -> WsgiApp:
    """From the environment, as a server that forks loads it."""
    return wsgi_app(FlowEndpoint.from_env(echo), largest_body=LARGEST_BODY)
