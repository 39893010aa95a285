"""The calls of Vault or OpenBao: the token of the moment, time limits, errors as sentences.

The token never travels in the clear or after a redirect, and what a server says is quoted only where it can't hold one.
"""

import os
import threading
from collections.abc import Callable
from typing import TYPE_CHECKING, Any

from whatsapp_flow_keys.clock import SystemClock
from whatsapp_flow_keys.errors import (
    RingTooLargeError,
    StoreError,
    StorePermissionError,
    StoreUnavailableError,
)
from whatsapp_flow_keys.stores.client_library import ATTEMPTS, seconds_per_attempt
from whatsapp_flow_keys.stores.vault.address import VaultPath, variable

if TYPE_CHECKING:
    from hvac import Client
    from requests import PreparedRequest, Response

_FIRST_PAUSE = 0.1
_LONGEST_QUOTE = 120
_LONGEST_IDLE = 10.0  # seconds

_of_this_thread = threading.local()


class VaultCalls:
    """Calls about one path. Thread-safe: what calls the same server in a thread shares its connections."""

    def __init__(self, path: VaultPath) -> None:
        """Talks to nobody."""
        self._path, self.url = path, path.url

    def ask(self, capability: str | None, call: "Callable[[Client], Response]", *, part: str = "data") -> "Response":
        """The server's answer, if it is one to the call itself; faults of the server are met by trying again.

        ``capability`` is what the call needs on ``MOUNT/part/PATH``; None: a refusal is an answer, too.
        """
        client = _client(self._path)
        for attempt in range(ATTEMPTS):
            if attempt:
                SystemClock().sleep(_FIRST_PAUSE * 2 ** (attempt - 1))
            client.token = self._token()
            try:
                answer = call(client)
            except OSError as error:  # requests' errors are such; their texts may quote a header
                fault, passes = _unreachable(self.url, error)
            else:
                if not _is_fault(answer):
                    return self._checked(answer, capability, part)
                fault, passes = self._at_fault(answer), True
            if not passes:
                break
        raise fault

    def _checked(self, answer: "Response", capability: str | None, part: str) -> "Response":
        if answer.is_redirect:
            raise StoreUnavailableError(
                self.url,
                "the server redirects to another address, which is not followed, since the token would "
                "go along. Give the address of the server itself, in a cluster that of the active node",
            )
        if answer.status_code == 403 and capability is not None:
            raise StorePermissionError(self.url, f"{self._why_refused(answer, capability, part)}")
        if answer.status_code == 413:
            raise RingTooLargeError(
                self.url, "the key ring is larger than the server takes (max_request_size); nothing was written"
            )
        return answer

    def _why_refused(self, answer: "Response", capability: str, part: str) -> str:
        """A policy's no reads "1 error occurred: * permission denied". For an unknown token, whose policies nobody can
        look at, OpenBao says "permission denied" alone (tried: 2.7.2), and Vault adds "* invalid token" (read)."""
        said = " ".join(errors_in(answer) or ())
        where = f" in the namespace {self._path.namespace}" if self._path.namespace else ""
        token = (
            f"the token (VAULT_TOKEN, else BAO_TOKEN, else ~/.vault-token) is not known{where}, or has expired; set "
            f"VAULT_TOKEN to a valid one, or log in again"
        )
        policy = (
            f"the token's policies do not allow it{where}: it needs {capability} on "
            f"{self._path.mount}/{part}/{self._path.path}. A stack needs create, read and update on "
            f"{self._path.data}, update on {self._path.mount}/delete/{self._path.path}, and update on "
            f"{self._path.mount}/undelete/{self._path.path}; an endpoint needs read"
        )
        if said == "permission denied" or "invalid token" in said:
            return f"{token}. Its policies must then allow {capability} on {self._path.mount}/{part}/{self._path.path}"
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

    def _token(self) -> str:
        """The token of this moment: an agent renews the file. Raises :class:`StorePermissionError` for none."""
        from hvac.utils import get_token_from_env

        try:
            token = os.environ.get("VAULT_TOKEN") or os.environ.get("BAO_TOKEN") or get_token_from_env() or ""
        except (OSError, ValueError):
            raise StorePermissionError(
                self.url, "~/.vault-token can't be read; set VAULT_TOKEN, or log in again"
            ) from None
        token = token.strip()
        if not token:
            raise StorePermissionError(
                self.url, "there is no token; set VAULT_TOKEN (or BAO_TOKEN), or log in, which writes ~/.vault-token"
            )
        if not (token.isascii() and token.isprintable()):
            raise StorePermissionError(
                self.url, "the token holds characters that no token has; set VAULT_TOKEN to the token alone"
            )
        return token


