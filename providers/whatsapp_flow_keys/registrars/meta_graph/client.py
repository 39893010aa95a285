"""The calls, over one HTTP session per thread: retries within a deadline that holds for all of it, typed errors.

It never follows a redirect (a token would travel along) and puts no token into a URL.
"""

import hashlib
import hmac
import json
import threading
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field, replace
from typing import Any

import requests

from whatsapp_flow_keys.clock import Clock, SystemClock
from whatsapp_flow_keys.registrars.answer_time import skew_in
from whatsapp_flow_keys.registrars.meta_graph.answers import error_answer, is_error_body, served_key
from whatsapp_flow_keys.registrars.meta_graph.errors import (
    AccessTokenError,
    AnswerLostError,
    ClockSkewError,
    ErrorAnswer,
    GraphError,
    UnexpectedAnswerError,
    UnreachableError,
)
from whatsapp_flow_keys.registrars.meta_graph.meanings import error_for
from whatsapp_flow_keys.registrars.meta_graph.settings import GraphSettings
from whatsapp_flow_keys.registrars.registrar import ServedKey
from whatsapp_flow_keys.registrars.retries import retried
from whatsapp_flow_keys.timed_exchange import NeverConnectedError, TimedSession

_CONNECT_TIMEOUT = 5.0
_READ_TIMEOUT = 20.0
_LARGEST_ANSWER = 1024 * 1024
_CHUNK = 64 * 1024
_BAD_CERTIFICATE = "SSLCertVerificationError"
_NO_CERTIFICATES = ("CA certificate bundle", "[X509")
"""In what requests says of a REQUESTS_CA_BUNDLE that is not there, or holds none."""


@dataclass(frozen=True)
class _Call:
    """A call of the encryption edge; ``doing`` is what it is for, as in "read the key of phone number 1"."""

    method: str
    phone_number_id: str
    doing: str
    fields: Mapping[str, str] = field(default_factory=dict)

    @property
    def changing(self) -> bool:
        """It is to change something at Meta."""
        return self.method == "POST"


class GraphClient:
    """Meta's Graph API over HTTPS. Thread-safe."""

    def __init__(self, settings: GraphSettings, clock: Clock | None = None) -> None:
        self._settings = settings
        self._clock = clock or SystemClock()
        self._tokens = list(settings.access_tokens)
        self._local = threading.local()

    def served(self, phone_number_id: str) -> ServedKey:
        """``GET /{version}/{phone number id}/whatsapp_business_encryption``. Raises :class:`GraphError`."""
        call = _Call("GET", phone_number_id, f"read the public key of phone number {phone_number_id}")
        with self._of_account():
            body, trace_id = self._perform(call)
            return replace(served_key(body, call.doing), trace_id=trace_id)

    def publish(self, phone_number_id: str, public_key_pem: str) -> str | None:
        """``POST`` to the same edge, as a form (Meta's guide). Repeating it does no harm. Meta's trace id, if any.

        Raises :class:`GraphError`, whose ``may_have_taken_effect`` says whether the key may be served all the same.
        """
        doing = f"set the public key of phone number {phone_number_id}"
        call = _Call("POST", phone_number_id, doing, {"business_public_key": public_key_pem})
        with self._of_account():
            body, trace_id = self._perform(call)
            if not isinstance(body, dict) or body.get("success") is not True:
                raise UnexpectedAnswerError(doing, ErrorAnswer(200, trace_id=trace_id or ""), changing=True)
            return trace_id

    @contextmanager
    def _of_account(self) -> Iterator[None]:
        """Within this block errors call the settings as the account does."""
        try:
            yield
        except GraphError as error:
            raise error.of_account(self._settings.account) from None

    def _perform(self, call: _Call) -> tuple[Any, str | None]:
        """One call with its retries. Returns the answer's body and Meta's trace id."""

        def once(left: float) -> tuple[Any, str | None]:
            token = self._tokens[0]
            try:
                return self._once(call, token, left)
            except AccessTokenError:
                if not self._drop(token):
                    raise
                return once(left)

        return retried(once, self._settings.deadline, self._clock)

    def _once(self, call: _Call, token: str, left: float) -> tuple[Any, str | None]:
        session = self._session()
        try:
            response, content = session.within(left, lambda: self._exchange(session, call, token, left))
        except OSError as error:  # requests' errors are such
            if call.changing and not _never_sent(error):
                raise AnswerLostError(call.doing) from None
            raise UnreachableError(call.doing, advice=_why_unreachable(error)) from None
        return self._parsed(call, response, content, token)

    def _exchange(
        self, session: requests.Session, call: _Call, token: str, seconds: float
    ) -> tuple[requests.Response, bytes]:
        settings = self._settings
        parameters = dict(call.fields)
        if settings.app_secret:
            parameters["appsecret_proof"] = _appsecret_proof(settings.app_secret, token)
        with session.request(
            call.method,
            f"{settings.url.rstrip('/')}/{settings.version}/{call.phone_number_id}/whatsapp_business_encryption",
            params=None if call.changing else parameters,
            data=parameters if call.changing else None,
            auth=_Bearer(token),
            timeout=(min(_CONNECT_TIMEOUT, seconds), min(_READ_TIMEOUT, seconds)),
            allow_redirects=False,
            stream=True,
        ) as response:
            return response, _content(response)

    def _parsed(self, call: _Call, response: requests.Response, content: bytes, token: str) -> tuple[Any, str | None]:
        try:
            body = json.loads(content)
        except (ValueError, RecursionError):
            body = None
        hidden = (token, self._settings.app_secret) if self._settings.app_secret else (token,)
        answer = error_answer(response.status_code, response.headers, body, hidden)
        if response.status_code == 200 and body is not None and not is_error_body(body):
            if not call.changing:
                _refuse_another_time(response.headers, call.doing)
            return body, answer.trace_id or None
        if response.status_code == 200 and not is_error_body(body):
            raise UnexpectedAnswerError(call.doing, answer, changing=call.changing)
        raise error_for(call.doing, answer, changing=call.changing)

    def _drop(self, token: str) -> bool:
        """Goes on with the next token after Meta said that ``token`` is not valid. False when there is none."""
        self._tokens = [other for other in self._tokens if other != token] or self._tokens
        return token != self._tokens[0]

    def _session(self) -> TimedSession:
        session: TimedSession | None = getattr(self._local, "session", None)
        if session is None or session.is_over:
            session = self._local.session = TimedSession()
            session.headers["User-Agent"] = "whatsapp-flow-encryption"
            # Plain HTTP is for this machine only: a proxy of the environment must not see the token.
            session.trust_env = self._settings.url.startswith("https:")
        return session


