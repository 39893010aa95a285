"""One person's WhatsApp that fills in a Flow: the client's half of data exchange, as Meta documents it.

Sources: Meta, "Implementing Endpoint for Flows" (encryption, signature, the statuses 421, 427, 432) and the error types
of the Flows webhooks. How long a real client keeps a key is not documented: this one keeps it until a 421.
"""

from __future__ import annotations

import json
import threading
import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace
from enum import Enum
from queue import Empty, SimpleQueue
from typing import Any

import requests

from whatsapp_graph_emulator import fields
from whatsapp_graph_emulator.flow_encryption import SealedRequest, UndecryptableAnswer, seal_request, signature

LIMIT_SECONDS = 10.0
"""Meta's `timeout_error`: a request that is not answered within 10 s. Counts from the connection to the last byte."""

LARGEST_ANSWER_BYTES = 16 * 2**20
"""Not Meta's: it only keeps an endpoint from filling the memory."""

_VERSION = "3.0"
_Reply = tuple[int, bytes]


class Outcome(Enum):
    """How an exchange ended. The values are Meta's error types where there is one (those with a joiner)."""

    ANSWERED = "answered"
    TIMEOUT = "timeout_error"
    NO_HTTP_RESPONSE = "no_http_response_error"
    UNEXPECTED_STATUS = "unexpected_http_status_code"
    ANSWER_UNDECRYPTABLE = "response-decryption-error"
    REQUEST_UNDECRYPTABLE = "business-decryption-error"
    KEY_MISSING = "public-key-missing"
    KEY_NOT_FETCHED = "key not fetched"
    SIGNATURE_REFUSED = "signature refused"
    FLOW_TOKEN_INVALID = "flow token no longer valid"

    @property
    def meaning(self) -> str:
        """What happened, for a reader who does not know the name."""
        return _MEANINGS[self]


_MEANINGS = {
    Outcome.ANSWERED: "the endpoint answered, and the answer was decrypted",
    Outcome.TIMEOUT: f"the endpoint did not answer within {LIMIT_SECONDS:g} s",
    Outcome.NO_HTTP_RESPONSE: "no connection to the endpoint, or it hung up without an HTTP answer",
    Outcome.UNEXPECTED_STATUS: "the endpoint answered with a status other than 200, 421, 427 and 432",
    Outcome.ANSWER_UNDECRYPTABLE: "the client could not decrypt the endpoint's answer, or it is no JSON object",
    Outcome.REQUEST_UNDECRYPTABLE: "the endpoint could not decrypt (421), even with the key fetched again",
    Outcome.KEY_MISSING: "the phone number has no public key",
    Outcome.KEY_NOT_FETCHED: "whoever serves the public key did not answer; not the endpoint's doing",
    Outcome.SIGNATURE_REFUSED: "the endpoint did not accept the signature (432)",
    Outcome.FLOW_TOKEN_INVALID: "the endpoint does not take the flow_token any more (427)",
}


@dataclass(frozen=True)
class Exchange:
    """What came of one request, with the resend that a 421 brings.

    `status`: the last HTTP status, None where none came. `answer`: the decrypted JSON object; with 427 the object that
    holds `error_msg`, encrypted or in the clear; else None. `answers_421` and `key_fetches` are counts, from 0 to 2.
    `seconds`: the whole time that the person waited, fetching keys included.
    """

    outcome: Outcome
    status: int | None = None
    answer: Mapping[str, Any] | None = None
    answers_421: int = 0
    key_fetches: int = 0
    seconds: float = 0.0


