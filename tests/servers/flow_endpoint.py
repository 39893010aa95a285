"""A Flow endpoint over real HTTP or HTTPS on loopback: it decrypts, answers pings, and can be told to fail."""

import hashlib
import hmac
import json
import ssl
import threading
from collections.abc import Callable, Iterable, Sequence
from contextlib import suppress
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from types import TracebackType

from tests.servers.certificate import make_certificate
from whatsapp_flow_keys.custody.decryption_key import DecryptionKey
from whatsapp_flow_keys.errors import FlowMessageError
from whatsapp_flow_keys.flow_protocol.message import decrypt_request

Reply = tuple[int, bytes]
HANGS_UP = 0
"""A status that stands for none: the connection closes."""


@dataclass
class FlowEndpoint:
    """Answers with the private keys that ``keys`` gives at each request.

    ``reply`` stands in for the whole endpoint, given the body. ``app_secret``: requests must be signed with it.
    ``raw`` is sent instead of any answer, as it is, a piece every 10 ms, until the other side hangs up.
    ``tls`` is a folder for a certificate, which nobody trusts who was not told to.
    """

    keys: Callable[[], Sequence[DecryptionKey]] = list
    app_secret: str | None = None
    reply: Callable[[bytes], Reply] | None = None
    raw: Iterable[bytes] = ()
    tls: Path | None = None
    requests: list[dict[str, str]] = field(default_factory=list)
    released: threading.Event = field(default_factory=threading.Event)

    def __enter__(self) -> "FlowEndpoint":
        self._server = _Server(("127.0.0.1", 0), _handler(self))
        if self.tls:
            context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
            self.certificate, key = make_certificate(self.tls)
            context.load_cert_chain(self.certificate, key)
            self._server.socket = context.wrap_socket(self._server.socket, server_side=True)
        self._thread = threading.Thread(target=self._server.serve_forever, args=(0.02,), daemon=True)
        self._thread.start()
        return self

    def __exit__(
        self, _kind: type[BaseException] | None, _error: BaseException | None, _trace: TracebackType | None
    ) -> None:
        self.released.set()
        self._server.shutdown()
        self._server.server_close()
        self._thread.join()

    @property
    def url(self) -> str:
        return f"{'https' if self.tls else 'http'}://127.0.0.1:{self._server.server_port}/flows?token=in-the-query"

    def answer(self, headers: dict[str, str], body: bytes) -> Reply:
        self.requests.append(headers)
        if self.reply is not None:
            return self.reply(body)
        if self.app_secret is not None:
            signed = "sha256=" + hmac.new(self.app_secret.encode(), body, hashlib.sha256).hexdigest()
            if not hmac.compare_digest(signed, headers.get("X-Hub-Signature-256", "")):
                return 432, b""
        try:
            request, session = decrypt_request(self.keys(), json.loads(body))
        except FlowMessageError:
            return 421, b""
        assert request == {"version": "3.0", "action": "ping"}
        return 200, session.encrypt_answer({"data": {"status": "active"}}).encode()


class _Server(ThreadingHTTPServer):
    daemon_threads = True
    request_queue_size = 128  # of the five that it would be, a burst of requests has the sixth reset


def _handler(endpoint: FlowEndpoint) -> type[BaseHTTPRequestHandler]:
    class Handler(BaseHTTPRequestHandler):
        def do_POST(self) -> None:
            body = self.rfile.read(int(self.headers["Content-Length"]))
            with suppress(OSError):  # whoever asked may have had enough
                if endpoint.raw:
                    self.send_raw()
                else:
                    self.send_answer(*endpoint.answer(dict(self.headers), body))

        def send_raw(self) -> None:
            for piece in endpoint.raw:
                self.wfile.write(piece)
                if endpoint.released.wait(0.01):
                    return

        def send_answer(self, status: int, content: bytes) -> None:
            if status == HANGS_UP:
                return
            self.send_response(status)
            if 300 <= status < 400:
                self.send_header("Location", "/elsewhere")
            self.send_header("Content-Length", str(len(content)))
            self.end_headers()
            self.wfile.write(content)

        def log_message(self, *_: object) -> None:
            pass

    return Handler
