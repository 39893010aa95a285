"""The threads of the ASGI adapter, behind uvicorn: whatever the handlers do, all else goes on."""

import asyncio
import logging
from collections.abc import Iterator
from concurrent.futures import Future, ThreadPoolExecutor
from contextlib import contextmanager
from threading import Event, Lock, Semaphore
from typing import Any

import pytest
import requests

from tests.forms import APP_SECRET, PING, Sent, endpoint_of, sent
from tests.servers.http_servers import uvicorn_server
from whatsapp_flow_endpoint import FlowRequest
from whatsapp_flow_endpoint.asgi import AsgiApp, asgi_app
from whatsapp_flow_keys.flow_protocol.signature import HEADER, sign

pytestmark = pytest.mark.slow

_SECONDS = 60
_LIMIT = "whatsapp_flow_endpoint.asgi.LONGEST_FOR_A_THREAD"
THREADS = 2


class Handler:
    """Hangs until it may go on, and knows how many of it are at work."""

    def __init__(self) -> None:
        self.begun, self.go_on, self._lock = Semaphore(0), Event(), Lock()
        self.calls = self.at_work = self.most_at_work = 0

    def __call__(self, _: FlowRequest) -> dict[str, Any]:
        with self._lock:
            self.calls += 1
            self.at_work += 1
            self.most_at_work = max(self.most_at_work, self.at_work)
        self.begun.release()
        assert self.go_on.wait(_SECONDS)
        with self._lock:
            self.at_work -= 1
        return {"data": {}}


def hosted(app: AsgiApp) -> AsgiApp:
    """An application that mounts the endpoint, and looks a name up at /host, which takes a thread of the loop's."""

    async def host(scope: Any, receive: Any, send: Any) -> None:
        if scope.get("path") == "/host":
            await asyncio.get_running_loop().getaddrinfo("127.0.0.1", 80)
            await send({"type": "http.response.start", "status": 204, "headers": []})
            await send({"type": "http.response.body", "body": b""})
        else:
            await app(scope, receive, send)

    return host


@contextmanager
def busy(handler: Handler, forms: int) -> Iterator[tuple[str, list[Future[int]]]]:
    """The URL of an endpoint whose every thread for forms hangs, and the statuses of so many forms that were sent."""
    app = hosted(asgi_app(endpoint_of(handler), threads=THREADS))
    with uvicorn_server(app) as url, ThreadPoolExecutor(forms) as clients:
        try:
            statuses = [clients.submit(post, url, sent()) for _ in range(forms)]
            for _ in range(THREADS):
                assert handler.begun.acquire(timeout=_SECONDS)
            yield url, statuses
        finally:
            handler.go_on.set()


def post(url: str, form: Sent, **headers: str) -> int:
    return requests.post(url, data=form.body, headers={**form.signed, **headers}, timeout=_SECONDS).status_code


@pytest.fixture
def long_patience(monkeypatch: pytest.MonkeyPatch) -> None:
    """No form is given up here."""
    monkeypatch.setattr(_LIMIT, 3.0 * _SECONDS)


@pytest.mark.usefixtures("long_patience")
def test_handlers_that_hang_hold_up_nothing_but_forms() -> None:
    handler, empty = Handler(), b"{}"
    with busy(handler, forms=40) as (url, statuses):
        assert post(url, sent(PING)) == 200
        assert post(url, sent(), **{HEADER: "sha256=wrong"}) == 432
        shapeless = requests.post(url, data=empty, headers={HEADER: sign(APP_SECRET, empty)}, timeout=_SECONDS)
        assert shapeless.status_code == 400
        assert requests.get(url.replace("/flows", "/host"), timeout=_SECONDS).status_code == 204
        assert not any(status.done() for status in statuses)
        handler.go_on.set()
        assert [status.result(_SECONDS) for status in statuses] == [200] * 40


@pytest.mark.usefixtures("long_patience")
def test_as_many_handlers_run_at_once_as_there_are_threads() -> None:
    handler = Handler()
    with busy(handler, forms=12) as (_, statuses):
        handler.go_on.set()
        assert [status.result(_SECONDS) for status in statuses] == [200] * 12
    assert handler.most_at_work == THREADS


def test_a_form_that_can_not_be_answered_in_time_gets_503_without_the_handler(
    monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    caplog.set_level(logging.WARNING, "whatsapp_flow_endpoint")
    monkeypatch.setattr(_LIMIT, 3.0 * _SECONDS)
    handler = Handler()
    with busy(handler, forms=THREADS) as (url, statuses):
        monkeypatch.setattr(_LIMIT, 0.5)
        assert post(url, sent()) == 503
        handler.go_on.set()
        assert [status.result(_SECONDS) for status in statuses] == [200] * THREADS
    assert handler.calls == THREADS
    assert "answered 503: none of the 2 threads flow-forms was free within" in caplog.text
