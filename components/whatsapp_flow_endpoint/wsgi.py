"""A Flow endpoint as a WSGI application (PEP 3333), for gunicorn, waitress, a mount in Flask."""

from collections.abc import Callable, Iterable
from typing import Any

from whatsapp_flow_endpoint.answer import NOT_A_POST, Answer
from whatsapp_flow_endpoint.endpoint import LARGEST_BODY, FlowEndpoint, NumberOf, is_larger, no_number

WsgiApp = Callable[[dict[str, Any], Callable[..., Any]], Iterable[bytes]]


def wsgi_app(endpoint: FlowEndpoint, *, largest_body: int = LARGEST_BODY, number_of: NumberOf = no_number) -> WsgiApp:
    """Answers every POST, at whatever path it is mounted; a larger body (bytes) gets a 413 and is not read.

    ``number_of``: names the number by host and path, so that its keys alone are tried.
    """

    def app(environ: dict[str, Any], start_response: Callable[..., Any]) -> Iterable[bytes]:
        body = _body(environ, largest_body)
        answer = body if isinstance(body, Answer) else _answer(endpoint, environ, body, number_of)
        start_response(f"{answer.status} {answer.reason}", answer.headers)
        return [b"" if environ["REQUEST_METHOD"] == "HEAD" else answer.body.encode()]  # hypercorn wants a piece

    return app


def _body(environ: dict[str, Any], largest_body: int) -> bytes | Answer:
    """The whole body, or why there is none."""
    if environ["REQUEST_METHOD"] != "POST":
        return NOT_A_POST
    length = environ.get("CONTENT_LENGTH") or ""
    if length:
        if not (length.isascii() and length.isdigit()):
            return Answer(400)
        if is_larger(length, largest_body):
            return Answer(413)
        body: bytes = environ["wsgi.input"].read(int(length))
    elif environ.get("wsgi.input_terminated"):  # sent in chunks, and the server says where they end
        body = environ["wsgi.input"].read(largest_body + 1)
    else:
        return Answer(411)
    return body if len(body) <= largest_body else Answer(413)


def _answer(endpoint: FlowEndpoint, environ: dict[str, Any], body: bytes, number_of: NumberOf) -> Answer:
    headers = {name[5:].replace("_", "-"): value for name, value in environ.items() if name.startswith("HTTP_")}
    number = number_of(environ.get("HTTP_HOST", ""), environ.get("SCRIPT_NAME", "") + environ.get("PATH_INFO", ""))
    return endpoint.answer(headers, body, phone_number_id=number)
