"""The calls of AWS: shared clients, time limits. What is sent and answered stays out of logs and off plain HTTP."""

import os
from collections.abc import Callable
from concurrent.futures import Future
from contextvars import copy_context
from functools import partial
from threading import Lock, Thread
from typing import Any

from whatsapp_flow_keys.aws.refusals import OF_CREDENTIALS
from whatsapp_flow_keys.extras import unlogged
from whatsapp_flow_keys.loopback import leaves_in_the_clear

_TALKATIVE = ("botocore.auth", "botocore.endpoint", "botocore.parsers")
"""The loggers that show whole requests and answers, private keys and session tokens in them."""


CONNECTIONS = 32
"""Connections that a client keeps open: as many as an endpoint has threads that wait for AWS KMS."""


class CallError(Exception):
    """A call that AWS refused, or that didn't reach it. What it says is not for a person: see `refusals`.

    Args:
        code: AWS's, or the class of boto3's own error.
        message: AWS's words; of boto3's own error "", since it may quote what was sent.
        status: the HTTP status; 0 where there was no answer.
        request_id: AWS's name for its answer, or "".
        certificate: the answerer's certificate was not accepted, so nothing was sent.
    """

    def __init__(
        self, code: str, message: str = "", *, status: int = 0, request_id: str = "", certificate: bool = False
    ) -> None:
        super().__init__(code)
        self.code = code
        self.message = message
        self.status = status
        self.request_id = request_id
        self.certificate = certificate


def call(connect: Callable[[], Any], action: str, **parameters: Any) -> dict[str, Any]:
    """One call of the service whose client ``connect`` gives: where that fails, the call has failed.

    Raises :class:`CallError`, which chains no other error: one may quote what was sent.
    """
    from botocore import xform_name
    from botocore.exceptions import BotoCoreError, ClientError
    from botocore.parsers import ResponseParserError

    try:
        with unlogged(*_TALKATIVE):
            return dict(getattr(connect(), xform_name(action))(**parameters))
    except ClientError as error:
        said, answered = error.response.get("Error", {}), error.response.get("ResponseMetadata", {})
        failed = CallError(
            said.get("Code", ""),
            said.get("Message", ""),
            status=answered.get("HTTPStatusCode", 0),
            request_id=answered.get("RequestId", ""),
        )
    except (BotoCoreError, ResponseParserError, ValueError) as error:
        failed = CallError(type(error).__name__, certificate="CERTIFICATE_VERIFY_FAILED" in str(error))
    if failed.code in OF_CREDENTIALS:
        with _making:
            _forget_clients()  # one keeps credentials that it found in a file; somebody may have written others
    raise failed from None


_making = Lock()
_clients: dict[tuple[object, ...], "Future[Any]"] = {}
_MOST_CLIENTS = 32


def shared_client(service: str, region: str, seconds: float, attempts: int, longest_wait: float | None = None) -> Any:
    """The client of a service in a region: made once, since that is slow. Threads may share it, but not a session.

    Each of its calls is made at most so often, each time for so many seconds. Another environment gets another client,
    and so does a forked process, whose parent goes on using the connections. To make one is to find credentials, for
    which others may be asked. With a ``longest_wait`` nobody waits for that any longer: :class:`SlowCredentialsError`.
    """
    environment = frozenset((name, os.environ.get(name)) for name in os.environ if name.startswith("AWS_"))
    key = (service, region, seconds, attempts, environment, os.getpid())
    with _making:
        made = _clients.get(key)
        if made is None:
            if len(_clients) >= _MOST_CLIENTS:
                _forget_clients()
            made = Future()
            making = partial(copy_context().run, _make, key, made)
            Thread(target=making, args=(service, region, seconds, attempts), name="aws-client", daemon=True).start()
            _clients[key] = made  # not before there is a thread that makes it
    try:
        return made.result(longest_wait)
    except TimeoutError:
        raise SlowCredentialsError from None


def _make(key: tuple[object, ...], made: "Future[Any]", *given: Any) -> None:
    try:
        made.set_result(_client(*given))
    except BaseException as error:  # noqa: BLE001  it is raised where the client is waited for
        with _making:  # the next call tries again
            _clients.pop(key, None)
        made.set_exception(error)


def _forget_clients() -> None:
    """All but those that are being made, for which others wait."""
    for key in [key for key, made in _clients.items() if made.done()]:
        del _clients[key]


def _client(service: Any, region: str, seconds: float, attempts: int) -> Any:
    from boto3.session import Session
    from botocore.config import Config

    config = Config(
        connect_timeout=seconds,
        read_timeout=seconds,
        max_pool_connections=CONNECTIONS,
        retries={"mode": "standard", "total_max_attempts": attempts},
    )
    session = Session()
    session.events.register_first("before-send", _refuse_plain_http)  # also for the clients that get credentials
    client = session.client(service, region_name=region, config=config)
    if not client.meta.endpoint_url.startswith("http:"):
        return client
    # Plain HTTP is for this machine only: a proxy of the environment must not see what is sent.
    return session.client(service, region_name=region, config=config.merge(Config(proxies={})))


class SlowCredentialsError(ValueError):
    """No credentials were found in time."""


class PlainHttpError(ValueError):
    """A request would have gone to another machine by plain HTTP; it was not sent."""


def _refuse_plain_http(request: Any, **_: Any) -> None:
    if leaves_in_the_clear(request.url):
        raise PlainHttpError
