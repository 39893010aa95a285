"""A function of AWS Lambda behind a function URL or an HTTP API, as a WSGI application."""

import base64
from collections.abc import Callable, Iterable
from threading import Lock
from typing import Any

from whatsapp_flow_endpoint.aws_lambda import LambdaHandler
from whatsapp_flow_endpoint.wsgi import WsgiApp


def function_app(handler: LambdaHandler) -> WsgiApp:
    """Hands each request to the handler, in payload format 2.0; one after another, as an instance gets them."""
    one_at_a_time = Lock()

    def app(environ: dict[str, Any], start_response: Callable[..., Any]) -> Iterable[bytes]:
        event = _event(environ)
        with one_at_a_time:
            answer = handler(event, None)
        start_response(f"{answer['statusCode']} -", list(answer["headers"].items()))
        return [answer["body"].encode()]

    return app


def _event(environ: dict[str, Any]) -> dict[str, Any]:
    sent = {name.removeprefix("HTTP_"): value for name, value in environ.items() if name.startswith("HTTP_")}
    return {
        "version": "2.0",
        "headers": {name.replace("_", "-").lower(): value for name, value in sent.items()},
        "requestContext": {"http": {"method": environ["REQUEST_METHOD"], "path": environ["PATH_INFO"]}},
        "body": base64.b64encode(environ["wsgi.input"].read()).decode(),
        "isBase64Encoded": True,
    }