class FlowClient:
    """One device: it keeps the public key from the first request on, until the endpoint answers 421.

    `endpoint_url`: http or https, with the usual trust. `fetch_key` gives the SPKI PEM that Meta serves now, None where
    the number has no key, and may raise `OSError`. Without an `app_secret` requests are not signed.

    No method raises for what the endpoint does: see `Exchange`. Each request has a connection of its own, so that an
    idle one which the endpoint closed is never taken for a failure. A person does one thing at a time: calls from
    several threads wait for each other. Raises `BadField` for a wrong URL.
    """

    def __init__(
        self, endpoint_url: str, fetch_key: Callable[[], str | None], *, app_secret: str | None = None
    ) -> None:
        self._url = fields.web_address("endpoint_url", endpoint_url)
        self._fetch_key = fetch_key
        self._app_secret = app_secret
        self._key: str | None = None
        self._one_at_a_time = threading.Lock()

    def ping(self) -> Exchange:
        """Meta's health check. A right answer is `{"data": {"status": "active"}}`."""
        return self.send({"version": _VERSION, "action": "ping"})

    def open_flow(self, flow_token: str) -> Exchange:
        """Opens a Flow whose first screen comes from the endpoint (action INIT)."""
        return self.send(opening(flow_token))

    def submit(self, screen: str, data: Mapping[str, object], *, flow_token: str) -> Exchange:
        """Submits a screen (action data_exchange)."""
        return self.send(form(screen, data, flow_token=flow_token))

    def send(self, payload: Mapping[str, object]) -> Exchange:
        """Sends any payload. After a 421 it fetches the key and sends the payload once more, with a new AES key."""
        with self._one_at_a_time:
            began = time.monotonic()
            exchange = self._attempt(payload)
            if exchange.outcome is Outcome.REQUEST_UNDECRYPTABLE:
                self._key = None
                again = self._attempt(payload)
                exchange = replace(
                    again,
                    answers_421=exchange.answers_421 + again.answers_421,
                    key_fetches=exchange.key_fetches + again.key_fetches,
                )
            return replace(exchange, seconds=time.monotonic() - began)

    def _attempt(self, payload: Mapping[str, object]) -> Exchange:
        fetches = 0
        if self._key is None:
            fetches = 1
            try:
                self._key = self._fetch_key()
            except OSError:
                return Exchange(Outcome.KEY_NOT_FETCHED, key_fetches=fetches)
        if self._key is None:
            return Exchange(Outcome.KEY_MISSING, key_fetches=fetches)
        request = seal_request(self._key, payload)
        return replace(self._exchange(request), key_fetches=fetches)

    def _exchange(self, request: SealedRequest) -> Exchange:
        try:
            reply = _within_the_limit(lambda: self._post(request.body))
        except Empty:
            return Exchange(Outcome.TIMEOUT)
        return Exchange(Outcome.NO_HTTP_RESPONSE) if reply is None else _judge(request, *reply)

    def _post(self, body: bytes) -> _Reply | None:
        headers = {
            "Content-Type": "application/json",
            "User-Agent": "whatsapp-graph-emulator",
            "Connection": "close",
        }
        if self._app_secret is not None:
            headers["X-Hub-Signature-256"] = signature(self._app_secret, body)
        try:
            with requests.Session() as http:
                # Plain HTTP is for this machine, which no proxy of the environment can reach.
                http.trust_env = self._url.startswith("https:")
                # The caller has given up by then: this only ends a thread that an endpoint leaves hanging.
                silence = 2 * LIMIT_SECONDS
                with http.post(
                    self._url, data=body, headers=headers, timeout=silence, allow_redirects=False, stream=True
                ) as answer:
                    return answer.status_code, _content(answer)
        except (OSError, ValueError):  # what requests raises is the one; a name that can't be encoded the other
            return None


def opening(flow_token: str) -> dict[str, object]:
    """The payload of a Flow that is opened."""
    return {"version": _VERSION, "action": "INIT", "flow_token": flow_token}


def form(screen: str, data: Mapping[str, object], *, flow_token: str) -> dict[str, object]:
    """The payload of a submitted screen."""
    return {"version": _VERSION, "action": "data_exchange", "screen": screen, "data": data, "flow_token": flow_token}


def _within_the_limit(post: Callable[[], _Reply | None]) -> _Reply | None:
    """Raises `Empty` where the limit is over first."""
    # In a thread that can be left behind: the timeouts of requests start anew with each byte, and end no name lookup.
    replies: SimpleQueue[_Reply | None] = SimpleQueue()

    def run() -> None:
        reply = None
        try:
            reply = post()
        finally:
            replies.put(reply)

    threading.Thread(target=run, name="flow-request", daemon=True).start()
    return replies.get(timeout=LIMIT_SECONDS)


def _content(answer: requests.Response) -> bytes:
    content = bytearray()
    for chunk in answer.iter_content(2**16):
        content += chunk
        if len(content) > LARGEST_ANSWER_BYTES:
            break
    return bytes(content)


def _judge(request: SealedRequest, status: int, body: bytes) -> Exchange:
    if status == 200:
        answer = _opened(request, body)
        return Exchange(Outcome.ANSWER_UNDECRYPTABLE if answer is None else Outcome.ANSWERED, status, answer)
    if status == 421:
        return Exchange(Outcome.REQUEST_UNDECRYPTABLE, status, answers_421=1)
    if status == 427:
        # Meta's page shows the error message in the clear, its sample endpoint encrypts it.
        return Exchange(Outcome.FLOW_TOKEN_INVALID, status, _opened(request, body) or _in_the_clear(body))
    if status == 432:
        return Exchange(Outcome.SIGNATURE_REFUSED, status)
    return Exchange(Outcome.UNEXPECTED_STATUS, status)


def _opened(request: SealedRequest, body: bytes) -> Mapping[str, Any] | None:
    try:
        answer = request.open_answer(body)
    except UndecryptableAnswer:
        return None
    return answer if isinstance(answer, dict) else None


def _in_the_clear(body: bytes) -> Mapping[str, Any] | None:
    try:
        answer = json.loads(body)
    except (ValueError, RecursionError):
        return None
    return answer if isinstance(answer, dict) else None