def _client(path: VaultPath) -> "Client":
    """This thread's client of the server: another in a forked process, whose sockets are its parent's, and another
    after a pause, since what lies between may have dropped an idle connection without a word."""
    clients: dict[object, tuple[float, Client]] = _of_this_thread.__dict__.setdefault("clients", {})
    wanted = (path.host, path.in_the_clear, path.namespace, _trusted(), seconds_per_attempt(), os.getpid())
    now = SystemClock().monotonic()
    used_at, client = clients.get(wanted, (-_LONGEST_IDLE, None))
    if client is None or now - used_at >= _LONGEST_IDLE:
        client = _connect(path)
    clients[wanted] = now, client
    return client


def _connect(path: VaultPath) -> "Client":
    from hvac import Client
    from hvac.adapters import RawAdapter
    from requests import Session

    session = Session()
    # Plain HTTP is for this machine only: a proxy of the environment must not see the token.
    session.trust_env = not path.in_the_clear
    session.auth = _as_it_is
    session.verify = _trusted()  # hvac prefers a session's own to its argument
    return Client(
        url=f"{'http' if path.in_the_clear else 'https'}://{path.host}",
        token="",  # see ask
        timeout=seconds_per_attempt(),  # type: ignore[arg-type]  # requests takes fractions
        allow_redirects=False,
        session=session,
        namespace=path.namespace,
        adapter=RawAdapter,
        ignore_exceptions=True,  # hvac's hold the answer's text
    )


def _trusted() -> str | bool:
    """The file or folder of CAs; else True, with which requests asks REQUESTS_CA_BUNDLE. hvac reads VAULT_CACERT only
    once, when it is imported."""
    return variable(os.environ, "CACERT") or variable(os.environ, "CAPATH") or True


def _as_it_is(request: "PreparedRequest") -> "PreparedRequest":
    """An ``auth`` of our own keeps requests from adding what a user's ``.netrc`` has for the host."""
    return request


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


def _quoted(answer: "Response") -> str:
    said = "; ".join(errors_in(answer) or ()).replace(answer.request.headers["X-Vault-Token"], "…")
    return f" ({said[:_LONGEST_QUOTE]})" if said.isprintable() and said else ""


def _unreachable(url: str, error: OSError) -> tuple[StoreUnavailableError, bool]:
    """The error for a call without an answer, and whether the fault may pass."""
    from requests import exceptions as http

    if isinstance(error, http.SSLError):
        why = "its certificate was not accepted" if "CERTIFICATE_VERIFY_FAILED" in str(error) else "TLS failed"
        return StoreUnavailableError(
            url,
            f"{why}; set VAULT_CACERT to the file of the CA that signed it, check the host name, the clock, and "
            f"that the server speaks https",
        ), False
    if isinstance(error, http.ProxyError):
        return StoreUnavailableError(
            url, "the proxy did not let the call through; check HTTPS_PROXY and NO_PROXY"
        ), True
    if isinstance(error, http.Timeout):
        return StoreUnavailableError(
            url,
            "the server did not answer in time; check the address, and that the server is up "
            "(WHATSAPP_STORE_DEADLINE is the time limit in seconds)",
        ), True
    if isinstance(error, http.ConnectionError | http.ChunkedEncodingError):
        return StoreUnavailableError(
            url, "the server can't be reached; check the address (VAULT_ADDR) and that it is up"
        ), True
    return StoreUnavailableError(
        url,
        "the call can't be made; check that VAULT_CACERT, if it is set, names a file that can be read, and "
        "HTTPS_PROXY a proxy's URL",
    ), False
