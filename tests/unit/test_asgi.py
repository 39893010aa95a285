"""The ASGI adapter without a server."""

import inspect

from tests.forms import endpoint_of
from tests.servers.endpoint_app import echo
from whatsapp_flow_endpoint.asgi import asgi_app


def test_it_is_an_object_since_a_route_of_starlette_takes_a_function_for_a_view() -> None:
    app = asgi_app(endpoint_of(echo))
    assert not inspect.isfunction(app)
    assert not inspect.ismethod(app)
    assert inspect.iscoroutinefunction(type(app).__call__), "by this servers know version 3"
