"""The floor of each server: an application that reads the body and sends its beginning back, as long as an answer."""

from collections.abc import Callable, Iterable
from typing import Any

from tools.bench.servers.bare_asgi import BareAsgi
from tools.bench.servers.fastapi_route import in_fastapi

ANSWER_BYTES = 284
"""As many as the right answer of the bench has."""


def asgi() -> Any:
    """Bare."""
    return BareAsgi(_beginning)


def fastapi() -> Any:
    """As a route of FastAPI."""
    return in_fastapi(asgi())


def wsgi() -> Any:
    """Bare, under WSGI."""
    return _reads


def _reads(environ: dict[str, Any], start_response: Callable[..., Any]) -> Iterable[bytes]:
    answer = _beginning(environ["wsgi.input"].read(int(environ["CONTENT_LENGTH"])))
    start_response("200 OK", [("content-type", "text/plain; charset=utf-8"), ("content-length", str(len(answer)))])
    return [answer]


def _beginning(body: bytes) -> bytes:
    return body[:ANSWER_BYTES]
