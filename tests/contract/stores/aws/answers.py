"""What happens between the stores' client and AWS Secrets Manager: answers that lag, get lost, or come too late."""

from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from typing import Any

from botocore.awsrequest import AWSResponse
from botocore.compat import HTTPHeaders
from botocore.exceptions import ConnectionClosedError

from tests.servers.secrets_manager import REGION
from whatsapp_flow_keys.aws.client import shared_client
from whatsapp_flow_keys.client_library import ATTEMPTS, seconds_per_attempt


@contextmanager
def listening(event: str, handler: Any, service: str = "secretsmanager") -> Iterator[None]:
    """Hears what happens to the client that the stores share."""
    events = shared_client(service, REGION, seconds_per_attempt(), ATTEMPTS).meta.events
    events.register(event, handler)
    try:
        yield
    finally:
        events.unregister(event, handler)


@contextmanager
def answer_lost(action: str) -> Iterator[list[str]]:
    """The first request of ``action`` is sent and carried out; its answer never comes. boto3 then asks again."""
    lost: list[str] = []
    session = shared_client("secretsmanager", REGION, seconds_per_attempt(), ATTEMPTS)._endpoint.http_session

    def send(request: Any, **_: Any) -> None:
        if not lost:
            lost.append(request.url)
            session.send(request)
            raise ConnectionClosedError(endpoint_url=request.url)

    with listening(f"before-send.secrets-manager.{action}", send):
        yield lost
    assert lost


@contextmanager
def lagging(action: str, answer: Mapping[str, Any], *, times: int = 1000) -> Iterator[None]:
    """As AWS's reads are eventually consistent: the next calls of ``action`` answer what was before."""
    calls: list[str] = []

    def older(model: Any, **_: Any) -> tuple[AWSResponse, dict[str, Any]] | None:
        calls.append(model.name)
        return answered(answer) if len(calls) <= times else None

    with listening(f"before-call.secrets-manager.{action}", older):
        yield
    assert calls


def answered(answer: Mapping[str, Any]) -> tuple[AWSResponse, dict[str, Any]]:
    """What botocore takes for the service's answer."""
    response = AWSResponse("", 400 if "Error" in answer else 200, HTTPHeaders(), None)
    return response, {"ResponseMetadata": {}, **answer}


def refused(code: str) -> dict[str, Any]:
    """An answer for :func:`lagging` that says no."""
    return {"Error": {"Code": code, "Message": ""}}


@contextmanager
def just_before(action: str, act: Callable[[], object]) -> Iterator[None]:
    """Somebody else acts when the first request of ``action`` is on its way."""
    acts = [act]

    def turn(**_: Any) -> None:
        if acts:
            acts.pop()()

    with listening(f"before-send.secrets-manager.{action}", turn):
        yield
    assert not acts
