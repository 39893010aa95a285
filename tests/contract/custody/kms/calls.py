"""What happens between the key service's client and AWS KMS: answers that lag, get lost, or that nobody can provoke."""

from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from typing import Any

from botocore.awsrequest import AWSResponse
from botocore.compat import HTTPHeaders
from botocore.exceptions import ConnectionClosedError

from tools.ministack import REGION
from whatsapp_flow_keys.aws.client import shared_client
from whatsapp_flow_keys.client_library import ATTEMPTS, seconds_per_attempt, seconds_per_call


def clients() -> list[Any]:
    """The two that the service has: for all else, and for decryptions."""
    return [
        shared_client("kms", REGION, seconds_per_attempt(), ATTEMPTS),
        shared_client("kms", REGION, seconds_per_call() / 5, 1),
    ]


@contextmanager
def listening(event: str, handler: Any) -> Iterator[None]:
    """Hears what happens to them."""
    heard = [client.meta.events for client in clients()]
    for events in heard:
        events.register(event, handler)
    try:
        yield
    finally:
        for events in heard:
            events.unregister(event, handler)


@contextmanager
def answering(action: str, answer: Mapping[str, Any], *, times: int = 1000) -> Iterator[list[Any]]:
    """The next calls of ``action`` get this answer; what they asked for."""
    calls: list[Any] = []

    def instead(params: Any, **_: Any) -> tuple[AWSResponse, dict[str, Any]] | None:
        calls.append(params["body"])
        if len(calls) > times:
            return None
        return AWSResponse("", 400 if "Error" in answer else 200, HTTPHeaders(), None), {
            "ResponseMetadata": {"HTTPStatusCode": 400 if "Error" in answer else 200},
            **answer,
        }

    with listening(f"before-call.kms.{action}", instead):
        yield calls
    assert calls


@contextmanager
def answer_lost(action: str) -> Iterator[list[str]]:
    """The first request of ``action`` is sent and carried out; its answer never comes. boto3 then asks again."""
    lost: list[str] = []
    session = clients()[0]._endpoint.http_session

    def send(request: Any, **_: Any) -> None:
        if not lost:
            lost.append(request.url)
            session.send(request)
            raise ConnectionClosedError(endpoint_url=request.url)

    with listening(f"before-send.kms.{action}", send):
        yield lost
    assert lost


def refusal(code: str, message: str = "") -> dict[str, Any]:
    """An answer that refuses."""
    return {"Error": {"Code": code, "Message": message}}
