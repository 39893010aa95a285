"""The calls of Vault or OpenBao: the token of the moment, time limits, errors as sentences.

The token never travels in the clear or after a redirect, and what a server says is quoted only where it can't hold one.
"""

import json
import os
from collections.abc import Callable
from typing import TYPE_CHECKING, Any

from whatsapp_flow_keys.clock import SystemClock
from whatsapp_flow_keys.errors import (
    RingTooLargeError,
    StoreError,
    StorePermissionError,
    StoreUnavailableError,
)
from whatsapp_flow_keys.stores.client_library import ATTEMPTS, seconds_per_call
from whatsapp_flow_keys.stores.vault.address import VaultPath
from whatsapp_flow_keys.stores.vault.connection import Route, client_of, route_to
from whatsapp_flow_keys.stores.vault.login import WAYS, GivenToken, Lease, Login, token_of, way_in

if TYPE_CHECKING:
    from hvac import Client
    from requests import PreparedRequest, Response

_FIRST_PAUSE = 0.1
_LONGEST_QUOTE = 120


class VaultCalls:
    """Calls about one path. Thread-safe: what calls the same server in a thread shares its connections."""

    def __init__(self, path: VaultPath) -> None:
        """Talks to nobody."""
        self._path, self.url = path, path.url

    def ask(self, capability: str | None, call: "Callable[[Client], Response]", *, part: str = "data") -> "Response":
        """The server's answer, if it is one to the call itself.

        ``capability`` is what the call needs on ``MOUNT/part/PATH``; None: a refusal is an answer, too. After a token
        that the server doesn't know comes another one, if the environment has it or a login gives it: once.
        """
        route, way = route_to(self._path, os.environ), way_in(os.environ, self.url)
        ends = SystemClock().monotonic() + seconds_per_call()
        token = self._token(route, way, ends)
        answer = self._answer(route, token, call, ends)
        if capability is not None and token and _is_unknown(answer):
            other = self._token(route, way_in(os.environ, self.url), ends, refused=token)
            answer = answer if other == token else self._answer(route, other, call, ends)
        self._check(answer)
        if capability is not None and (answer.status_code == 403 or _is_unknown(answer)):
            raise StorePermissionError(self.url, self._why_refused(answer, way, capability, part))
        return answer

    def _token(self, route: Route, way: GivenToken | Login, ends: float, refused: str | None = None) -> str:
        if isinstance(way, GivenToken):
            return way.token

        def log_in() -> Lease:
            answer = self._answer(route, "", lambda client: way.ask(client, self.url), ends)
            self._check(answer)
            granted = body_of(answer, "auth")
            token, seconds = granted.get("client_token"), granted.get("lease_duration")
            if answer.ok and isinstance(token, str) and isinstance(seconds, int):
                return Lease.of(token, seconds)
            said = f"HTTP {answer.status_code}{_quoted(answer)}"
            raise StorePermissionError(
                self.url, f"{way.source} was refused with {said}; nothing was read or written. {way.advice}"
            )

        return token_of(way, (route.address, route.namespace), log_in, refused)

    def _answer(self, route: Route, token: str, call: "Callable[[Client], Response]", ends: float) -> "Response":
        """The server's answer; faults are met by trying again, as long as it isn't the time when the call ``ends``."""
        client, clock = client_of(route), SystemClock()
        for attempt in range(ATTEMPTS):
            if attempt:
                clock.sleep(_FIRST_PAUSE * 2 ** (attempt - 1))
            client.token = token
            try:
                answer = call(client)
            except OSError as error:  # requests' errors are such; their texts may quote a header
                fault, passes = _unreachable(self.url, error)
            else:
                if not _is_fault(answer):
                    return answer
                fault, passes = self._at_fault(answer), True
            if not passes or clock.monotonic() >= ends:
                break
        raise fault

    def _check(self, answer: "Response") -> None:
        if answer.is_redirect:
            raise StoreUnavailableError(
                self.url,
                "the server redirects to another address, which is not followed, since the token would "
                "go along. Give the address of the server itself, in a cluster that of the active node",
            )
        if answer.status_code == 413:
            raise RingTooLargeError(
                self.url, "the key ring is larger than the server takes (max_request_size); nothing was written"
            )

    def _why_refused(self, answer: "Response", way: GivenToken | Login, capability: str, part: str) -> str:
        """A policy's no reads "1 error occurred: * permission denied"; see :func:`_is_unknown` for a token's."""
        where = f" in the namespace {self._path.namespace}" if self._path.namespace else ""
        token = f"the token {way.origin} is not known{where}, or has expired. {way.advice}"
        if isinstance(way, GivenToken) and not way.token:
            token = f"there is no token, and the server asks for one; {WAYS}"
        policy = (
            f"the token's policies do not allow it{where}: it needs {capability} on "
            f"{self._path.mount}/{part}/{self._path.path}. A stack needs create, read and update on "
            f"{self._path.data}, update on {self._path.mount}/delete/{self._path.path}, and update on "
            f"{self._path.mount}/undelete/{self._path.path}; an endpoint needs read"
        )
        if _is_unknown(answer):
            return f"{token}. Its policies must then allow {capability} on {self._path.mount}/{part}/{self._path.path}"
        said = " ".join(errors_in(answer) or ())
        return policy if "permission denied" in said else f"{policy}. Or {token}"

    def _at_fault(self, answer: "Response") -> StoreUnavailableError:
        if any("sealed" in error for error in errors_in(answer) or ()):
            return StoreUnavailableError(self.url, "the server is sealed; unseal it, then run again")
        if answer.status_code == 503:
            return StoreUnavailableError(
                self.url,
                f"the server is not in service: a standby, not initialized, or behind a proxy that has no "
                f"server{_quoted(answer)}; run again later",
            )
        return StoreUnavailableError(
            self.url, f"the server answered HTTP {answer.status_code}{_quoted(answer)}; run again later"
        )

    def unexpected(self, answer: "Response") -> StoreError:
        """What an answer means that is neither a secret nor a refusal."""
        said = " ".join(errors_in(answer) or ())
        if "namespace not found" in said:
            return StoreUnavailableError(
                self.url,
                f"there is no namespace {self._path.namespace} on the server; check namespace= and VAULT_NAMESPACE",
            )
        if "no handler for route" in said:
            return StoreUnavailableError(
                self.url, f"nothing is mounted at {self._path.mount}/; check mount=. Is it a mount of KV version 2?"
            )
        is_json = answer.headers.get("Content-Type", "").startswith("application/json")
        if is_json and answer.status_code in (200, 204, 404):
            return self.not_version_2()
        if said:
            return StoreUnavailableError(
                self.url, f"the server refused the call with HTTP {answer.status_code}{_quoted(answer)}"
            )
        return StoreUnavailableError(
            self.url, f"what answers is not Vault or OpenBao: HTTP {answer.status_code}. Check the address"
        )

    def not_version_2(self) -> StoreUnavailableError:
        return StoreUnavailableError(
            self.url,
            f"is {self._path.mount}/ a mount of KV version 2? It does not answer as one. Give another "
            f"mount=, or make one: bao secrets enable -path=MOUNT -version=2 kv",
        )


