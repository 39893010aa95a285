"""Azure Key Vault's secrets over TLS: a fake of our own, written from Azure's REST documentation.

No emulator of Key Vault can be had here, and this one was never compared with the service. It speaks as much as the
official client asks for in our tests: the 401 challenge, versions and their list in pages, tags, soft deletion,
permissions, and a managed identity's token endpoint, so that the default credential chain works in any process. What a
secret does there is in :mod:`tests.servers.key_vault_secrets`, each behaviour with its source.
"""

import json
import socket
import ssl
import tempfile
import time
from collections.abc import Callable, Mapping
from contextlib import suppress
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from threading import RLock, Thread
from typing import Any
from urllib.parse import parse_qs, quote, urlsplit

from tests.servers.certificate import make_certificate
from tests.servers.key_vault_secrets import Json, Refused, Secrets

US, NOBODY = "us", "nobody"
"""Identities: the values of IDENTITY_HEADER. Nobody is known to the vault and may do nothing; what begins with "us" is
one of us."""


@dataclass(frozen=True)
class Request:
    """One request as it came."""

    method: str
    path: str
    identity: str
    """Whose token came with it; empty where none that the vault takes did."""
    body: bytes


@dataclass
class Fault:
    """What goes wrong, the next ``times`` that an authorized request of this method (or any) comes."""

    method: str | None
    times: int = 1
    status: int = 0
    headers: Mapping[str, str] = field(default_factory=dict)
    code: str = "Fault"
    inner: str = ""
    answer_lost: bool = False
    """The effect stays, the connection breaks off without an answer."""
    after_effect: bool = False
    """The effect stays, and the answer is ``status`` all the same."""
    delay: float = 0.0


