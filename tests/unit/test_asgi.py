"""The ASGI adapter without a server."""

import inspect
from typing import Any

import pytest

from tests.forms import endpoint_of
from tests.servers.endpoint_app import echo
from whatsapp_flow_endpoint.asgi import asgi_app
from whatsapp_flow_keys.errors import InputError


def test_it_is_an_object_since_a_route_of_starlette_takes_a_function_for_a_view() -> None:
    app = asgi_app(endpoint_of(echo))
    assert not inspect.isfunction(app)
    assert not inspect.ismethod(app)
    assert inspect.iscoroutinefunction(type(app).__call__), "by this servers know version 3"


@pytest.mark.parametrize("threads", [0, -1, 1.5, True, "8"])
def test_fewer_threads_than_one_are_refused(threads: Any) -> None:
    with pytest.raises(InputError, match="threads: must be a whole number from 1 on"):
        asgi_app(endpoint_of(echo), threads=threads)
