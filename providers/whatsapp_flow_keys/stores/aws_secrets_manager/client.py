"""The calls of AWS: shared clients, time limits. What is sent and answered stays out of logs and off plain HTTP."""

import os
from collections.abc import Mapping
from functools import lru_cache
from threading import Lock
from typing import Any

from whatsapp_flow_keys.client_library import ATTEMPTS, seconds_per_attempt, unlogged
from whatsapp_flow_keys.errors import StoreUnavailableError
from whatsapp_flow_keys.loopback import leaves_in_the_clear
from whatsapp_flow_keys.stores.aws_secrets_manager.address import AwsSecret
from whatsapp_flow_keys.stores.aws_secrets_manager.refusals import OF_CREDENTIALS, as_ours

_TALKATIVE = ("botocore.auth", "botocore.endpoint", "botocore.parsers")
"""The loggers that show whole requests and answers, private keys and session tokens in them."""

_ALWAYS_ANSWERED = {
    "GetCallerIdentity": "Account",
    "TagResource": "ResponseMetadata",
    "UntagResource": "ResponseMetadata",
}


def ask(secret: AwsSecret, service: str, action: str, **parameters: Any) -> dict[str, Any]:
    """One call of the service. Its errors become ours; none is chained, since one may quote what was sent."""
    from botocore import xform_name
    from botocore.exceptions import BotoCoreError, ClientError
    from botocore.parsers import ResponseParserError

    seconds = seconds_per_attempt()
    try:
        with unlogged(*_TALKATIVE):
            answer = getattr(shared_client(service, secret.region, seconds), xform_name(action))(**parameters)
    except ClientError as error:
        said = error.response.get("Error", {})
        code, message = said.get("Code", ""), said.get("Message", "")
    except (BotoCoreError, ResponseParserError, ValueError) as error:
        code, message = type(error).__name__, ""
    else:
        return _answer(secret, service, action, answer)
    if code in OF_CREDENTIALS:
        _client.cache_clear()  # a client keeps credentials that it found in a file; somebody may have written others
    raise as_ours(secret.url, f"{service}:{action}", code, message) from None


def _answer(secret: AwsSecret, service: str, action: str, answer: Mapping[str, Any]) -> dict[str, Any]:
    if _ALWAYS_ANSWERED.get(action, "ARN") not in answer:
        raise StoreUnavailableError(
            secret.url, f"what answered {service}:{action} is not AWS; check AWS_ENDPOINT_URL and the proxy"
        )
    return dict(answer)


_making = Lock()


def shared_client(service: str, region: str, seconds: float) -> Any:
    """The client of a service in a region: made once, since that is slow. Threads may share it, but not a session.

    Another environment gets another client, and so does a forked process, whose parent goes on using the connections.
    """
    environment = frozenset((name, value) for name, value in os.environ.items() if name.startswith("AWS_"))
    with _making:
        return _client(service, region, seconds, environment, os.getpid())


@lru_cache(maxsize=32)
def _client(service: Any, region: str, seconds: float, _environment: frozenset[tuple[str, str]], _process: int) -> Any:
    from boto3.session import Session
    from botocore.config import Config

    config = Config(
        connect_timeout=seconds,
        read_timeout=seconds,
        retries={"mode": "standard", "total_max_attempts": ATTEMPTS},
    )
    session = Session()
    session.events.register_first("before-send", _refuse_plain_http)  # also for the clients that get credentials
    client = session.client(service, region_name=region, config=config)
    if not client.meta.endpoint_url.startswith("http:"):
        return client
    # Plain HTTP is for this machine only: a proxy of the environment must not see what is sent.
    return session.client(service, region_name=region, config=config.merge(Config(proxies={})))


class PlainHttpError(ValueError):
    """A request would have gone to another machine by plain HTTP; it was not sent."""


def _refuse_plain_http(request: Any, **_: Any) -> None:
    if leaves_in_the_clear(request.url):
        raise PlainHttpError