def body_of(answer: "Response", *names: str) -> dict[str, Any]:
    """The JSON object in the answer, or the one at ``names`` in it; empty where there is none."""
    try:
        found = answer.json()
    except (ValueError, RecursionError):
        return {}
    for name in names:
        found = found.get(name) if isinstance(found, dict) else None
    return found if isinstance(found, dict) else {}


def errors_in(answer: "Response") -> list[str] | None:
    """The server's own words, without line breaks; None where the answer has none."""
    errors = body_of(answer).get("errors")
    return [" ".join(str(error).split()) for error in errors] if isinstance(errors, list) else None


def _is_fault(answer: "Response") -> bool:
    """Whether the server fails for the moment. A mount of KV version 2 is not in service right after it was made, or
    after an unseal, and says so with a 400 (tried: OpenBao 2.7.2)."""
    if answer.status_code == 400:
        return any(error.startswith("Upgrading from non-versioned") for error in errors_in(answer) or ())
    return answer.status_code == 429 or (answer.status_code >= 500 and answer.status_code != 501)


def _is_unknown(answer: "Response") -> bool:
    """Whether the server doesn't know the token, so that nobody can look at its policies.

    OpenBao then says "permission denied" alone (tried: 2.7.2), also where there is no token; Vault adds "* invalid
    token", and for none says "missing client token" with a 400 (read).
    """
    said = " ".join(errors_in(answer) or ())
    if answer.status_code == 400:
        return "missing client token" in said
    return answer.status_code == 403 and (
        said == "permission denied" or any(words in said for words in ("invalid token", "missing client token"))
    )


def _quoted(answer: "Response") -> str:
    said = "; ".join(errors_in(answer) or ())
    for secret in _sent(answer.request):
        said = said.replace(secret, "…")
    return f" ({said[:_LONGEST_QUOTE]})" if said.isprintable() and said else ""


def _sent(request: "PreparedRequest") -> list[str]:
    """The token, and what a login sends."""
    try:
        fields = json.loads(request.body or "{}")
    except ValueError:
        fields = {}
    sent = [request.headers.get("X-Vault-Token"), *(fields.values() if isinstance(fields, dict) else ())]
    return [text for text in sent if isinstance(text, str) and text]


def _unreachable(url: str, error: OSError) -> tuple[StoreUnavailableError, bool]:
    """The error for a call without an answer, and whether the fault may pass."""
    from requests import exceptions as http

    if isinstance(error, http.SSLError):
        refused = any(words in str(error) for words in ("CERTIFICATE_VERIFY_FAILED", "doesn't match"))
        why = "its certificate was not accepted" if refused else "TLS failed"
        return StoreUnavailableError(
            url,
            f"{why}; set VAULT_CACERT to the file of the CA that signed it, check the host name "
            f"(VAULT_TLS_SERVER_NAME), the clock, and that the server speaks https. VAULT_SKIP_VERIFY is not obeyed",
        ), False
    if isinstance(error, http.ProxyError):
        return StoreUnavailableError(
            url, "the proxy did not let the call through; check HTTPS_PROXY, NO_PROXY and VAULT_PROXY_ADDR"
        ), True
    if isinstance(error, http.Timeout):
        return StoreUnavailableError(
            url,
            "the server did not answer in time; check the address, and that the server is up "
            "(WHATSAPP_STORE_DEADLINE is the time limit in seconds)",
        ), True
    if isinstance(error, http.ConnectionError | http.ChunkedEncodingError):
        return StoreUnavailableError(
            url, "the server can't be reached; check the address (VAULT_ADDR, or VAULT_AGENT_ADDR) and that it is up"
        ), True
    return StoreUnavailableError(
        url,
        "the call can't be made; check that VAULT_CACERT and VAULT_CLIENT_CERT, if they are set, name files that can "
        "be read, and HTTPS_PROXY or VAULT_PROXY_ADDR a proxy's URL",
    ), False
