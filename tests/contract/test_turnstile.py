"""The turnstile: a request is held where a test asks for it, and otherwise nobody notices it."""

from collections.abc import Iterator
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, HTTPServer
from threading import Thread
from threading import enumerate as running_threads

import pytest
import requests

from tests.servers.turnstile import Point, Turnstile
from tests.stack.project import TOKEN
from whatsapp_flow_keys.graph.client import GraphClient
from whatsapp_flow_keys.graph.errors import AnswerLostError
from whatsapp_flow_keys.graph.settings import GraphSettings
from whatsapp_flow_keys.keys import PrivateKey
from whatsapp_graph_emulator import Emulator

EDGE = "whatsapp_business_encryption"
KEY = PrivateKey.generate()


def publish(turnstile: Turnstile, number: str, lost: list[bool]) -> None:
    client = GraphClient(GraphSettings((TOKEN,), url=turnstile.url, deadline=30))
    try:
        client.set_public_key(number, KEY.public_key_pem)
    except AnswerLostError:
        lost.append(True)


@contextmanager
def sending(turnstile: Turnstile, number: str, lost: list[bool]) -> Iterator[None]:
    """A publication under way, waited for at the end."""
    sender = Thread(target=publish, args=(turnstile, number, lost))
    sender.start()
    yield
    sender.join()


@pytest.mark.parametrize(("point", "effect"), [("before", False), ("after", True)])
def test_a_request_is_held_before_or_after_its_effect(
    emulator: Emulator, number: str, point: Point, effect: bool
) -> None:
    lost: list[bool] = []
    with Turnstile(emulator.url) as turnstile:
        hold = turnstile.hold("POST", EDGE, point)
        with sending(turnstile, number, lost):
            hold.wait()
            assert (emulator.served(number)[1] == KEY.fingerprint) is effect
            hold.release()
    assert emulator.served(number)[1] == KEY.fingerprint
    assert lost == []


def test_a_request_that_is_dropped_has_no_effect_and_no_answer(emulator: Emulator, number: str) -> None:
    lost: list[bool] = []
    with Turnstile(emulator.url) as turnstile:
        hold = turnstile.hold("POST", EDGE, "before")
        with sending(turnstile, number, lost):
            hold.wait()
            hold.drop()
    assert emulator.served(number)[1] is None
    assert lost == [True]


def test_only_the_request_that_was_counted_is_held(emulator: Emulator, number: str) -> None:
    with Turnstile(emulator.url) as turnstile:
        hold = turnstile.hold("GET", EDGE, "before", nth=2)
        client = GraphClient(GraphSettings((TOKEN,), url=turnstile.url, deadline=30))
        assert client.get_registered_key(number).fingerprint is None
        reader = Thread(target=client.get_registered_key, args=(number,))
        reader.start()
        hold.wait()
        hold.release()
        reader.join()
        assert client.get_registered_key(number).fingerprint is None


def test_a_request_that_is_held_holds_up_no_other(emulator: Emulator, number: str) -> None:
    lost: list[bool] = []
    with Turnstile(emulator.url) as turnstile:
        hold = turnstile.hold("POST", EDGE, "before")
        with sending(turnstile, number, lost):
            hold.wait()
            client = GraphClient(GraphSettings((TOKEN,), url=turnstile.url, deadline=30))
            assert client.get_registered_key(number).fingerprint is None
            hold.release()
    assert emulator.served(number)[1] == KEY.fingerprint


def test_it_stops_with_a_request_held_and_leaves_no_thread(emulator: Emulator, number: str) -> None:
    lost: list[bool] = []
    before = set(running_threads())
    with Turnstile(emulator.url) as turnstile:
        hold = turnstile.hold("POST", EDGE, "before")
        sender = Thread(target=publish, args=(turnstile, number, lost))
        sender.start()
        hold.wait()
    assert set(running_threads()) - before <= {sender}
    sender.join()
    assert lost == [True]
    assert emulator.served(number)[1] is None


def test_headers_and_body_pass_untouched() -> None:
    """AWS signs Host, and OpenBao takes its token from a header."""
    seen: list[tuple[list[tuple[str, str]], bytes]] = []

    class Recorder(BaseHTTPRequestHandler):
        def do_POST(self) -> None:
            body = self.rfile.read(int(self.headers["Content-Length"]))
            seen.append((self.headers.items(), body))
            self.send_response(204)
            self.end_headers()

        def log_message(self, *_: object) -> None:
            pass

    headers = {"Host": "signed.example", "X-Vault-Token": "a-token", "Accept-Encoding": "gzip"}
    with HTTPServer(("127.0.0.1", 0), Recorder) as server, Turnstile(f"http://127.0.0.1:{server.server_port}") as it:
        once = Thread(target=server.handle_request)
        once.start()
        asked = requests.Request("POST", f"{it.url}/v1/x", headers=headers, data=b"\x00\xff{}").prepare()
        with requests.Session() as session:
            assert session.send(asked, timeout=30).status_code == 204
        once.join()
    ((passed, body),) = seen
    assert body == b"\x00\xff{}"
    assert headers.items() <= dict(passed).items()


def test_it_passes_on_what_the_server_says(emulator: Emulator, number: str) -> None:
    with Turnstile(emulator.url) as turnstile:
        direct, passed = (
            requests.get(f"{url}/v26.0/{number}/{EDGE}", timeout=10) for url in (emulator.url, turnstile.url)
        )
    assert passed.status_code == direct.status_code == 401
    assert passed.json()["error"]["code"] == direct.json()["error"]["code"]
    assert passed.headers["Content-Type"] == direct.headers["Content-Type"]