class _Bearer(requests.auth.AuthBase):
    """The token as a header. An ``auth`` of our own keeps requests from taking a user's ``.netrc`` instead."""

    def __init__(self, token: str) -> None:
        self._token = token

    def __call__(self, request: requests.PreparedRequest) -> requests.PreparedRequest:
        request.headers["Authorization"] = f"Bearer {self._token}"
        return request


def _appsecret_proof(app_secret: str, token: str) -> str:
    """Lower-case hex HMAC-SHA256 of the token under the app secret (Meta: Securing Graph API Requests)."""
    return hmac.new(app_secret.encode(), token.encode(), hashlib.sha256).hexdigest()


def _content(response: requests.Response) -> bytes:
    """The body; empty where it is longer than any of Meta's answers."""
    content = bytearray()
    for chunk in response.iter_content(_CHUNK):
        content += chunk
        if len(content) > _LARGEST_ANSWER:
            return b""
    return bytes(content)


def _refuse_another_time(headers: Mapping[str, str], doing: str) -> None:
    """Raises :class:`ClockSkewError` where the answer's time is not this machine's."""
    if ahead := skew_in(headers):
        raise ClockSkewError.of(doing, ahead)


def _never_sent(error: Exception) -> bool:
    """True where the connection was never made, so that the call had no effect."""
    if isinstance(error, requests.ConnectTimeout | requests.exceptions.ProxyError | NeverConnectedError):
        return True
    reasons = ("NewConnectionError", "NameResolutionError", _BAD_CERTIFICATE, *_NO_CERTIFICATES)
    return any(reason in repr(error) for reason in reasons)


def _why_unreachable(error: Exception) -> str | None:
    if _BAD_CERTIFICATE in repr(error):  # other TLS errors can come after the call was sent
        return (
            "The Graph API's certificate was not accepted. Behind a proxy that signs with your company's CA, set "
            "REQUESTS_CA_BUNDLE to the file of that CA; else check {settings}graphUrl and the clock."
        )
    if any(words in repr(error) for words in _NO_CERTIFICATES):
        return "REQUESTS_CA_BUNDLE or CURL_CA_BUNDLE does not name a file of certificates: correct it, then run again."
    if isinstance(error, requests.exceptions.ProxyError):
        return "The proxy did not let the call through: check HTTPS_PROXY and NO_PROXY."
    if isinstance(error, requests.ReadTimeout | TimeoutError) and not _never_sent(error):
        return "The answer was not complete in time (WHATSAPP_GRAPH_DEADLINE): check the network, then run again."
    return None
