"""A proxy before Vault, for faults that a healthy server doesn't show, and a server with one answer to everything."""

import http.server
import json
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from threading import Thread
from typing import Any

import requests

from tests.contract.stores.vault_place import VaultPlace
from whatsapp_flow_keys.stores.vault.store import VaultStore


@dataclass(frozen=True)
class First:
    """What somebody else does just before a call reaches the server."""

    act: Callable[[], object]


class Between(http.server.ThreadingHTTPServer):
    """A proxy before the server that does what a bad network or a bad server does, once for each entry of ``plan``.

    ``"drop"``: the call is made and its answer lost; a function: that, and then it runs, before the retry; a number:
    that status, and no call; bytes: that body with status 200, and no call; None: nothing out of the ordinary.
    """

    daemon_threads = True

    def __init__(self, server: str) -> None:
        super().__init__(("127.0.0.1", 0), Handler)
        self.server = server
        self.plan: list[int | bytes | str | First | Callable[[], object] | None] = []
        self.headers: dict[str, str] = {}
        self.seen: list[tuple[str, str, str | None]] = []
        self.callers: set[object] = set()

    def handle_error(self, request: object, client_address: object) -> None:
        """Hanging up is what it is for."""


class Handler(http.server.BaseHTTPRequestHandler):
    """Passes a call on, or does what the plan says."""

    server: Between

    def _any(self) -> None:
        body = self.rfile.read(int(self.headers.get("Content-Length") or 0))
        self.server.callers.add(self.client_address)
        self.server.seen.append((self.command, self.path, self.headers.get("X-Vault-Token")))
        step = self.server.plan.pop(0) if self.server.plan else None
        if isinstance(step, int | bytes):
            self._answer(step if isinstance(step, int) else 200, step if isinstance(step, bytes) else b"")
            return
        if isinstance(step, First):
            step.act()
        with requests.Session() as session:
            session.trust_env = False
            headers = {name: value for name, value in self.headers.items() if name.startswith(("X-Vault", "Content"))}
            made = session.request(self.command, self.server.server + self.path, data=body, headers=headers)
        if callable(step):
            step()
        if step is None or isinstance(step, First):
            self._answer(made.status_code, made.content, made.headers["Content-Type"])
        else:
            self.close_connection = True

    do_GET = do_POST = do_DELETE = _any  # noqa: N815 (the names that http.server calls)

    def _answer(self, status: int, body: bytes, kind: str = "text/html") -> None:
        self.send_response(status)
        for name, value in {"Content-Type": kind, "Content-Length": str(len(body)), **self.server.headers}.items():
            self.send_header(name, value)
        self.end_headers()
        self.wfile.write(body)

    def log_message(self, format: str, *args: object) -> None:  # noqa: A002 (its name in http.server)
        """Nothing."""


@contextmanager
def before(address: str) -> Iterator[Between]:
    """The proxy, as long as the context is open."""
    with Between(address) as server:
        thread = Thread(target=server.serve_forever, args=(0.02,))
        thread.start()
        try:
            yield server
        finally:
            server.shutdown()
            thread.join()


def behind(between: Between, place: VaultPlace) -> VaultStore:
    """The store that asks through the proxy."""
    return VaultStore(f"hashivault://127.0.0.1:{between.server_port}/{place.path}?tls=off")


@contextmanager
def answering(status: int, body: dict[str, Any]) -> Iterator[Between]:
    """A server with one answer to everything."""
    answer = json.dumps(body).encode()

    class Answer(Handler):
        def _any(self) -> None:
            self.server.seen.append((self.command, self.path, None))
            self._answer(status, answer, "application/json")

        do_GET = do_POST = do_DELETE = _any  # noqa: N815 (the names that http.server calls)

    with before("") as server:
        server.RequestHandlerClass = Answer
        yield server
