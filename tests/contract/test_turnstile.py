"""The turnstile: a request is held where a test asks for it, and otherwise nobody notices it."""

from threading import Thread

import pytest
import requests

from tests.servers.turnstile import Turnstile
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


@pytest.mark.parametrize(("point", "effect"), [("before", False), ("after", True)])
def test_a_request_is_held_before_or_after_its_effect(
    emulator: Emulator, number: str, point: str, effect: bool
) -> None:
    lost: list[bool] = []
    with Turnstile(emulator.url) as turnstile:
        hold = turnstile.hold("POST", EDGE, "before" if point == "before" else "after")
        sender = Thread(target=publish, args=(turnstile, number, lost))
        sender.start()
        hold.wait()
        assert (emulator.served(number)[1] == KEY.fingerprint) is effect
        hold.release()
        sender.join()
    assert emulator.served(number)[1] == KEY.fingerprint
    assert lost == []


def test_a_request_that_is_dropped_has_no_effect_and_no_answer(emulator: Emulator, number: str) -> None:
    lost: list[bool] = []
    with Turnstile(emulator.url) as turnstile:
        hold = turnstile.hold("POST", EDGE, "before")
        sender = Thread(target=publish, args=(turnstile, number, lost))
        sender.start()
        hold.wait()
        hold.drop()
        sender.join()
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


def test_it_passes_on_what_the_server_says(emulator: Emulator, number: str) -> None:
    with Turnstile(emulator.url) as turnstile:
        direct, passed = (
            requests.get(f"{url}/v26.0/{number}/{EDGE}", timeout=10) for url in (emulator.url, turnstile.url)
        )
    assert passed.status_code == direct.status_code == 401
    assert passed.json()["error"]["code"] == direct.json()["error"]["code"]
    assert passed.headers["Content-Type"] == direct.headers["Content-Type"]
