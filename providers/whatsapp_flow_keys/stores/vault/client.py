"""The calls of Vault or OpenBao: the token of the moment, which never travels in the clear or after a redirect."""

import os
import threading
from collections.abc import Callable
from typing import TYPE_CHECKING

from whatsapp_flow_keys.clock import SystemClock
from whatsapp_flow_keys.errors import (
    RingTooLargeError,
    StorePermissionError,
    StoreUnavailableError,
)
from whatsapp_flow_keys.stores.client_library import ATTEMPTS, seconds_per_attempt
from whatsapp_flow_keys.stores.vault.address import VaultPath, variable
from whatsapp_flow_keys.stores.vault.refusals import errors_in, forbidden, not_version_2, refusal, unreachable

if TYPE_CHECKING:
    from hvac import Client
    from requests import PreparedRequest, Response

_FIRST_PAUSE = 0.1
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
                fault, passes = unreachable(self.url, error)
            else:
                if not _is_fault(answer):
                    return self._checked(answer, capability, part)
                fault, passes = self.refusal(answer), True
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
            raise forbidden(self._path, answer, capability, part)
        if answer.status_code == 413:
            raise RingTooLargeError(
                self.url, "the key ring is larger than the server takes (max_request_size); nothing was written"
            )
        return answer

    def refusal(self, answer: "Response") -> StoreUnavailableError:
        """What an answer means that is neither a secret nor a lack of rights."""
        return refusal(self._path, answer)

    def not_version_2(self) -> StoreUnavailableError:
        """For a mount that shows itself as another one."""
        return not_version_2(self._path)

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


def _is_fault(answer: "Response") -> bool:
    """Whether the server fails for the moment. A mount of KV version 2 is not in service right after it was made, or
    after an unseal, and says so with a 400 (tried: OpenBao 2.7.2)."""
    if answer.status_code == 400:
        return any(error.startswith("Upgrading from non-versioned") for error in errors_in(answer) or ())
    return answer.status_code in (412, 429) or (answer.status_code >= 500 and answer.status_code != 501)
