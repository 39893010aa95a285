"""The client's deadline holds for the whole of an answer, and what is given up leaves nothing behind."""

import http.server
import itertools
import socket
import ssl
import threading
from collections.abc import Iterable, Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import Any

import pytest

from tests.pairs import pair
from tests.servers.certificate import make_certificate
from tests.stack.project import TOKEN
from whatsapp_flow_keys.registrars.meta_graph.client import GraphClient
from whatsapp_flow_keys.registrars.meta_graph.errors import AnswerLostError, UnreachableError
from whatsapp_flow_keys.registrars.meta_graph.settings import GraphSettings
from whatsapp_graph_emulator import Emulator

LONG = 20.0
"""Seconds that nothing takes unless the test fails."""
SHORT = 0.5
ENOUGH = 2.0
"""Seconds in which a call that nobody slows down is answered on a busy machine, too."""
OK = b"HTTP/1.1 200 OK\r\n"


@pytest.fixture(autouse=True)
def _without_faults(emulator: Emulator) -> None:
    emulator.clear_faults()


def client(url: str, deadline: float = SHORT) -> GraphClient:
    return GraphClient(GraphSettings((TOKEN,), url=url, deadline=deadline))


def ended(but: set[threading.Thread]) -> bool:
    """Whether all threads end soon but these."""
    others = set(threading.enumerate()) - but
    for thread in others:
        thread.join(LONG)
    return not any(thread.is_alive() for thread in others)


class Server(http.server.ThreadingHTTPServer):
    """It keeps connections, and counts them."""

    daemon_threads = True
    connections = 0

    def process_request(self, request: Any, client_address: Any) -> None:
        self.connections += 1
        super().process_request(request, client_address)

    def handle_error(self, request: object, client_address: object) -> None:
        """A client that hangs up is what the tests are about."""


@contextmanager
def serving(handler: type[http.server.BaseHTTPRequestHandler], tls: Path | None = None) -> Iterator[Server]:
    with Server(("127.0.0.1", 0), handler) as server:
        if tls:
            context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
            context.load_cert_chain(*make_certificate(tls))
            server.socket = context.wrap_socket(server.socket, server_side=True)
        thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.01})
        thread.start()
        try:
            yield server
        finally:
            server.shutdown()
            thread.join()


def answering(*answers: Iterable[bytes]) -> type[http.server.BaseHTTPRequestHandler]:
    """Each request gets the next of the answers, a piece every 10 ms until the other side hangs up."""
    left = iter(answers)

    class Handler(http.server.BaseHTTPRequestHandler):
        protocol_version = "HTTP/1.1"

        def do_GET(self) -> None:
            self.rfile.read(int(self.headers.get("Content-Length") or 0))
            with suppress(OSError):
                for piece in next(left):
                    self.wfile.write(piece)
                    threading.Event().wait(0.01)

        do_POST = do_GET  # noqa: N815 (the name that http.server calls)

        def log_message(self, *_: object) -> None:
            pass

    return Handler


def whole(body: bytes) -> list[bytes]:
    return [OK + b"Content-Length: %d\r\n\r\n" % len(body) + body]


def test_a_read_whose_answer_drips_ends_at_the_deadline(emulator: Emulator, number: str) -> None:
    emulator.fault("drip", phone_number_id=number, seconds=LONG)
    with pytest.raises(UnreachableError, match="WHATSAPP_GRAPH_DEADLINE"):
        client(emulator.url).served(number)


def test_a_publication_whose_answer_drips_is_a_lost_answer_at_the_deadline(emulator: Emulator, number: str) -> None:
    emulator.fault("drip", phone_number_id=number, seconds=LONG)
    with pytest.raises(AnswerLostError):
        client(emulator.url, ENOUGH).publish(number, pair().public_key_pem)
    assert emulator.served(number)[1] == pair().fingerprint


def test_an_answer_that_drips_within_the_deadline_is_taken(emulator: Emulator, number: str) -> None:
    emulator.set_key(number, pair().public_key_pem)
    emulator.fault("drip", phone_number_id=number, seconds=0.1)
    assert client(emulator.url, LONG).served(number).fingerprint == pair().fingerprint


@pytest.mark.parametrize("method", ["GET", "POST"])
@pytest.mark.parametrize("tls", [False, True], ids=["HTTP", "HTTPS"])
@pytest.mark.parametrize(
    "head",
    [
        [b"HTTP/1.1 "],
        [OK, b"X-Slow: "],
        [b"HTTP/1.1 100 Continue\r\n", b"X-Slow: "],
        [OK, b"\r\n"],
        [OK, b"Transfer-Encoding: chunked\r\n\r\n", b"1;"],
    ],
    ids=["status", "header", "100 Continue", "body", "chunk"],
)
def test_an_answer_that_drips_anywhere_is_given_up_and_leaves_nothing(
    head: list[bytes], tls: bool, method: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    endless = itertools.chain(head, itertools.repeat(b"1", int(LONG * 100)))
    running = set(threading.enumerate())
    with serving(answering(endless), tmp_path if tls else None) as server:
        monkeypatch.setenv("REQUESTS_CA_BUNDLE", str(tmp_path / "ca.pem"))
        graph = client(f"{'https' if tls else 'http'}://127.0.0.1:{server.server_port}")
        with pytest.raises(UnreachableError if method == "GET" else AnswerLostError):
            graph.served("1") if method == "GET" else graph.publish("1", pair().public_key_pem)
    assert ended(running)  # the one that asked, and the server's, which sees that its connection is gone


def test_a_publication_that_was_given_up_before_it_was_connected_was_not_sent(
    emulator: Emulator, number: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    known, look_up = threading.Event(), socket.getaddrinfo

    def look_up_slowly(*asked: Any, **how: Any) -> Any:
        known.wait(LONG)
        return look_up(*asked, **how)

    running = set(threading.enumerate())
    with monkeypatch.context() as slow:
        slow.setattr(socket, "getaddrinfo", look_up_slowly)
        with pytest.raises(UnreachableError, match="can't be reached"):
            client(emulator.url).publish(number, pair().public_key_pem)
        known.set()
        assert ended(running)
    assert emulator.requests(number) == []


def test_calls_one_after_another_share_a_connection() -> None:
    with serving(answering(*[whole(b'{"data": []}')] * 3)) as server:
        graph = client(f"http://127.0.0.1:{server.server_port}", LONG)
        for _ in range(3):
            graph.served("1")
    assert server.connections == 1


def test_a_kept_connection_whose_next_answer_drips_is_given_up_too_and_the_call_after_it_connects_anew() -> None:
    drips = itertools.chain([OK, b"\r\n"], itertools.repeat(b" ", int(LONG * 100)))
    with serving(answering(whole(b'{"data": []}'), drips, whole(b'{"data": []}'))) as server:
        graph = client(f"http://127.0.0.1:{server.server_port}", ENOUGH)
        graph.served("1")
        with pytest.raises(AnswerLostError):
            graph.publish("1", pair().public_key_pem)
        assert graph.served("1").fingerprint is None
    assert server.connections == 2
