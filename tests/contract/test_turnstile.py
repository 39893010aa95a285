"""The turnstile: a request is held where a test asks for it, and otherwise nobody notices it."""

import http.client
from collections.abc import Iterator
from contextlib import ExitStack, closing, contextmanager
from http.server import BaseHTTPRequestHandler, HTTPServer
from threading import Thread
from threading import enumerate as running_threads

import pytest
import requests

from tests.pairs import pair
from tests.servers.turnstile import Point, Turnstile
from tests.stack.project import TOKEN
from whatsapp_flow_keys.registrars.meta_graph.client import GraphClient
from whatsapp_flow_keys.registrars.meta_graph.errors import AnswerLostError
from whatsapp_flow_keys.registrars.meta_graph.settings import GraphSettings
from whatsapp_graph_emulator import Emulator

EDGE = "whatsapp_business_encryption"


def publish(turnstile: Turnstile, number: str, lost: list[bool]) -> None:
    client = GraphClient(GraphSettings((TOKEN,), url=turnstile.url, deadline=30))
    try:
        client.publish(number, pair().public_key_pem)
    except AnswerLostError:
        lost.append(True)


def ended(but: set[Thread]) -> bool:
    """Whether all threads end soon but these."""
    others = set(running_threads()) - but
    for thread in others:
        thread.join(20)
    return not any(thread.is_alive() for thread in others)


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
            assert (emulator.served(number)[1] == pair().fingerprint) is effect
            hold.release()
    assert emulator.served(number)[1] == pair().fingerprint
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
        assert client.served(number).fingerprint is None
        reader = Thread(target=client.served, args=(number,))
        reader.start()
        hold.wait()
        hold.release()
        reader.join()
        assert client.served(number).fingerprint is None


def test_a_request_that_is_held_holds_up_no_other(emulator: Emulator, number: str) -> None:
    lost: list[bool] = []
    with Turnstile(emulator.url) as turnstile:
        hold = turnstile.hold("POST", EDGE, "before")
        with sending(turnstile, number, lost):
            hold.wait()
            client = GraphClient(GraphSettings((TOKEN,), url=turnstile.url, deadline=30))
            assert client.served(number).fingerprint is None
            hold.release()
    assert emulator.served(number)[1] == pair().fingerprint


def test_it_stops_with_a_request_held_and_leaves_no_thread(emulator: Emulator, number: str) -> None:
    lost: list[bool] = []
    before = set(running_threads())
    with Turnstile(emulator.url) as turnstile:
        hold = turnstile.hold("POST", EDGE, "before")
        sender = Thread(target=publish, args=(turnstile, number, lost))
        sender.start()
        hold.wait()
    sender.join()
    assert ended(but=before)
    assert lost == [True]
    assert emulator.served(number)[1] is None


@pytest.mark.parametrize("point", ["before", "after", "midway"])
def test_a_hold_that_is_outlasted_fails_the_test_and_lets_nothing_through(
    emulator: Emulator, number: str, point: Point
) -> None:
    lost: list[bool] = []

    def hold_for_too_long() -> None:
        with Turnstile(emulator.url) as turnstile:
            turnstile.hold("POST", EDGE, point, longest=0.1)
            with sending(turnstile, number, lost):
                pass

    with pytest.raises(AssertionError, match=r"^POST whatsapp_business_encryption was held for 0\.1 s"):
        hold_for_too_long()
    assert (emulator.served(number)[1] is None) is (point == "before")
    assert lost == [True]


def test_a_hold_that_was_outlasted_cannot_be_released(emulator: Emulator, number: str) -> None:
    def release_too_late() -> None:
        with Turnstile(emulator.url) as turnstile:
            hold = turnstile.hold("POST", EDGE, "before", longest=0.1)
            with sending(turnstile, number, []):
                pass
            for too_late in (hold.release, hold.drop):
                with pytest.raises(AssertionError, match="was held for"):
                    too_late()
            raise ZeroDivisionError

    with pytest.raises(ZeroDivisionError):  # a test's own error is the one that it ends with
        release_too_late()


def test_half_of_an_answer_is_through_when_a_request_is_held_midway(emulator: Emulator, number: str) -> None:
    with Turnstile(emulator.url) as turnstile:
        hold = turnstile.hold("POST", EDGE, "midway")
        answer = requests.post(
            f"{turnstile.url}/v26.0/{number}/{EDGE}",
            data={"business_public_key": pair().public_key_pem},
            headers={"Authorization": f"Bearer {TOKEN}"},
            timeout=30,
            stream=True,
        )
        hold.wait()
        whole = b'{"success": true}'
        assert answer.raw.read(len(whole) // 2) == whole[: len(whole) // 2]
        hold.release()
        assert answer.raw.read() == whole[len(whole) // 2 :]


def test_half_of_an_answer_is_all_that_comes_when_it_is_dropped_midway(emulator: Emulator, number: str) -> None:
    lost: list[bool] = []
    with Turnstile(emulator.url) as turnstile:
        hold = turnstile.hold("POST", EDGE, "midway")
        with sending(turnstile, number, lost):
            hold.wait()
            hold.drop()
    assert emulator.served(number)[1] == pair().fingerprint
    assert lost == [True]


def test_requests_one_after_another_share_a_connection_which_ends_with_it(emulator: Emulator, number: str) -> None:
    before = set(running_threads())
    with ExitStack() as rest:
        with Turnstile(emulator.url) as turnstile:
            connection = rest.enter_context(closing(http.client.HTTPConnection("127.0.0.1", turnstile.port)))
            connection.connect()
            connected = connection.sock
            for _ in range(2):
                connection.request("GET", f"/v26.0/{number}/{EDGE}")
                assert connection.getresponse().read()
                assert connection.sock is connected
        assert connected.recv(1) == b""
        assert ended(but=before)


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
