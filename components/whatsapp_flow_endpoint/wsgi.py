"""A Flow endpoint as a WSGI application (PEP 3333), for gunicorn, waitress, a mount in Flask."""

from collections.abc import Callable, Iterable
from typing import Any

from whatsapp_flow_endpoint.answer import NOT_A_POST, Answer
from whatsapp_flow_endpoint.endpoint import LARGEST_BODY, FlowEndpoint, is_larger

WsgiApp = Callable[[dict[str, Any], Callable[..., Any]], Iterable[bytes]]


def wsgi_app(endpoint: FlowEndpoint, *, largest_body: int = LARGEST_BODY) -> WsgiApp:
    """Answers every POST, at whatever path it is mounted; a larger body (bytes) gets a 413 and is not read."""

    def app(environ: dict[str, Any], start_response: Callable[..., Any]) -> Iterable[bytes]:
        answer = _answer(endpoint, environ, largest_body)
        start_response(f"{answer.status} {answer.reason}", answer.headers)
        return [b"" if environ["REQUEST_METHOD"] == "HEAD" else answer.body.encode()]  # hypercorn wants a piece

    return app


def _answer(endpoint: FlowEndpoint, environ: dict[str, Any], largest_body: int) -> Answer:
    if environ["REQUEST_METHOD"] != "POST":
        return NOT_A_POST
    length = environ.get("CONTENT_LENGTH") or ""
    if length:
        if not (length.isascii() and length.isdigit()):
            return Answer(400)
        if is_larger(length, largest_body):
            return Answer(413)
        body = environ["wsgi.input"].read(int(length))
    elif environ.get("wsgi.input_terminated"):  # sent in chunks, and the server says where they end
        body = environ["wsgi.input"].read(largest_body + 1)
    else:
        return Answer(411)
    if len(body) > largest_body:
        return Answer(413)
    headers = {name[5:].replace("_", "-"): value for name, value in environ.items() if name.startswith("HTTP_")}
    return endpoint.answer(headers, body)
