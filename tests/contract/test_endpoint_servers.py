"""The adapters behind the servers that people run, over real HTTP. gunicorn forks."""

import socket
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from threading import Condition, Event
from urllib.parse import urlsplit

import pytest
import requests

from tests.forms import APP_SECRET, FORM, Sent, endpoint_of, key, ring, sent
from tests.servers.endpoint_app import LARGEST_BODY, echo
from tests.servers.http_servers import gunicorn_server, hypercorn_server, uvicorn_server, waitress_server
from whatsapp_flow_endpoint import FlowEndpoint, FlowKeys
from whatsapp_flow_endpoint.asgi import asgi_app
from whatsapp_flow_endpoint.live_keys import LiveKeys
from whatsapp_flow_endpoint.wsgi import wsgi_app
from whatsapp_flow_keys import document
from whatsapp_flow_keys.flow_protocol.signature import HEADER, sign
from whatsapp_flow_keys.ring import KeyRing

pytestmark = pytest.mark.slow

_SECONDS = 20


@pytest.fixture(scope="module", params=["waitress", "gunicorn", "uvicorn", "hypercorn"])
def url(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    """An endpoint that holds the current key, behind each server."""
    if request.param == "waitress":
        app = wsgi_app(endpoint_of(echo), largest_body=LARGEST_BODY)
        with waitress_server(app, max_request_body_size=LARGEST_BODY + 1) as running:
            yield running
    elif request.param == "uvicorn":
        with uvicorn_server(asgi_app(endpoint_of(echo), largest_body=LARGEST_BODY)) as running:
            yield running
    elif request.param == "hypercorn":
        with hypercorn_server(asgi_app(endpoint_of(echo), largest_body=LARGEST_BODY)) as running:
            yield running
    else:
        environ = {"WHATSAPP_FLOW_KEYS": document.dump(ring(key())), "WHATSAPP_APP_SECRET": APP_SECRET}
        log = tmp_path_factory.mktemp("gunicorn") / "log"
        with gunicorn_server(environ, log) as running:
            yield running


def post(url: str, form: Sent, **headers: str) -> requests.Response:
    return requests.post(url, data=form.body, headers={**form.signed, **headers}, timeout=_SECONDS)


def answered(form: Sent, got: requests.Response) -> object:
    assert got.status_code == 200
    assert got.headers["Content-Type"] == "text/plain; charset=utf-8"
    return form.session.decrypt_answer(got.text)


def test_a_form_is_answered(url: str) -> None:
    form = sent()
    assert answered(form, post(url, form)) == {"screen": "NEXT", "data": FORM["data"]}


def test_a_form_sent_in_chunks_is_answered(url: str) -> None:
    form = sent()
    chunks = [form.body[:10], form.body[10:300], form.body[300:]]
    got = requests.post(url, data=iter(chunks), headers=form.signed, timeout=_SECONDS)
    assert answered(form, got) == {"screen": "NEXT", "data": FORM["data"]}


def test_a_connection_that_is_kept_serves_form_after_form(url: str) -> None:
    with requests.Session() as kept:
        for _ in range(3):
            form = sent()
            assert answered(form, kept.post(url, data=form.body, headers=form.signed, timeout=_SECONDS))


def test_the_statuses_of_the_protocol_arrive(url: str) -> None:
    assert post(url, sent(to=key("a stranger's"))).status_code == 421
    assert post(url, sent(), **{HEADER: "sha256=wrong"}).status_code == 432
    assert (
        requests.post(url, data=b"{}", headers={HEADER: sign(APP_SECRET, b"{}")}, timeout=_SECONDS).status_code == 400
    )


@pytest.mark.parametrize("method", ["GET", "PUT", "DELETE"])
def test_what_is_no_post_is_told_so(url: str, method: str) -> None:
    got = requests.request(method, url, timeout=_SECONDS)
    assert got.status_code == 405
    assert got.headers["Allow"] == "POST"
    assert got.text == "This is a WhatsApp Flow endpoint: WhatsApp sends it a POST.\n"


def test_a_head_request_gets_no_body(url: str) -> None:
    got = requests.head(url, timeout=_SECONDS)
    assert (got.status_code, got.content) == (405, b"")


@pytest.mark.parametrize("in_chunks", [False, True], ids=["with a length", "in chunks"])
def test_a_body_that_is_too_large_is_refused(url: str, in_chunks: bool) -> None:
    body = b"x" * (LARGEST_BODY + 1)
    got = requests.post(url, data=iter([body]) if in_chunks else body, timeout=_SECONDS)
    assert got.status_code == 413


def test_the_largest_body_is_taken(url: str) -> None:
    body = b"x" * LARGEST_BODY
    got = requests.post(url, data=body, headers={HEADER: sign(APP_SECRET, body)}, timeout=_SECONDS)
    assert got.status_code == 400


@pytest.fixture(scope="module")
def hypercorn_wsgi() -> Iterator[str]:
    """hypercorn with the WSGI adapter."""
    with hypercorn_server(wsgi_app(endpoint_of(echo))) as running:
        yield running


def test_behind_hypercorn_as_wsgi_a_form_is_answered(hypercorn_wsgi: str) -> None:
    form = sent()
    assert answered(form, post(hypercorn_wsgi, form)) == {"screen": "NEXT", "data": FORM["data"]}


def test_behind_hypercorn_as_wsgi_a_head_request_gets_405_and_no_body(hypercorn_wsgi: str) -> None:
    """It sends no status before the first piece of a body."""
    got = requests.head(hypercorn_wsgi, timeout=_SECONDS)
    assert (got.status_code, got.content) == (405, b"")


def test_behind_hypercorn_as_wsgi_a_body_in_chunks_is_refused(hypercorn_wsgi: str) -> None:
    """It does not say that such a body ends, so nobody can know that reading it ends."""
    form = sent()
    got = requests.post(hypercorn_wsgi, data=iter([form.body]), headers=form.signed, timeout=_SECONDS)
    assert got.status_code == 411


def test_a_server_that_forks_reads_the_keys_anew_in_each_worker(tmp_path: Path) -> None:
    store = tmp_path / "ring.json"
    store.write_text(document.dump(ring(key())))
    environ = {"WHATSAPP_FLOW_KEYS": store.as_uri(), "WHATSAPP_APP_SECRET": APP_SECRET}
    with gunicorn_server(environ, tmp_path / "log") as url:
        store.write_text(document.dump(ring(key("new"), key(), revision=2)))
        with ThreadPoolExecutor(8) as threads:
            forms = [sent(to=key("new")) for _ in range(24)]
            statuses = [got.status_code for got in threads.map(lambda form: post(url, form), forms)]
    assert statuses == [200] * 24


class CountedStore:
    """Counts how often it was read, and hangs until it may go on."""

    def __init__(self) -> None:
        self.keys, self.reads, self._read = [key()], 0, Condition()
        self.go_on = Event()
        self.go_on.set()

    def read(self) -> KeyRing:
        with self._read:
            self.reads += 1
            self._read.notify_all()
        assert self.go_on.wait(_SECONDS)
        return ring(*self.keys, revision=self.reads + 1)

    def wait_for_reads(self, count: int) -> None:
        with self._read:
            assert self._read.wait_for(lambda: self.reads >= count, _SECONDS)


class SlowStore:
    """Its read goes on until it is let."""

    def __init__(self) -> None:
        self.reading, self.go_on = Event(), Event()

    def read(self) -> KeyRing:
        self.reading.set()
        assert self.go_on.wait(_SECONDS)
        return ring(key("new"), key(), revision=2)


def test_forms_that_wait_for_keys_hold_no_thread_of_an_asgi_server() -> None:
    """More of them than it has threads, and the next form is answered at once."""
    store = SlowStore()
    keys = LiveKeys(FlowKeys(ring(key())), store.read)
    endpoint = FlowEndpoint(echo, keys, app_secrets=(APP_SECRET,))
    with uvicorn_server(asgi_app(endpoint)) as url, ThreadPoolExecutor(40) as threads:
        waiting = [threads.submit(post, url, sent(to=key("new"))) for _ in range(40)]
        assert store.reading.wait(_SECONDS)
        assert post(url, sent()).status_code == 200
        assert not any(got.done() for got in waiting)
        store.go_on.set()
        assert [got.result(_SECONDS).status_code for got in waiting] == [200] * 40


def test_what_no_key_opens_does_not_starve_the_forms_of_a_server_with_threads(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    """Twice as many senders of garbage as it has threads, each with the next one ready, while the store hangs."""
    monkeypatch.setattr("whatsapp_flow_endpoint.live_keys.APART", 0.2)
    monkeypatch.setattr("whatsapp_flow_endpoint.opening.LONGEST_WAIT", 3.0 * _SECONDS)
    store = CountedStore()
    endpoint = FlowEndpoint(echo, LiveKeys(FlowKeys(ring(key())), store.read), app_secrets=(APP_SECRET,))
    garbage, stop = sent(to=key("a stranger's")), Event()

    def send_garbage(url: str) -> set[int]:
        statuses: set[int] = set()
        while not stop.is_set():
            statuses.add(post(url, garbage).status_code)
        return statuses

    with waitress_server(wsgi_app(endpoint)) as url, ThreadPoolExecutor(8) as threads:
        senders = [threads.submit(send_garbage, url) for _ in range(8)]
        try:
            store.wait_for_reads(3 + 1)  # three in vain
            store.go_on.clear()
            store.wait_for_reads(store.reads + 1)
            assert post(url, sent()).status_code == 200
            store.keys = [key("new"), key()]
            store.go_on.set()
            store.wait_for_reads(store.reads + 2)
            assert post(url, sent(to=key("new"))).status_code == 200
        finally:
            stop.set()
            store.go_on.set()
        assert [sender.result(_SECONDS) for sender in senders] == [{421}] * 8


def test_a_client_that_hangs_up_is_no_matter() -> None:
    with uvicorn_server(asgi_app(endpoint_of(echo))) as url:
        with socket.create_connection(("127.0.0.1", urlsplit(url).port or 0)) as client:
            client.sendall(b"POST /flows HTTP/1.1\r\nHost: x\r\nContent-Length: 1000\r\n\r\nhalf")
        form = sent()
        assert answered(form, post(url, form))
