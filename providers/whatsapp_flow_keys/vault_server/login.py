"""How a caller is known to Vault or OpenBao: by a token that was made elsewhere, or by a login of our own.

A file is read when it is needed, so an agent may renew what is in it. A login is made once for a process, and again
before its token ends. Tokens and SecretIDs are in no error and no ``repr``.
"""

import os
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from math import inf
from pathlib import Path
from threading import Lock
from typing import TYPE_CHECKING

from whatsapp_flow_keys.client_library import seconds_per_attempt
from whatsapp_flow_keys.clock import SystemClock
from whatsapp_flow_keys.errors import StorePermissionError, StoreUnavailableError
from whatsapp_flow_keys.vault_server.address import variable

if TYPE_CHECKING:
    from hvac import Client
    from requests import Response

WAYS = (
    "set VAULT_TOKEN (or BAO_TOKEN), VAULT_TOKEN_FILE, VAULT_ROLE_ID with VAULT_SECRET_ID, or VAULT_K8S_ROLE; or log "
    "in, which writes ~/.vault-token; or set VAULT_AGENT_ADDR to an agent that logs in for its callers"
)

_HOME_FILE = "~/.vault-token"
_SERVICE_ACCOUNT = "/var/run/secrets/kubernetes.io/serviceaccount/token"
_USED = 2 / 3
"""The part of its life after which a token is replaced by one of a new login."""


@dataclass(frozen=True)
class GivenToken:
    """A token of the environment; an empty one is none, and an agent between may bring its own."""

    source: str
    token: str = field(repr=False)

    @property
    def origin(self) -> str:
        """Goes on after "the token"."""
        return f"in {self.source}"

    @property
    def advice(self) -> str:
        """What to do when the server doesn't know it."""
        return f"Put a valid one there{', or log in again' if self.source == _HOME_FILE else ''}"


@dataclass(frozen=True)
class Login:
    """A login by AppRole or by a Kubernetes service account."""

    method: str
    mount: str
    settings: str
    """The names of the variables that it comes from."""
    role: str = field(repr=False)
    """The RoleID, or the name of the role."""
    file: str
    """Where its secret is read, if it isn't given."""
    secret: str = field(default="", repr=False)

    @property
    def source(self) -> str:
        """What it is, for an error."""
        return f"the {self.method} login at auth/{self.mount} ({self.settings})"

    @property
    def origin(self) -> str:
        """Goes on after "the token"."""
        return f"of {self.source}"

    @property
    def _file_of(self) -> str:
        return "VAULT_K8S_TOKEN_FILE" if self.method == "Kubernetes" else "VAULT_SECRET_ID_FILE"

    @property
    def advice(self) -> str:
        """What to do when it is refused."""
        who = "that the role allows this service account and its namespace"
        secret_id = "that the SecretID is one of that role's, and neither expired nor used up"
        return f"Check the role, {who if self.method == 'Kubernetes' else secret_id}, and VAULT_AUTH_MOUNT"

    def ask(self, client: "Client", url: str) -> "Response":
        """The server's answer. Raises :class:`StorePermissionError` for a file that can't be read."""
        secret = self.secret or (_content(self.file, self._file_of, url) if self.file else "")
        if self.method == "Kubernetes":
            return client.auth.kubernetes.login(self.role, secret, use_token=False, mount_point=self.mount)  # type: ignore[no-any-return]
        return client.auth.approle.login(self.role, secret or None, use_token=False, mount_point=self.mount)  # type: ignore[no-any-return]


@dataclass(frozen=True)
class Lease:
    """The token of a login, and from when to when, in monotonic time."""

    token: str = field(repr=False)
    begins: float
    seconds: float

    @classmethod
    def of(cls, token: str, seconds: float) -> "Lease":
        """A token that was given just now; one for 0 seconds has no end."""
        return cls(token, SystemClock().monotonic(), seconds or inf)

    def lives(self, part: float = 1.0) -> bool:
        """Whether this part of its life isn't over."""
        return SystemClock().monotonic() < self.begins + self.seconds * part


_leases: dict[object, Lease] = {}
_locks: dict[object, Lock] = {}


def way_in(environ: Mapping[str, str], url: str) -> GivenToken | Login:
    """What the environment holds, the first of: a token, a token's file, AppRole, Kubernetes, ``~/.vault-token``.

    Raises :class:`StorePermissionError`, which begins with ``url``, for what can't be a token.
    """
    for name in ("VAULT_TOKEN", "BAO_TOKEN"):
        if token := environ.get(name, "").strip():
            return GivenToken(name, _plain(token, name, url))
    if file := variable(environ, "TOKEN_FILE"):
        return GivenToken("the file of VAULT_TOKEN_FILE", _content(file, "VAULT_TOKEN_FILE", url))
    mount = variable(environ, "AUTH_MOUNT").strip("/").removeprefix("auth/")
    if role := variable(environ, "ROLE_ID"):
        secret, file = variable(environ, "SECRET_ID"), variable(environ, "SECRET_ID_FILE")
        settings = f"VAULT_ROLE_ID, {'VAULT_SECRET_ID_FILE' if file and not secret else 'VAULT_SECRET_ID'}"
        return Login("AppRole", mount or "approle", settings, role, file, secret)
    if role := variable(environ, "K8S_ROLE"):
        file = variable(environ, "K8S_TOKEN_FILE") or _SERVICE_ACCOUNT
        return Login("Kubernetes", mount or "kubernetes", "VAULT_K8S_ROLE", role, file)
    home = os.path.expanduser(_HOME_FILE)
    return GivenToken(_HOME_FILE, _content(home, _HOME_FILE, url, empty=True) if os.path.exists(home) else "")


def token_of(login: Login, server: object, log_in: Callable[[], Lease], refused: str | None) -> str:
    """The token of a login, which is made if there is none yet, or if the one there is ``refused``, or ends soon.

    A token that lives is used on where a new login fails. One thread logs in at a time; none waits long for another.
    """
    key = login, server, os.getpid()  # a forked process may have got a lock that nobody will release
    lock = _locks.setdefault(key, Lock())
    alone = lock.acquire(timeout=seconds_per_attempt())
    try:
        lease = _leases.get(key)
        is_good = lease is not None and lease.token != refused
        if lease is None or not is_good or not lease.lives(_USED):
            try:
                _leases[key] = lease = log_in()
            except StoreUnavailableError:
                if lease is None or not is_good or not lease.lives():
                    raise
        return lease.token
    finally:
        if alone:
            lock.release()


def _content(file: str, named: str, url: str, *, empty: bool = False) -> str:
    try:
        content = Path(file).read_text(encoding="utf-8").strip()
    except (OSError, ValueError):
        raise StorePermissionError(
            url,
            f"{_named(file, named)} can't be read; nothing was sent. Check that it is there, and its mode",
        ) from None
    if not content and not empty:
        raise StorePermissionError(
            url, f"{_named(file, named)} is empty; nothing was sent. Run again once it has been filled"
        )
    return _plain(content, _named(file, named), url)


def _named(file: str, named: str) -> str:
    return named if named == _HOME_FILE else f"the file {file} ({named})"


def _plain(token: str, source: str, url: str) -> str:
    """It goes into a header, or into a JSON document as it is."""
    if token and not (token.isascii() and token.isprintable()):
        raise StorePermissionError(
            url, f"{source} holds characters that no token has; nothing was sent. Put the token alone there"
        )
    return token
