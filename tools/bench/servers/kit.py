"""This project's kit; its keys and its app secret come from the environment, as in production."""

import logging
from typing import Any

from tools.bench.servers.fastapi_route import in_fastapi
from tools.bench.servers.talk import PATH
from whatsapp_flow_endpoint import FlowEndpoint, FlowRequest, show
from whatsapp_flow_endpoint.asgi import asgi_app
from whatsapp_flow_endpoint.wsgi import wsgi_app

# A flood has a line each second, which is not for the bench's terminal.
logging.getLogger("whatsapp_flow_endpoint").addHandler(logging.NullHandler())


def asgi() -> Any:
    """Bare."""
    return asgi_app(FlowEndpoint.from_env(_confirm))


def asgi_async() -> Any:
    """Bare, with an async handler, which takes no thread."""
    return asgi_app(FlowEndpoint.from_env(_confirm_async))


def asgi_by_number() -> Any:
    """Bare, for many numbers; each has a path of its own."""
    return asgi_app(FlowEndpoint.from_env(_confirm), number_of=lambda _host, path: path.removeprefix(f"{PATH}/"))


def fastapi() -> Any:
    """As a route of FastAPI."""
    return in_fastapi(asgi())


def wsgi() -> Any:
    """Bare, under WSGI."""
    return wsgi_app(FlowEndpoint.from_env(_confirm))


def _confirm(request: FlowRequest) -> dict[str, Any]:
    return show("CONFIRM", request.data)


async def _confirm_async(request: FlowRequest) -> dict[str, Any]:
    return _confirm(request)
