"""The Flow endpoint: from (headers, body) to an answer. What serves HTTP is an adapter: WSGI, ASGI, AWS Lambda."""

import json
import logging
import os
from collections.abc import Callable, Iterable, Mapping
from typing import Any

from whatsapp_flow_endpoint.answer import Answer
from whatsapp_flow_endpoint.awaited import is_in_a_loop
from whatsapp_flow_endpoint.exchange import Came, Exchange, Handler, Policy, Shared
from whatsapp_flow_endpoint.flow_keys import FlowKeys
from whatsapp_flow_endpoint.flow_request import FlowRequest
from whatsapp_flow_endpoint.live_keys import LiveKeys
from whatsapp_flow_endpoint.numbers import Numbers
from whatsapp_flow_endpoint.watching import watch_of_this_process
from whatsapp_flow_keys.clock import Clock, SystemClock
from whatsapp_flow_keys.errors import InputError
from whatsapp_flow_keys.flow_protocol import signature
from whatsapp_flow_keys.flow_protocol.message import Session, encrypt_request
from whatsapp_flow_keys.keys import load_public_key

_LOG = logging.getLogger("whatsapp_flow_endpoint")

_SIGNATURE = signature.HEADER.lower()
APP_SECRET, FORMER_APP_SECRET = "WHATSAPP_APP_SECRET", "WHATSAPP_FORMER_APP_SECRET"
_UNSIGNED = (
    f"this endpoint has no app secret, so it answers requests that nobody signed: anybody can send them. Set "
    f"{APP_SECRET} before people use its forms"
)
_BLOCKS_A_LOOP = (
    "FlowEndpoint.answer was called in an event loop, in which nothing else goes on until the form is answered. Mount "
    "asgi_app(endpoint), or call it as `await asyncio.to_thread(endpoint.answer, headers, body)`"
)

NumberOf = Callable[[str, str], str | None]
"""From the host and the path of a request, as in ``("flows.example.com", "/flow/106540352242922")``, to the ID of the
number that it is for; None where they don't tell."""

LARGEST_BODY = 256 * 1024
"""Bytes. Meta names no limit. A screen has 50 components at most, and a text area takes 600 characters unless the Flow
says otherwise: all of them full, with each character written as ``\\uXXXX``, make 240,000 bytes. Of media a request
holds only address and keys, 1 KB each for up to 30 files. Source: Meta, "Components" and "Media upload components"."""
_LONGEST_NUMBER = 20
"""Digits of a length, leading zeros and all: Python turns no text of any length into a number."""


def is_larger(length: str, largest_body: int) -> bool:
    """Whether a body whose ``Content-Length`` is these digits is too large to be read."""
    return len(length) > _LONGEST_NUMBER or int(length) > largest_body


def no_number(_host: str, _path: str) -> None:
    """For an endpoint whose address names no number."""


def active(_: FlowRequest) -> dict[str, Any]:
    """Answers a ping, WhatsApp's health check."""
    return {"data": {"status": "active"}}


def acknowledge(_: FlowRequest) -> dict[str, Any]:
    """Answers an error notice, which has a line in the log already."""
    return {"data": {"acknowledged": True}}


