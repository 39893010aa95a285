"""The live Flow endpoint, asked as WhatsApp's client asks it: an encrypted, signed ping, or a form.

Source: Meta, "Implementing Endpoint for Flows": the request's three fields and its signature, the ping and its answer,
the statuses 421 and 432, the limit of 10 s.
"""

import json
import socket
import ssl
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from http.client import HTTPException
from typing import Any, Protocol
from urllib.parse import urlsplit

import requests

from whatsapp_flow_keys.errors import FlowMessageError
from whatsapp_flow_keys.flow_protocol import signature
from whatsapp_flow_keys.flow_protocol.message import PING, encrypt_request
from whatsapp_flow_keys.flow_protocol.timed_post import post
from whatsapp_flow_keys.keys import load_public_key

_ACTIVE = {"data": {"status": "active"}}
_TIMEOUT = 10.0
_NO_CERTIFICATES = "can't be asked: REQUESTS_CA_BUNDLE or CURL_CA_BUNDLE does not name a file of certificates"
_LARGEST_ANSWER = 4 * 1024 * 1024

NOT_HELD = 421
"""The status of an endpoint that does not hold the private key."""


@dataclass(frozen=True)
class Refusal:
    """Why a ping was not answered as Meta asks, and what to do.

    Args:
        place: the endpoint's scheme, host and port.
        said: what it did, as in ``answered 500, not 200``.
        status: HTTP's; None where no answer came.
    """

    place: str
    said: str
    status: int | None = None

    def __str__(self) -> str:
        return f"the endpoint {self.place} {self.said}"


@dataclass(frozen=True)
class Decrypted:
    """An answer that was encrypted for its request: ``content`` is any JSON, which may quote what was typed in."""

    content: Any = field(repr=False)


class Endpoint(Protocol):
    """What the lifecycle needs of the endpoint."""

    def ping(self, public_key_pem: str) -> Refusal | None:
        """Sends a ping that is encrypted with this key, on a connection of its own.

        None where it was answered as Meta asks. Never raises: whatever goes wrong between here and the endpoint is a
        refusal.
        """


@dataclass(frozen=True)
class LiveEndpoint:
    """The endpoint at a URL. Without an ``app_secret`` the ping is not signed.

    ``secret_name`` is what the person who asks calls the app secret.
    """

    url: str
    app_secret: str | None = field(default=None, repr=False)
    secret_name: str = "whatsapp:appSecret"

    def ping(self, public_key_pem: str) -> Refusal | None:
        """See :class:`Endpoint`."""
        got = self.send(public_key_pem, PING)
        if isinstance(got, Refusal):
            return got
        if _is_active(got.content):
            return None
        return Refusal(self.shown, f"answered 200 to a ping, but not with {json.dumps(_ACTIVE)}", 200)

    def send(self, public_key_pem: str, payload: Mapping[str, Any]) -> Decrypted | Refusal:
        """Sends a payload, on a connection of its own. Raises :class:`InputError` for a key that is not RSA."""
        message, session = encrypt_request(load_public_key(public_key_pem), payload)
        body = json.dumps(message).encode()
        headers = {"Content-Type": "application/json", "User-Agent": "whatsapp-flow-encryption"}
        if self.app_secret:
            headers[signature.HEADER] = signature.sign(self.app_secret, body)
        try:
            answer = post(self.url, body, headers, seconds=_TIMEOUT, largest=_LARGEST_ANSWER)
        except Exception as error:  # noqa: BLE001 (a hostile answer may raise what no library names)
            return Refusal(self.shown, _why_silent(error))
        if said := self._refused(answer.status):
            return Refusal(self.shown, said, answer.status)
        try:
            return Decrypted(session.decrypt_answer(answer.content.decode("ascii").strip()))
        except (FlowMessageError, UnicodeDecodeError):
            said = "answered 200 with something that is not encrypted for this request; is it a Flow endpoint?"
            return Refusal(self.shown, said, answer.status)

    @property
    def shown(self) -> str:
        """Where it is: scheme, host and port. Path and query may hold a token, and the whole URL may be a secret."""
        parts = urlsplit(self.url)
        return f"{parts.scheme}://{parts.netloc.rpartition('@')[2]}"

    def _refused(self, status: int) -> str | None:
        said = f"answered {status}"
        if status == NOT_HELD:
            return (
                f"{said}: it does not hold the private key yet. Give it this number's `endpoint_env`, which has the "
                f"new key beside those of forms under way, since it must hold all of them: by `deploy=` if its "
                f"deployment is a resource of the program. Restart it if it reads its keys only once"
            )
        if status == 432 and self.app_secret:
            return f"{said}: it did not accept the signature; {self.secret_name} is not its WHATSAPP_APP_SECRET"
        if status == 432:
            return f"{said}: it wants a signed request; set {self.secret_name}"
        if 300 <= status < 400:
            return f"{said}, a redirect; give the address that it leads to"
        if status == 427:
            return f"{said}: the flow_token is no longer valid, so WhatsApp would close the form"
        return None if status == 200 else f"{said}, not 200"


def _is_active(answer: object) -> bool:
    """Whatever else it holds: Meta's own sample adds the version."""
    data = answer.get("data") if isinstance(answer, dict) else None
    return isinstance(data, dict) and data.get("status") == "active"


def _why_silent(error: Exception) -> str:
    """By types: the texts hold the URL, and what the other side sent."""
    causes = tuple(_causes(error))

    def is_any(*kinds: type[BaseException]) -> bool:
        return any(isinstance(cause, kinds) for cause in causes)

    if isinstance(error, TimeoutError):
        return "did not answer within 10 s, the time that WhatsApp's client waits"
    if isinstance(error, requests.Timeout):
        return "can't be reached: no connection within 5 s"
    if isinstance(error, requests.exceptions.ProxyError):
        return "can't be reached through the proxy: check HTTPS_PROXY and NO_PROXY"
    if isinstance(error, requests.exceptions.InvalidURL | requests.exceptions.InvalidSchema):
        return "can't be asked: its address is not valid, or that of the proxy in HTTPS_PROXY is not"
    if is_any(ssl.SSLError):
        return _why_no_tls(next(cause for cause in causes if isinstance(cause, ssl.SSLError)))
    if "CA certificate bundle" in str(error):
        return _NO_CERTIFICATES
    if is_any(socket.gaierror, UnicodeError):
        return "can't be reached: its name is not known"
    if is_any(ConnectionRefusedError):
        return "can't be reached: the connection was refused"
    if is_any(HTTPException, ValueError, requests.exceptions.ContentDecodingError) and not is_any(ConnectionError):
        return "answered with HTTP that is broken or broke off: look at its server, and at what stands before it"
    return "can't be reached: the connection broke"


def _why_no_tls(error: ssl.SSLError) -> str:
    if isinstance(error, ssl.SSLCertVerificationError):
        return (
            "has a TLS certificate that was not accepted. WhatsApp's client accepts those of public CAs only; if a "
            "proxy of your company signed this one, set REQUESTS_CA_BUNDLE to the file of its CA"
        )
    if error.library == "X509":
        return _NO_CERTIFICATES
    if "ALERT" in (error.reason or ""):
        return "refused the TLS connection: it may want another version of TLS, or a client's certificate"
    return "does not speak TLS: check the scheme and the port"


def _causes(error: BaseException | None) -> Iterator[BaseException]:
    """The error and what it came from, which requests and urllib3 keep as a reason, an argument or a cause."""
    while error is not None:
        yield error
        kept = (getattr(error, "reason", None), *error.args, error.__cause__, error.__context__)
        error = next((cause for cause in kept if isinstance(cause, BaseException)), None)