class KeyVault:
    """One vault on a free port of loopback, with a certificate of its own; in this process, until the block ends."""

    def __init__(self, *, page: int = 25, soft_delete: bool = True) -> None:
        self.secrets = Secrets(page=page, soft_delete=soft_delete)
        self.log: list[Request] = []
        self.faults: list[Fault] = []
        self.forbidden: set[str] = set()
        """Permissions that the vault grants nobody: get, set, list, delete, recover, purge."""
        self.forbidden_by = "ForbiddenByRbac"
        """The inner code with which it says so."""
        self.before: Callable[[Request], None] = lambda request: None
        """Called for each authorized request, before its effect; may raise :class:`Refused`."""
        self.within: Callable[[Request], None] = lambda request: None
        """Called while a write is under way, so that another one overlaps it."""
        self.takes_no_token = False
        self.gives_no_token = False
        self._lock = RLock()

    def __enter__(self) -> "KeyVault":
        self._folder = tempfile.TemporaryDirectory()
        self._ca, key = make_certificate(Path(self._folder.name))
        self._vault = _Server(self, _VaultHandler)
        context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
        context.load_cert_chain(self._ca, key)
        # The handshake is the handler's thread's, so that a silent client holds nobody up.
        self._vault.socket = context.wrap_socket(self._vault.socket, server_side=True, do_handshake_on_connect=False)
        self._identity = _Server(self, _IdentityHandler)
        self.secrets.vault = f"https://{self.vault_host}"
        self._vault.start()
        self._identity.start()
        return self

    def __exit__(self, *exc: object) -> None:
        self._vault.stop()
        self._identity.stop()
        self._folder.cleanup()

    @property
    def vault_host(self) -> str:
        return f"127.0.0.1:{self._vault.server_port}"

    @property
    def environment(self) -> dict[str, str]:
        """With it the default credential chain finds its token here, at once, and the client trusts the certificate."""
        return {
            "IDENTITY_ENDPOINT": f"http://127.0.0.1:{self._identity.server_port}/token",
            "IDENTITY_HEADER": US,
            "AZURE_TOKEN_CREDENTIALS": "ManagedIdentityCredential",
            "REQUESTS_CA_BUNDLE": str(self._ca),
        }

    def url(self, name: str, **settings: str) -> str:
        query = "&".join(f"{key}={quote(value)}" for key, value in settings.items())
        return f"azurekeyvault://{self.vault_host}/{name}" + (f"?{query}" if query else "")

    def fail(self, method: str | None, **fault: Any) -> None:
        self.faults.append(Fault(method, **fault))

    # What somebody else does by means of their own.

    def put(self, name: str, text: str, tags: Mapping[str, str] | None = None) -> str:
        """A version set by another tool, or by a run that was killed thereafter. Returns its id."""
        with self._lock:
            return str(self.secrets.put(name, {"value": text, "tags": dict(tags or {})})["id"]).rpartition("/")[2]

    def change(self, name: str, *, tags: Mapping[str, str] | None = None, enabled: bool = True) -> None:
        """The newest version's tags or whether it is enabled."""
        with self._lock:
            newest = self.secrets.held(name)[-1]
            newest["attributes"]["enabled"] = enabled
            if tags is not None:
                newest["tags"] = dict(tags)

    def versions(self, name: str) -> list[Json]:
        """Oldest first."""
        with self._lock:
            return [dict(version) for version in self.secrets.held(name)]

    def text(self, name: str) -> str | None:
        versions = self.versions(name)
        return str(versions[-1]["value"]) if versions else None

    def is_deleted(self, name: str) -> bool:
        return self.secrets.is_deleted(name)

    def delete(self, name: str) -> None:
        with self._lock:
            self.secrets.delete(name)

    def purge(self, name: str) -> None:
        """Gone for good, also what is soft-deleted."""
        with self._lock:
            self.secrets.purge(name)

    # The operations.

    def answered(self, request: Request, query: Mapping[str, list[str]]) -> Json:
        """The body of a success, as JSON makes it. Raises :class:`Refused`."""
        if "api-version" not in query:
            raise Refused(400, "BadParameter", said="api-version must be specified")
        body = json.loads(request.body or b"{}")
        match (request.method, *request.path.strip("/").split("/")):
            case ("PUT", "secrets", name):
                return self._write("set", request, name, lambda: self.secrets.put(name, body))
            case ("PATCH", "secrets", name, *version):
                return self._write("set", request, name, lambda: self.secrets.patch(name, body, *version))
            case ("DELETE", "secrets", name):
                return self._write("delete", request, name, lambda: self.secrets.delete(name))
            case ("POST", "deletedsecrets", name, "recover"):
                return self._write("recover", request, name, lambda: self.secrets.recover(name))
            case ("GET", "secrets", name, "versions"):
                return self._read("list", lambda: self.secrets.page_of(name, query))
            case ("GET", "secrets", name, *version):
                return self._read("get", lambda: self.secrets.get(name, *version))
            case ("GET", "deletedsecrets", name):
                return self._read("get", lambda: self.secrets.get_deleted(name))
        raise Refused(404, "NotFound")

    def _read(self, permission: str, read: Callable[[], Json]) -> Json:
        self._check(permission)
        with self._lock:
            return _copied(read())

    def _write(self, permission: str, request: Request, name: str, write: Callable[[], Json]) -> Json:
        """Two requests take part in it where they overlap: between its begin and its end others are let through."""
        self._check(permission)
        with self._lock:
            ended = self.secrets.begin(name)
        try:
            self.within(request)
            with self._lock:
                self.secrets.refuse_if_another_ended(name, ended)
                return _copied(write())
        finally:
            with self._lock:
                self.secrets.end(name)

    def _check(self, permission: str) -> None:
        if permission in self.forbidden:
            raise Refused(403, "Forbidden", self.forbidden_by)

    def fault_for(self, method: str) -> Fault | None:
        """The fault that is due now, counted down."""
        with self._lock:
            for fault in self.faults:
                if fault.times > 0 and fault.method in (None, method):
                    fault.times -= 1
                    return fault
        return None