class FlowEndpoint:
    """Answers Flow requests: checks the signature, decrypts, calls the handler, encrypts. Thread-safe if that is.

    The handler is a function from a :class:`FlowRequest` to a dict, such as :func:`show` and :func:`complete` make; it
    may be ``async``, and may raise :class:`FlowTokenNoLongerValid`. Whatever else it raises is an answer of status 500
    and a log line that holds nothing of the form. Pings and error notices don't reach it, but ``on_ping`` and
    ``on_error_notice`` if they are given.
    """

    def __init__(
        self,
        handler: Handler,
        keys: Numbers | LiveKeys | FlowKeys | Iterable[LiveKeys | FlowKeys],
        *,
        app_secrets: tuple[str, ...],
        on_ping: Handler = active,
        on_error_notice: Handler = acknowledge,
        clock: Clock | None = None,
    ) -> None:
        """``keys``: those of one number, or of several.

        ``app_secrets``: a request must be signed with one of them; with none, anybody's request is answered, and a
        warning in the log says so.
        """
        for function in (handler, on_ping, on_error_notice):
            if not callable(function):
                raise InputError(f"a handler must be a function, plain or async; it is {type(function).__name__}")
        if isinstance(app_secrets, str):  # each of its letters would be a secret
            raise InputError("app_secrets: is a string; write it as a tuple, (secret,) with a comma for one")
        self._app_secrets = app_secrets
        if not all(secret and secret.isascii() for secret in app_secrets):
            raise InputError("app_secrets: one of them is empty, or not ASCII")
        if not app_secrets:
            _LOG.warning("%s", _UNSIGNED)
        self._blocks_a_loop = False
        policy, watch = Policy(handler, on_ping, on_error_notice, app_secrets), watch_of_this_process()
        self._shared = Shared.of(policy, Numbers.of(keys), clock or SystemClock(), watch)
        self._shared.keys.tell(watch)

    @classmethod
    def from_env(
        cls,
        handler: Handler,
        environ: Mapping[str, str] | None = None,
        *,
        accept_unsigned_requests: bool = False,
        on_ping: Handler = active,
        on_error_notice: Handler = acknowledge,
    ) -> "FlowEndpoint":
        """From the variables of ``endpoint_env``, and ``WHATSAPP_APP_SECRET``: the secret of the app that is connected
        to the Flow. While you reset it, ``WHATSAPP_FORMER_APP_SECRET`` holds the old one: both are accepted.

        Raises :class:`InputError` for what is missing or wrong, also when there is no app secret and
        ``accept_unsigned_requests`` doesn't say that anybody may send requests, or a store holds another number's keys;
        :class:`StoreError` when no store can be read.
        """
        environ = os.environ if environ is None else environ
        given = [environ.get(name, "").strip() for name in (APP_SECRET, FORMER_APP_SECRET)]
        if not given[0] and not accept_unsigned_requests:
            raise InputError(
                f"{APP_SECRET}: is not set, so anybody could send requests. Set it to the secret of the app that is "
                f"connected to the Flow; or, to try something out, say accept_unsigned_requests=True"
            )
        keys = Numbers.from_env(environ)
        return cls(
            handler, keys, app_secrets=tuple(filter(None, given)), on_ping=on_ping, on_error_notice=on_error_notice
        )

    @property
    def fingerprints(self) -> tuple[str, ...]:
        """The fingerprints of the keys that are held at the moment, each number's in the order of its ring."""
        return tuple(key.fingerprint for key in self._shared.keys.keys)

    def sealed(self, payload: Any, *, phone_number_id: str | None = None) -> tuple[dict[str, str], bytes, Session]:
        """For tests: a request to this endpoint as WhatsApp's client sends it, signed with its app secret and
        encrypted with the first of its keys, or of that number's. Its headers, its body, and the session that its
        answer is encrypted with. Raises :class:`InputError` for a number whose keys it doesn't hold."""
        keys = self._shared.keys_of(phone_number_id)
        if keys is None or not keys.keys:
            raise InputError(f"phone_number_id: no keys of {phone_number_id} are held here")
        message, session = encrypt_request(load_public_key(keys.keys[0].public_key_pem), payload)
        body = json.dumps(message).encode()
        headers = {signature.HEADER: signature.sign(self._app_secrets[0], body)} if self._app_secrets else {}
        return headers, body, session

    def answer(self, headers: Mapping[str, str], body: bytes, *, phone_number_id: str | None = None) -> Answer:
        """The answer to a POST. Blocks while the handler runs, and up to 3 s while keys that may open the request are
        read; so it is not for an event loop, where the first call logs a warning.

        ``headers``: names in any case. ``body``: raw, as it was signed. ``phone_number_id``: the number that the
        request is for, where the service knows it, as by its path: only that number's keys are tried then.
        """
        if not self._blocks_a_loop and is_in_a_loop():
            self._blocks_a_loop = True
            _LOG.warning("%s", _BLOCKS_A_LOOP)
        exchange = Exchange(self._shared, Came(_signature(headers), body, phone_number_id), holds_a_thread=True)
        while not isinstance(step := exchange.advance(), Answer):
            step.wait()
        return step

    def finish_reading(self, seconds: float) -> None:
        """For a process that is stopped between two requests: waits for a read of the keys that goes on in the
        background, for so many seconds at most."""
        self._shared.keys.finish_reading(self._shared.clock.monotonic() + seconds)

    def exchange(self, headers: Mapping[str, str], body: bytes, *, phone_number_id: str | None = None) -> Exchange:
        """The same in steps, for callers that must not block; see :class:`Exchange`."""
        return Exchange(self._shared, Came(_signature(headers), body, phone_number_id), holds_a_thread=False)


def _signature(headers: Mapping[str, str]) -> str | None:
    for name, value in headers.items():
        if name.lower() == _SIGNATURE:
            return value
    return None
