"""pywa's own handlers with the keys of a ring, behind Flask and FastAPI: rotations pass without a failed form."""

import json
from collections.abc import Callable
from contextlib import AbstractContextManager
from pathlib import Path
from threading import Event
from time import monotonic
from typing import Any
from urllib.parse import urljoin

import pytest
import requests
from fastapi import FastAPI
from flask import Flask
from pywa import WhatsApp
from pywa.types.flows import FlowRequest, FlowResponse

from tests.forms import APP_SECRET, FORM, PING, TYPED_IN, Sent, key, ring, sent
from tests.servers.http_servers import uvicorn_server, waitress_server
from whatsapp_flow_endpoint import FlowKeys
from whatsapp_flow_endpoint.pywa import RequestDecryptor
from whatsapp_flow_keys import document
from whatsapp_flow_keys.errors import InputError
from whatsapp_flow_keys.keys import PrivateKey

FORMS = 300
SECONDS = 20
PAUSE = Event()


class Line:
    """A number whose ring is in a file, and a program of pywa's that serves its Flow."""

    def __init__(self, file: Path) -> None:
        self.file, self.revision = file, 0
        self.write(key("first"))
        self.environ = {"WHATSAPP_FLOW_KEYS": file.as_uri()}

    def write(self, *keys: PrivateKey) -> None:
        self.revision += 1
        written = self.file.with_suffix(".new")
        written.write_text(document.dump(ring(*keys, revision=self.revision)))
        written.chmod(0o600)
        written.replace(self.file)

    def program(self, app: Any) -> Any:
        more = {"flows_request_decryptor": RequestDecryptor.from_env(self.environ)}
        return program(app, business_private_key="in the key ring", **more)

    def serve(self, kind: Callable[..., Any]) -> AbstractContextManager[str]:
        app = self.program(kind(__name__) if kind is Flask else kind())
        return waitress_server(app) if kind is Flask else uvicorn_server(app)


def program(app: Any, **more: Any) -> Any:
    wa = WhatsApp(server=app, verify_token="of a test", app_secret=APP_SECRET, **more)

    def book(_: WhatsApp, request: FlowRequest) -> FlowResponse:
        params = {"day": request.data["day"]}
        return FlowResponse(version=request.version, close_flow=True, flow_token=request.flow_token, data=params)

    wa.on_flow_request("/flow")(book)
    return app


@pytest.fixture
def line(tmp_path: Path) -> Line:
    return Line(tmp_path / "ring.json")


def post(url: str, form: Sent) -> requests.Response:
    headers = {"Content-Type": "application/json"}
    return requests.post(urljoin(url, "/flow"), data=form.body, headers=headers, timeout=SECONDS)


def answered(url: str, name: str) -> int:
    """The status of a form to that key; with 200 its answer is the handler's."""
    form = sent(to=key(name))
    got = post(url, form)
    if got.status_code == 200:
        answer = form.session.decrypt_answer(got.text)
        params = answer["data"]["extension_message_response"]["params"]
        assert params == {"day": TYPED_IN, "flow_token": FORM["flow_token"]}
    return got.status_code


def wait_for_the_gate(url: str, name: str) -> None:
    """As the gate of a rotation does, which publishes only what the endpoint holds."""
    ends = monotonic() + SECONDS
    while monotonic() < ends:
        if post(url, sent(PING, to=key(name))).status_code == 200:
            return
        PAUSE.wait(0.1)
    raise AssertionError("the new key is not read")


SERVED_BY = pytest.mark.parametrize("kind", [Flask, FastAPI])


@SERVED_BY
def test_of_300_forms_through_two_rotations_none_fails(line: Line, kind: Any) -> None:
    held = ["first"]
    statuses = []
    with line.serve(kind) as url:
        for new in ("second", "third", None):
            statuses += [answered(url, held[at % len(held)]) for at in range(FORMS // 3)]
            if new:
                held = [new, *held]
                line.write(*map(key, held))
                wait_for_the_gate(url, new)
    assert statuses == [200] * FORMS


def test_with_threads_the_first_form_to_a_new_key_waits_until_it_is_read(line: Line) -> None:
    with line.serve(Flask) as url:
        line.write(key("second"), key("first"))
        assert answered(url, "second") == 200


def test_in_an_event_loop_it_is_answered_421_at_once_and_opened_when_it_comes_again(line: Line) -> None:
    with line.serve(FastAPI) as url:
        line.write(key("second"), key("first"))
        assert answered(url, "second") == 421
        wait_for_the_gate(url, "second")
        assert answered(url, "second") == 200


@SERVED_BY
def test_what_no_key_opens_gets_421_and_a_reason_in_the_log(
    line: Line, kind: Any, caplog: pytest.LogCaptureFixture
) -> None:
    with line.serve(kind) as url:
        assert answered(url, "a stranger's") == 421
        broken = Sent(json.dumps({"encrypted_aes_key": "?"}).encode(), sent().session)
        assert post(url, broken).status_code == 421
    assert "answered 421: none of the private keys opens the request" in caplog.text


def test_without_it_a_form_to_the_new_key_fails(line: Line) -> None:
    """That these tests would show it: pywa with the key that it was given."""
    line.write(key("second"), key("first"))
    with waitress_server(program(Flask(__name__), business_private_key=key("first").to_pem())) as url:
        assert answered(url, "first") == 200
        assert answered(url, "second") == 421


def test_the_forms_of_several_numbers_are_decrypted() -> None:
    north, south = (FlowKeys(ring(key(name), number=number)) for name, number in (("n", "10001"), ("s", "10002")))
    decrypt = RequestDecryptor([north, south])
    for name in ("n", "s"):
        body = json.loads(sent(to=key(name)).body)
        payload, aes_key, iv = decrypt(
            body["encrypted_flow_data"], body["encrypted_aes_key"], body["initial_vector"], "in the key ring", None
        )
        assert (payload, len(aes_key), len(iv)) == (FORM, 16, 16)


def test_it_needs_the_environment_of_an_endpoint() -> None:
    with pytest.raises(InputError, match="WHATSAPP_FLOW_KEYS: is not set"):
        RequestDecryptor.from_env({})