class _Server(ThreadingHTTPServer):
    daemon_threads = False  # so that closing waits for them
    request_queue_size = 64

    def __init__(self, vault: KeyVault, handler: type["_Handler"]) -> None:
        super().__init__(("127.0.0.1", 0), handler)
        self.vault = vault
        self._open: set[Any] = set()
        self._thread = Thread(target=self.serve_forever, kwargs={"poll_interval": 0.05}, daemon=True)

    def start(self) -> None:
        self._thread.start()

    def stop(self) -> None:
        """Also breaks off the connections that clients keep open."""
        self.shutdown()
        self._thread.join()
        for connection in list(self._open):
            with suppress(OSError):
                connection.shutdown(socket.SHUT_RDWR)
        self.server_close()

    def process_request(self, request: Any, client_address: Any) -> None:
        self._open.add(request)
        super().process_request(request, client_address)

    def shutdown_request(self, request: Any) -> None:
        self._open.discard(request)
        super().shutdown_request(request)

    def handle_error(self, request: object, client_address: object) -> None:
        """A client that breaks off, or doesn't trust the certificate, is no news."""


class _Handler(BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"
    disable_nagle_algorithm = True
    server: _Server

    def log_message(self, format: str, *args: object) -> None:  # noqa: A002  # the standard library's name
        """Silent."""

    def reply(self, status: int, body: Json, headers: Mapping[str, str] | None = None) -> None:
        text = json.dumps(body).encode()
        self.send_response(status)
        for name, value in {"Content-Type": "application/json", **(headers or {})}.items():
            self.send_header(name, value)
        self.send_header("Content-Length", str(len(text)))
        self.end_headers()
        self.wfile.write(text)


class _IdentityHandler(_Handler):
    """A managed identity's token, as App Service hands it out."""

    def do_GET(self) -> None:
        if self.server.vault.gives_no_token:
            self.reply(400, {"statusCode": 400, "message": "no identity"})
            return
        resource = parse_qs(urlsplit(self.path).query)["resource"][0]
        later = int((datetime.now(UTC) + timedelta(hours=1)).timestamp())
        token = f"token-of-{self.headers['X-IDENTITY-HEADER']}"
        self.reply(200, {"access_token": token, "expires_on": str(later), "resource": resource, "token_type": "Bearer"})


class _VaultHandler(_Handler):
    def _handle(self) -> None:
        body = self.rfile.read(int(self.headers.get("Content-Length") or 0))
        url, vault = urlsplit(self.path), self.server.vault
        identity = (self.headers.get("Authorization") or "").removeprefix("Bearer token-of-")
        is_known = identity.startswith((US, NOBODY)) and not vault.takes_no_token
        request = Request(self.command, url.path, identity if is_known else "", body)
        vault.log.append(request)
        if not is_known:
            challenge = 'Bearer authorization="https://login.invalid/tenant", resource="https://vault.azure.net"'
            self.reply(401, Refused(401, "Unauthorized").body, {"WWW-Authenticate": challenge})
            return
        fault = vault.fault_for(request.method)
        try:
            vault.before(request)
            if identity == NOBODY:
                raise Refused(403, "Forbidden", "ForbiddenByRbac")
            if fault and fault.delay:
                time.sleep(fault.delay)
            if fault and fault.status and not fault.after_effect:
                raise Refused(fault.status, fault.code, fault.inner)
            answer = vault.answered(request, parse_qs(url.query))
            if fault and fault.status:
                raise Refused(fault.status, fault.code, fault.inner)
        except Refused as refused:
            self.reply(refused.status, refused.body, fault.headers if fault else None)
            return
        if fault and fault.answer_lost:
            self.close_connection = True
            return
        self.reply(200, answer)

    def do_GET(self) -> None:
        self._handle()

    def do_PUT(self) -> None:
        self._handle()

    def do_PATCH(self) -> None:
        self._handle()

    def do_POST(self) -> None:
        self._handle()

    def do_DELETE(self) -> None:
        self._handle()


def _copied(answer: Json) -> Json:
    """As it is now, whatever becomes of the secret."""
    return json.loads(json.dumps(answer))  # type: ignore[no-any-return]
