"""The AWS Lambda adapter, with events of the shapes that AWS documents."""

import base64
from collections.abc import Callable
from dataclasses import dataclass
from datetime import UTC, datetime
from functools import cache
from threading import Event
from time import sleep
from typing import Any

import pytest

from tests.forms import APP_SECRET, FORM, Sent, endpoint_of, key, ring, sent
from tests.servers.endpoint_app import echo
from whatsapp_flow_endpoint import FlowEndpoint, FlowKeys, aws_lambda
from whatsapp_flow_endpoint.aws_lambda import lambda_handler
from whatsapp_flow_endpoint.live_keys import LiveKeys
from whatsapp_flow_keys.errors import InputError
from whatsapp_flow_keys.flow_protocol.message import Session
from whatsapp_flow_keys.flow_protocol.signature import HEADER, sign
from whatsapp_flow_keys.ring import KeyRing


def function_url(form: Sent, method: str = "POST", encoded: bool = True) -> dict[str, Any]:
    """Payload format 2.0, as of a function URL and of an HTTP API; header names come in lower case."""
    return {
        "version": "2.0",
        "routeKey": "$default",
        "rawPath": "/flows",
        "rawQueryString": "",
        "headers": {name.lower(): value for name, value in form.signed.items()},
        "requestContext": {
            "accountId": "anonymous",
            "domainName": "abcd.lambda-url.eu-west-1.on.aws",
            "http": {"method": method, "path": "/flows", "protocol": "HTTP/1.1", "sourceIp": "203.0.113.7"},
            "stage": "$default",
        },
        **carried(form, encoded),
    }


def rest_api(form: Sent, method: str = "POST", encoded: bool = False) -> dict[str, Any]:
    """Payload format 1.0, as of a REST API; header names come as they were sent."""
    return {
        "resource": "/flows",
        "path": "/flows",
        "httpMethod": method,
        "headers": form.signed,
        "multiValueHeaders": {name: [value] for name, value in form.signed.items()},
        "queryStringParameters": None,
        "requestContext": {"resourcePath": "/flows", "httpMethod": method, "stage": "prod"},
        **carried(form, encoded),
    }


def load_balancer(form: Sent, method: str = "POST", encoded: bool = False) -> dict[str, Any]:
    """As of an Application Load Balancer."""
    return {
        "requestContext": {"elb": {"targetGroupArn": "arn:aws:elasticloadbalancing:eu-west-1:1:targetgroup/flows/1"}},
        "httpMethod": method,
        "path": "/flows",
        "queryStringParameters": {},
        "headers": {name.lower(): value for name, value in form.signed.items()},
        **carried(form, encoded),
    }


def load_balancer_with_multi_value_headers(form: Sent, method: str = "POST", encoded: bool = False) -> dict[str, Any]:
    """As of one whose target group has them enabled; the answer must have them, too."""
    event = load_balancer(form, method, encoded)
    headers = event.pop("headers")
    return {**event, "multiValueHeaders": {name: [value] for name, value in headers.items()}}


def carried(form: Sent, encoded: bool) -> dict[str, Any]:
    body = base64.b64encode(form.body).decode() if encoded else form.body.decode()
    return {"body": body, "isBase64Encoded": encoded}


SHAPES = [function_url, rest_api, load_balancer]


@cache
def handler() -> Callable[[Any, Any], dict[str, Any]]:
    return lambda_handler(endpoint_of(echo), largest_body=10_000)


def handle(event: Any) -> dict[str, Any]:
    return handler()(event, None)


@pytest.mark.parametrize("encoded", [True, False], ids=["base64", "text"])
@pytest.mark.parametrize("shape", SHAPES)
def test_a_form_is_answered(shape: Any, encoded: bool) -> None:
    form = sent()
    got = handle(shape(form, encoded=encoded))
    assert got["statusCode"] == 200
    assert got["headers"] == {"Content-Type": "text/plain; charset=utf-8"}
    assert got["isBase64Encoded"] is False
    assert form.session.decrypt_answer(got["body"]) == {"screen": "NEXT", "data": FORM["data"]}


