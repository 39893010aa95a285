"""Google Secret Manager over gRPC: a fake of our own on the official client's message types.

No emulator can be had that checks etags or states, and this one was never compared with the service. What it does is
what Google's documentation says, or what people quote of the service's answers in public reports:

- Versions are numbered from 1 on, one by one. (API reference, SecretVersion.)
- A version can be accessed at once by its number; ``latest`` lags behind for as many looks as ``lag`` says. ("Resource
  consistency".)
- ``latest`` is the version that was added last, whatever its state; a disabled or destroyed one is FAILED_PRECONDITION,
  "Secret Version [...] is in DISABLED state." (Quoted in reports.)
- An etag changes with each change of the secret's settings, and not when a version is added; a stale one is
  FAILED_PRECONDITION. ("Use entity tags for optimistic concurrency control".)
- A payload has 1 to 65,536 bytes, and its CRC32C is checked when it is sent. ("Quotas and limits", "Data integrity".)
- A deletion is at once and for good. ("Delete a secret".)
- Who may not is told PERMISSION_DENIED, "Permission '...' denied for resource '...' (or it may not exist)."
"""

from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from dataclasses import dataclass, field
from itertools import count
from pathlib import Path
from threading import RLock
from typing import Any

import google_crc32c
import grpc
from google.cloud.secretmanager_v1 import types
from google.protobuf import empty_pb2

PROJECT, PROJECT_NUMBER = "my-project", "123456789012"
_SERVICE = "google.cloud.secretmanager.v1.SecretManagerService"
_LARGEST = 65_536
_ENABLED = "ENABLED"


@dataclass
class Version:
    """One version."""

    data: bytes
    state: str = _ENABLED
    checksum: int | None = None
    """In place of the right one."""


@dataclass
class Secret:
    """One secret with its versions, the first one first."""

    described: Any
    versions: list[Version] = field(default_factory=list)
    lagging: int = 0
    """So many more looks at ``latest`` see the version number ``seen``."""
    seen: int = 0


@dataclass
class Fault:
    """What goes wrong, the next time that ``method`` is called."""

    method: str
    status: str = "UNAVAILABLE"
    words: str = "try again"
    answer_lost: bool = False
    """The effect stays."""


