"""A Flow endpoint as the handler of an AWS Lambda function, behind a function URL, API Gateway or a load balancer.

Lambda stops the process between two requests. A read of the keys that was under way then would go on with the next one,
over a connection that is dead by now, and hold up a form that needs its keys: so it ends before the answer is given.

Sources: AWS, "Understanding the Lambda execution environment lifecycle" (what was not done resumes when it is used
again), "Invoking Lambda functions with function URLs" (payload format 2.0, also of HTTP APIs), "Lambda proxy
integrations" (format 1.0, of REST APIs), "Lambda functions as targets" (load balancers, with and without multi-value
headers).
"""

import base64
import binascii
from collections.abc import Callable, Mapping
from typing import Any

from whatsapp_flow_endpoint.answer import NOT_A_POST, Answer
from whatsapp_flow_endpoint.endpoint import LARGEST_BODY, FlowEndpoint, NumberOf, no_number
from whatsapp_flow_keys.errors import InputError

LONGEST_READ = 3.0
"""Seconds that an answer waits for a read of the keys that began behind it; WhatsApp waits 10 in all."""

LambdaHandler = Callable[[Mapping[str, Any], Any], dict[str, Any]]


def lambda_handler(
    endpoint: FlowEndpoint, *, largest_body: int = LARGEST_BODY, number_of: NumberOf = no_number
) -> LambdaHandler:
    """Answers every POST; a larger body (bytes) gets a 413. An event that is no HTTP request is an
    :class:`InputError`.

    ``number_of``: names the number by host and path, so that its keys alone are tried.
    """

    def handle(event: Mapping[str, Any], _context: Any) -> dict[str, Any]:
        body = _body(event, largest_body)
        answer = body if isinstance(body, Answer) else _answer(endpoint, event, body, number_of)
        headers = {name: value for name, value in answer.headers if name != "Content-Length"}
        several = {name: [value] for name, value in headers.items()}
        return {
            "statusCode": answer.status,
            **({"multiValueHeaders": several} if _has_multi_value_headers(event) else {"headers": headers}),
            "body": answer.body,
            "isBase64Encoded": False,
        }

    return handle


def _body(event: Mapping[str, Any], largest_body: int) -> bytes | Answer:
    """The whole body, as it was signed; or why there is none."""
    if _method(event) != "POST":
        return NOT_A_POST
    given = event.get("body") or ""
    try:
        body = base64.b64decode(given, validate=True) if event.get("isBase64Encoded") else str(given).encode()
    except (binascii.Error, ValueError):
        return Answer(400)
    return body if len(body) <= largest_body else Answer(413)


def _answer(endpoint: FlowEndpoint, event: Mapping[str, Any], body: bytes, number_of: NumberOf) -> Answer:
    headers = _headers(event)
    host = next((value for name, value in headers.items() if name.lower() == "host"), "")
    number = number_of(host, str(event.get("rawPath") or event.get("path") or ""))
    answer = endpoint.answer(headers, body, phone_number_id=number)
    endpoint.finish_reading(LONGEST_READ)
    return answer


def _headers(event: Mapping[str, Any]) -> Mapping[str, str]:
    if _has_multi_value_headers(event):
        return {name: values[-1] for name, values in event["multiValueHeaders"].items() if values}
    return event.get("headers") or {}


def _has_multi_value_headers(event: Mapping[str, Any]) -> bool:
    """As of a load balancer that has them enabled: it sends no others and takes no others. A REST API sends both."""
    return "headers" not in event and bool(event.get("multiValueHeaders"))


def _method(event: Mapping[str, Any]) -> str:
    http = (event.get("requestContext") or {}).get("http")
    method = http["method"] if http else event.get("httpMethod")
    if not method:
        raise InputError(
            "the event is not of a function URL, API Gateway or a load balancer; to try the function out, send it an "
            "HTTP request"
        )
    return str(method)
