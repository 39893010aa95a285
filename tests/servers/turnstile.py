"""A turnstile before a server: an HTTP proxy on loopback that can hold one request, before or after it has its effect.

So a test stops a process at a chosen point, kills it there, and lets the held request through when it likes, also
after its sender is gone. A hold that a test leaves for too long fails the test: it never lets go by itself.

It keeps the connections of who asks, as servers do. TLS it speaks to nobody.
"""

import http.client
import socket
from contextlib import closing, suppress
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from threading import Event, Lock, Thread
from types import TracebackType
from typing import Literal
from urllib.parse import urlsplit

_SECONDS = 120
_LONGEST_HOLD = 600.0
_OF_THE_CONNECTION = {"connection", "keep-alive", "transfer-encoding", "content-length"}

Point = Literal["before", "after", "midway"]
"""Before the effect, after it, or when half of the answer's body is through."""


@dataclass
class Hold:
    """The ``nth`` request with this method, whose path or AWS action holds ``part``, stops at ``point``."""

    method: str
    part: str
    point: Point
    nth: int
    longest: float = _LONGEST_HOLD
    _reached: Event = field(default_factory=Event)
    _released: Event = field(default_factory=Event)
    _done: Event = field(default_factory=Event)
    _dropped: bool = False
    _outlasted: bool = False

    def wait(self) -> None:
        """Until the request is held."""
        assert self._reached.wait(_SECONDS), f"no {self.method} {self.part} came"

    def release(self) -> None:
        """Lets it go on, and waits until the server has answered it."""
        self._released.set()
        if self._reached.is_set():
            assert self._done.wait(_SECONDS)
        self.check()

    def drop(self) -> None:
        """It never goes on: no effect if it was held before it, half an answer if it was held midway."""
        self._dropped = True
        self.release()

    def check(self) -> None:
        """Fails the test where the request was not held for as long as the test went on."""
        assert not self._outlasted, f"{self.method} {self.part} was held for {self.longest:g} s, and then no more"

    def stop(self, point: Point) -> bool:
        """For the proxy: holds the request if this is the point. False if it was dropped."""
        if point == self.point:
            self._reached.set()
            if not self._released.wait(self.longest):
                self._outlasted = self._dropped = True
        return not self._dropped

    def finish(self) -> None:
        """For the proxy: the request is through."""
        self._done.set()


class Turnstile:
    """The proxy while the context is open."""

    def __init__(self, target: str) -> None:
        self.target = urlsplit(target).netloc
        self._holds: list[Hold] = []
        self._connections: set[socket.socket] = set()
        self._is_over = False
        self._lock = Lock()

    def __enter__(self) -> "Turnstile":
        self._server = ThreadingHTTPServer(("127.0.0.1", 0), _handler(self))
        self._server.daemon_threads = False  # so that closing it waits for them
        self._thread = Thread(target=self._server.serve_forever, daemon=True)
        self._thread.start()
        return self

    def __exit__(
        self, _kind: type[BaseException] | None, error: BaseException | None, _trace: TracebackType | None
    ) -> None:
        self._server.shutdown()
        for hold in self._holds:
            hold._dropped = True
            hold._released.set()
        with self._lock:
            self._is_over = True
            for connection in self._connections:
                _hang_up(connection)
        self._server.server_close()
        self._thread.join()
        if error is None:
            for hold in self._holds:
                hold.check()

    @property
    def port(self) -> int:
        """Where it listens."""
        return self._server.server_port

    @property
    def url(self) -> str:
        """``http://127.0.0.1:PORT``."""
        return f"http://127.0.0.1:{self.port}"

    def hold(self, method: str, part: str, point: Point, nth: int = 1, longest: float = _LONGEST_HOLD) -> Hold:
        """Holds one of the requests from now on, for ``longest`` seconds at most; then the test has failed."""
        hold = Hold(method, part, point, nth, longest)
        with self._lock:
            self._holds.append(hold)
        return hold

    def connected(self, connection: socket.socket) -> None:
        """For the proxy: somebody is connected, and may wait for long before the next request."""
        with self._lock:
            self._connections.add(connection)
            if self._is_over:
                _hang_up(connection)

    def disconnected(self, connection: socket.socket) -> None:
        """For the proxy: and no more."""
        with self._lock:
            self._connections.discard(connection)

    def holding(self, method: str, asked: str) -> Hold | None:
        """The hold that is for this request."""
        with self._lock:
            for hold in self._holds:
                if hold.method == method and hold.part in asked and hold.nth > 0:
                    hold.nth -= 1
                    if hold.nth == 0:
                        return hold
        return None


def _hang_up(connection: socket.socket) -> None:
    with suppress(OSError):  # the other side may have done so
        connection.shutdown(socket.SHUT_RDWR)


def _handler(turnstile: Turnstile) -> type[BaseHTTPRequestHandler]:
    class Handler(BaseHTTPRequestHandler):
        timeout = _SECONDS  # who connects and asks nothing is not waited for
        protocol_version = "HTTP/1.1"

        def setup(self) -> None:
            super().setup()
            turnstile.connected(self.connection)

        def finish(self) -> None:
            turnstile.disconnected(self.connection)
            super().finish()

        def pass_on(self) -> None:
            body = self.rfile.read(int(self.headers.get("Content-Length") or 0))
            hold = turnstile.holding(self.command, f"{self.path} {self.headers.get('X-Amz-Target', '')}")
            self.close_connection, is_kept = True, not self.close_connection
            try:
                with suppress(OSError, http.client.HTTPException):  # whoever asked may be gone, and the server
                    if self.is_through(hold, body):
                        self.close_connection = not is_kept
            finally:
                if hold:
                    hold.finish()

        def is_through(self, hold: Hold | None, body: bytes) -> bool:
            """False where it was dropped."""
            if hold and not hold.stop("before"):
                return False
            status, headers, content = self.ask(body)
            if hold and not hold.stop("after"):
                return False
            self.send_response_only(status)
            for name, value in headers:
                self.send_header(name, value)
            self.send_header("Content-Length", str(len(content)))
            self.end_headers()
            half = len(content) // 2
            self.wfile.write(content[:half])
            if hold and not hold.stop("midway"):
                return False
            self.wfile.write(content[half:])
            return True

        def ask(self, body: bytes) -> tuple[int, list[tuple[str, str]], bytes]:
            with closing(http.client.HTTPConnection(turnstile.target, timeout=_SECONDS)) as connection:
                # Host, too, as it came: AWS signs it
                connection.putrequest(self.command, self.path, skip_host=True, skip_accept_encoding=True)
                for name, value in self.headers.items():
                    if name.lower() != "connection":
                        connection.putheader(name, value)
                connection.endheaders(body)
                answer = connection.getresponse()
                kept = [pair for pair in answer.getheaders() if pair[0].lower() not in _OF_THE_CONNECTION]
                return answer.status, kept, answer.read()

        do_GET = do_POST = do_PUT = do_DELETE = do_PATCH = pass_on  # noqa: N815

        def log_message(self, *_: object) -> None:
            pass

    return Handler
