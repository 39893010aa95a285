"""Bodies that are too large or never end, behind the servers that people run, over sockets of our own."""

import json
import socket
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from urllib.parse import urlsplit

import pytest
import requests

from tests.forms import APP_SECRET, FORM, endpoint_of, key, ring, sent
from tests.servers.endpoint_app import LARGEST_BODY, echo
from tests.servers.http_servers import gunicorn_server, uvicorn_server, waitress_server
from whatsapp_flow_endpoint.asgi import asgi_app
from whatsapp_flow_endpoint.endpoint import LARGEST_BODY as LARGEST_BY_DEFAULT
from whatsapp_flow_endpoint.wsgi import wsgi_app
from whatsapp_flow_keys import document

pytestmark = pytest.mark.slow

_SECONDS = 20
_LIMIT = "whatsapp_flow_endpoint.asgi.LONGEST_BODY"


@pytest.fixture(scope="module", params=["waitress", "gunicorn", "uvicorn"])
def url(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    """An endpoint behind each server, with the settings that the page names."""
    if request.param == "waitress":
        with waitress_server(wsgi_app(endpoint_of(echo)), max_request_body_size=LARGEST_BODY + 1) as running:
            yield running
    elif request.param == "uvicorn":
        with uvicorn_server(asgi_app(endpoint_of(echo), largest_body=LARGEST_BODY)) as running:
            yield running
    else:
        environ = {"WHATSAPP_FLOW_KEYS": document.dump(ring(key())), "WHATSAPP_APP_SECRET": APP_SECRET}
        with gunicorn_server(environ, tmp_path_factory.mktemp("gunicorn") / "log") as running:
            yield running


@contextmanager
def begun(url: str, length: int, body: bytes = b"") -> Iterator[socket.socket]:
    """A connection on which a POST has begun that announces so many bytes."""
    with socket.create_connection(("127.0.0.1", urlsplit(url).port or 0), _SECONDS) as client:
        client.sendall(f"POST /flows HTTP/1.1\r\nHost: x\r\nContent-Length: {length}\r\n\r\n".encode() + body)
        yield client


def test_a_body_that_is_announced_too_large_is_refused_before_it_is_sent(url: str) -> None:
    """So nothing of it is held, in memory or on a disk."""
    with begun(url, 100_000_000) as client:
        assert client.recv(100).split(b" ")[1] == b"413"


def test_a_body_that_does_not_end_is_refused_and_its_connection_closed(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(_LIMIT, 0.2)
    with uvicorn_server(asgi_app(endpoint_of(echo))) as url, begun(url, 1000, b"half") as client:
        answer = b""
        while piece := client.recv(1000):
            answer += piece
    assert answer.split(b" ")[1] == b"408"


def test_bodies_that_do_not_end_hold_up_no_form(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(_LIMIT, 3.0 * _SECONDS)
    with uvicorn_server(asgi_app(endpoint_of(echo))) as url, ExitStack() as unfinished:
        for _ in range(50):
            unfinished.enter_context(begun(url, 1000, b"half"))
        form = sent()
        assert requests.post(url, data=form.body, headers=form.signed, timeout=_SECONDS).status_code == 200


def test_the_fullest_screen_of_a_flow_is_taken() -> None:
    """50 text areas with 600 characters each, all written as \\uXXXX."""
    typed = {f"field_{at}": "\u0905" * 600 for at in range(50)}
    form = sent({**FORM, "data": typed})
    assert len(json.dumps(typed)) > 180_000
    assert len(form.body) <= LARGEST_BY_DEFAULT
    with uvicorn_server(asgi_app(endpoint_of(echo))) as url:
        assert requests.post(url, data=form.body, headers=form.signed, timeout=_SECONDS).status_code == 200