@pytest.mark.parametrize("encoded", [True, False], ids=["base64", "text"])
def test_the_signature_is_over_the_body_as_it_was_sent(encoded: bool) -> None:
    body = '{"name": "Zoë"}'.encode()
    form = Sent(body, Session(b"", b""))
    event = function_url(form, encoded=encoded)
    assert handle(event)["statusCode"] == 400
    event["headers"] = {HEADER.lower(): sign(APP_SECRET, base64.b64encode(body))}
    assert handle(event)["statusCode"] == 432


def test_multi_value_headers_are_answered_with_such() -> None:
    form = sent()
    got = handle(load_balancer_with_multi_value_headers(form))
    assert got["statusCode"] == 200
    assert got["multiValueHeaders"] == {"Content-Type": ["text/plain; charset=utf-8"]}
    assert "headers" not in got
    refused = handle(load_balancer_with_multi_value_headers(form, method="GET"))
    assert refused["multiValueHeaders"]["Allow"] == ["POST"]


@pytest.mark.parametrize("shape", SHAPES)
def test_what_is_no_post_is_told_so(shape: Any) -> None:
    got = handle(shape(sent(), method="GET"))
    assert got["statusCode"] == 405
    assert got["headers"]["Allow"] == "POST"


@pytest.mark.parametrize("shape", SHAPES)
def test_the_statuses_of_the_protocol_arrive(shape: Any) -> None:
    assert handle(shape(sent(to=key("a stranger's"))))["statusCode"] == 421
    assert handle({**shape(sent()), "headers": {}})["statusCode"] == 432
    assert handle({**shape(sent()), "headers": None})["statusCode"] == 432


@pytest.mark.parametrize("shape", SHAPES)
def test_a_body_that_is_too_large_is_refused(shape: Any) -> None:
    form = Sent(b"x" * 10_001, Session(b"", b""))
    assert handle(shape(form))["statusCode"] == 413


@pytest.mark.parametrize("body", [None, ""])
def test_no_body_is_no_flow_request(body: str | None) -> None:
    event = function_url(Sent(b"", Session(b"", b"")))
    assert handle({**event, "body": body})["statusCode"] == 400
    del event["body"]
    assert handle(event)["statusCode"] == 400


@pytest.mark.parametrize("body", ["not base64!", "é", "AAA"])
def test_a_body_that_is_not_the_base64_it_claims_gets_400(body: str) -> None:
    assert handle({**function_url(sent()), "body": body})["statusCode"] == 400


@pytest.mark.parametrize("event", [{}, {"key1": "value1"}, {"requestContext": {}}, {"Records": []}])
def test_an_event_that_is_no_http_request_says_what_is_wanted(event: dict[str, Any]) -> None:
    with pytest.raises(InputError, match="the event is not of a function URL, API Gateway or a load balancer"):
        handle(event)


@dataclass
class FrozenClock:
    """Stands until it is set."""

    at: float = 1000.0

    def now(self) -> datetime:
        return datetime(2026, 11, 25, tzinfo=UTC)

    def monotonic(self) -> float:
        return self.at

    def sleep(self, seconds: float) -> None:
        self.at += seconds


class SlowStore:
    """Gives a ring with a new key, after a while or, until `answers` is set, not at all."""

    def __init__(self, answers: bool) -> None:
        self.answers = Event()
        if answers:
            self.answers.set()

    def read(self) -> KeyRing:
        assert self.answers.wait(60)
        sleep(0.2)  # long after the answer to a form
        return ring(key("new"), key(), revision=2)


def behind(store: SlowStore) -> FlowEndpoint:
    """An endpoint that began an hour ago, so that its keys are due to be read."""
    clock = FrozenClock()
    keys = LiveKeys(FlowKeys(ring(key())), store.read, clock=clock)
    clock.at += 3600
    return FlowEndpoint(echo, keys, app_secrets=(APP_SECRET,), clock=clock)


def test_no_read_goes_on_when_lambda_stops_the_process(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(aws_lambda, "LONGEST_READ", 60)
    endpoint = behind(SlowStore(answers=True))
    assert lambda_handler(endpoint)(function_url(sent()), None)["statusCode"] == 200
    assert key("new").fingerprint in endpoint.fingerprints


def test_a_store_that_hangs_holds_no_answer_for_ever(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(aws_lambda, "LONGEST_READ", 0.01)
    store = SlowStore(answers=False)
    assert lambda_handler(behind(store))(function_url(sent()), None)["statusCode"] == 200
    store.answers.set()