class SecretManager:
    """One project, in this process, until the block ends."""

    def __init__(self) -> None:
        self.secrets: dict[str, Secret] = {}
        self.calls: list[str] = []
        self.tokens: list[str] = []
        """The ``authorization`` of each call that had one."""
        self.faults: list[Fault] = []
        self.lag = 0
        """How many looks at ``latest`` don't see a new version."""
        self.former: dict[str, Secret] = {}
        """A secret that was deleted, whose last version ``latest`` goes on to show."""
        self.before: Callable[[str, Any], None] = lambda _method, _request: None
        """Called before the effect of each call that is permitted."""
        self._lock, self._etags = RLock(), count(1)

    def __enter__(self) -> "SecretManager":
        self._owners = self.serving()
        self.port = self._owners.__enter__()
        return self

    def __exit__(self, *raised: Any) -> None:
        self._owners.__exit__(*raised)

    @contextmanager
    def serving(self, *permissions: str, certificate: tuple[Path, Path] | None = None) -> Iterator[int]:
        """A port for somebody with these permissions only, as in ``versions.access``; with none, for the owner.

        ``certificate``: the files of one and of its key, with which it speaks TLS.
        """
        server = grpc.server(ThreadPoolExecutor(8))
        server.add_generic_rpc_handlers((self._handlers(permissions),))
        if certificate:
            pem, key = (path.read_bytes() for path in certificate)
            port = server.add_secure_port("127.0.0.1:0", grpc.ssl_server_credentials([(key, pem)]))
        else:
            port = server.add_insecure_port("127.0.0.1:0")
        server.start()
        try:
            yield port
        finally:
            server.stop(None).wait()

    def put(self, name: str, data: bytes) -> None:
        """What somebody else adds, as by `gcloud secrets versions add`; makes the secret where there is none."""
        with self._lock:
            secret = self.secrets.get(name) or self._made(name, types.Secret(replication={"automatic": {}}))
            self._added(secret, data)

    def make_empty(self, name: str) -> None:
        """A secret without versions."""
        self._made(name, types.Secret(replication={"automatic": {}}))

    def newest(self, name: str) -> bytes | None:
        """What its last version holds; None where there is none."""
        secret = self.secrets.get(name)
        return secret.versions[-1].data if secret and secret.versions else None

    def delete(self, name: str) -> None:
        """As somebody else does."""
        self.secrets.pop(name, None)

    def _handlers(self, permissions: tuple[str, ...]) -> Any:
        methods: dict[str, tuple[str, Callable[[Any], Any], Any, Any]] = {
            "CreateSecret": ("secrets.create", self._create, types.CreateSecretRequest, types.Secret),
            "GetSecret": ("secrets.get", self._get, types.GetSecretRequest, types.Secret),
            "UpdateSecret": ("secrets.update", self._update, types.UpdateSecretRequest, types.Secret),
            "DeleteSecret": ("secrets.delete", self._delete, types.DeleteSecretRequest, None),
            "AddSecretVersion": ("versions.add", self._add, types.AddSecretVersionRequest, types.SecretVersion),
            "AccessSecretVersion": (
                "versions.access",
                self._access,
                types.AccessSecretVersionRequest,
                types.AccessSecretVersionResponse,
            ),
        }
        return grpc.method_handlers_generic_handler(
            _SERVICE,
            {
                method: grpc.unary_unary_rpc_method_handler(
                    self._answering(method, permission, effect, permissions),
                    request_deserializer=request.deserialize,
                    response_serializer=answer.serialize if answer else empty_pb2.Empty.SerializeToString,
                )
                for method, (permission, effect, request, answer) in methods.items()
            },
        )

    def _answering(
        self, method: str, permission: str, effect: Callable[[Any], Any], permissions: tuple[str, ...]
    ) -> Callable[[Any, Any], Any]:
        def answer(request: Any, context: Any) -> Any:
            name = getattr(request, "name", "") or getattr(request, "parent", "") or request.secret.name
            if permissions and permission not in permissions:
                denied = f"Permission 'secretmanager.{permission}' denied for resource '{name}' (or it may not exist)."
                context.abort(grpc.StatusCode.PERMISSION_DENIED, denied)
            with self._lock:
                self.calls.append(method)
                self.tokens += [value for name, value in context.invocation_metadata() if name == "authorization"]
                fault = next((each for each in self.faults if each.method == method), None)
                if fault is not None:
                    self.faults.remove(fault)
            if fault is not None and not fault.answer_lost:
                context.abort(grpc.StatusCode[fault.status], fault.words)
            self.before(method, request)
            try:
                with self._lock:
                    answered = effect(request)
            except _Refused as refused:
                context.abort(grpc.StatusCode[refused.status], refused.words)
            if fault is not None:
                context.abort(grpc.StatusCode[fault.status], fault.words)
            return answered

        return answer

    def _create(self, request: Any) -> Any:
        if request.secret_id in self.secrets:
            raise _Refused("ALREADY_EXISTS", f"Secret [{_named(request.secret_id)}] already exists.")
        return self._made(request.secret_id, request.secret).described

    def _made(self, name: str, described: Any) -> Secret:
        described.name, described.etag = _named(name), self._etag()
        self.secrets[name] = Secret(described)
        return self.secrets[name]

    def _get(self, request: Any) -> Any:
        return self._secret(request.name).described

    def _update(self, request: Any) -> Any:
        secret = self._secret(request.secret.name)
        described = secret.described
        _check_etag(request.secret.etag, secret)
        for path in request.update_mask.paths:
            setattr(described, path, getattr(request.secret, path))
        described.etag = self._etag()
        return described

    def _delete(self, request: Any) -> Any:
        _check_etag(request.etag, self._secret(request.name))
        del self.secrets[_name_in(request.name)]
        return empty_pb2.Empty()

    def _add(self, request: Any) -> Any:
        secret, payload = self._secret(request.parent), request.payload
        if not payload.data or len(payload.data) > _LARGEST:
            raise _Refused("INVALID_ARGUMENT", f"The secret payload must have 1 to {_LARGEST} bytes.")
        if payload.data_crc32c and payload.data_crc32c != google_crc32c.value(payload.data):
            raise _Refused("INVALID_ARGUMENT", "The checksum is not that of the data.")
        return types.SecretVersion(name=self._added(secret, payload.data))

    def _added(self, secret: Secret, data: bytes) -> str:
        secret.versions.append(Version(data))
        secret.lagging = self.lag
        secret.seen = secret.seen if self.lag else len(secret.versions)
        return f"{secret.described.name}/versions/{len(secret.versions)}"

    def _access(self, request: Any) -> Any:
        secret, asked = self._secret(request.name), request.name.rpartition("/")[2]
        if asked == "latest":
            secret = self.former.get(_name_in(request.name), secret)
        number = _latest(secret) if asked == "latest" else int(asked)
        if not 0 < number <= len(secret.versions) or secret.versions[number - 1].state == "MISSING":
            raise _Refused("NOT_FOUND", f"Secret Version [{secret.described.name}/versions/{asked}] not found.")
        name, found = f"{secret.described.name}/versions/{number}", secret.versions[number - 1]
        if found.state != _ENABLED:
            raise _Refused("FAILED_PRECONDITION", f"Secret Version [{name}] is in {found.state} state.")
        checksum = google_crc32c.value(found.data) if found.checksum is None else found.checksum
        payload = types.SecretPayload(data=found.data, data_crc32c=checksum)
        return types.AccessSecretVersionResponse(name=name, payload=payload)

    def _secret(self, name: str) -> Secret:
        found = self.secrets.get(_name_in(name))
        if found is None or name.split("/")[1] not in (PROJECT, PROJECT_NUMBER):
            raise _Refused("NOT_FOUND", f"Secret [{name}] not found or has no versions.")
        return found

    def _etag(self) -> str:
        return f'"{next(self._etags):016x}"'


def _check_etag(etag: str, secret: Secret) -> None:
    if etag and etag != secret.described.etag:
        raise _Refused("FAILED_PRECONDITION", "The etag of the request is not the one of the stored resource.")


def _latest(secret: Secret) -> int:
    if not secret.lagging:
        secret.seen = len(secret.versions)
    secret.lagging = max(0, secret.lagging - 1)
    return secret.seen


class _Refused(Exception):
    def __init__(self, status: str, words: str) -> None:
        super().__init__(words)
        self.status, self.words = status, words


def _named(name: str) -> str:
    return f"projects/{PROJECT_NUMBER}/secrets/{name}"


def _name_in(name: str) -> str:
    return name.split("/")[3]
