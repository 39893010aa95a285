"""A service whose path or host names the number: each way to serve the endpoint hands it on."""

import asyncio
import json
from collections.abc import Callable
from io import BytesIO
from typing import Any

import pytest

from tests.forms import APP_SECRET, Sent, key, ring, sent
from whatsapp_flow_endpoint import FlowEndpoint, FlowKeys, FlowRequest, show
from whatsapp_flow_endpoint.asgi import asgi_app
from whatsapp_flow_endpoint.aws_lambda import lambda_handler
from whatsapp_flow_endpoint.endpoint import NumberOf
from whatsapp_flow_endpoint.wsgi import wsgi_app
from whatsapp_flow_keys.flow_protocol.message import Session

NORTH, SOUTH = "106540352242922", "110200345501442"
HOST = "flows.example.com"

Post = Callable[[FlowEndpoint, NumberOf, str, Sent], tuple[int, str]]


def of_both() -> FlowEndpoint:
    """Both numbers have the same key, so only their name tells them apart."""
    handler: Callable[[FlowRequest], Any] = lambda request: show("DAY", {"number": request.phone_number_id})  # noqa: E731
    keys = [FlowKeys(ring(key(), number=number)) for number in (NORTH, SOUTH)]
    return FlowEndpoint(handler, keys, app_secrets=(APP_SECRET,))


def by_wsgi(endpoint: FlowEndpoint, number_of: NumberOf, path: str, form: Sent) -> tuple[int, str]:
    """Mounted at /flow, as in Flask."""
    said: list[str] = []
    environ = {
        "REQUEST_METHOD": "POST",
        "SCRIPT_NAME": "/flow",
        "PATH_INFO": path.removeprefix("/flow"),
        "CONTENT_LENGTH": str(len(form.body)),
        "wsgi.input": BytesIO(form.body),
        "HTTP_HOST": HOST,
        **{f"HTTP_{name.upper().replace('-', '_')}": value for name, value in form.signed.items()},
    }
    body = b"".join(wsgi_app(endpoint, number_of=number_of)(environ, lambda status, _: said.append(status)))
    return int(said[0].split()[0]), body.decode()


def by_asgi(endpoint: FlowEndpoint, number_of: NumberOf, path: str, form: Sent) -> tuple[int, str]:
    sent_back: list[Any] = []
    headers = [(b"host", HOST.encode())]
    headers += [(name.lower().encode(), value.encode()) for name, value in form.signed.items()]
    scope = {"type": "http", "method": "POST", "path": path, "headers": headers}

    async def receive() -> dict[str, Any]:
        return {"type": "http.request", "body": form.body}

    async def send(message: Any) -> None:
        sent_back.append(message)

    async def answer() -> None:
        await asgi_app(endpoint, number_of=number_of)(scope, receive, send)

    asyncio.run(answer())
    return sent_back[0]["status"], sent_back[1]["body"].decode()


def by_lambda(endpoint: FlowEndpoint, number_of: NumberOf, path: str, form: Sent) -> tuple[int, str]:
    event = {
        "rawPath": path,
        "headers": {"host": HOST, **{name.lower(): value for name, value in form.signed.items()}},
        "requestContext": {"http": {"method": "POST", "path": path}},
        "body": form.body.decode(),
    }
    got = lambda_handler(endpoint, number_of=number_of)(event, None)
    return got["statusCode"], got["body"]


def by_rest_api(endpoint: FlowEndpoint, number_of: NumberOf, path: str, form: Sent) -> tuple[int, str]:
    """Of API Gateway, payload format 1.0."""
    headers = {"Host": HOST, **form.signed}
    event = {"path": path, "httpMethod": "POST", "headers": headers, "body": form.body.decode()}
    got = lambda_handler(endpoint, number_of=number_of)(event, None)
    return got["statusCode"], got["body"]


def shown_number(session: Session, body: str) -> Any:
    return session.decrypt_answer(body)["data"]["number"]


EVERY_WAY = pytest.mark.parametrize("post", [by_wsgi, by_asgi, by_lambda, by_rest_api])


@EVERY_WAY
def test_the_path_names_the_number(post: Post) -> None:
    def number_of(host: str, path: str) -> str | None:
        assert host == HOST
        return path.removeprefix("/flow/") if path.startswith("/flow/") else None

    endpoint = of_both()
    for path, number in ((f"/flow/{SOUTH}", SOUTH), (f"/flow/{NORTH}", NORTH), ("/flow", None)):
        form = sent()
        status, body = post(endpoint, number_of, path, form)
        assert (status, shown_number(form.session, body)) == (200, number)


@EVERY_WAY
def test_a_number_that_is_not_held_is_not_found(post: Post, caplog: pytest.LogCaptureFixture) -> None:
    """Whatever the path holds, it makes one short line."""
    status, body = post(of_both(), lambda _host, path: path[6:], "/flow/" + "x\n" * 500, sent())
    assert (status, body) == (404, "")
    (line,) = caplog.messages
    assert line.startswith("answered 404: no keys of phone number 'x\\nx")
    assert len(line) < 150
    assert json.dumps(line).isascii()


@EVERY_WAY
def test_whoever_can_not_sign_does_not_learn_which_numbers_are_held(post: Post) -> None:
    endpoint = FlowEndpoint(lambda _: {}, FlowKeys(ring(key())), app_secrets=("another secret",))
    assert post(endpoint, lambda _host, _path: "999999999", "/flow/999999999", sent())[0] == 432
