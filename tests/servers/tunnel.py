"""A forward proxy on loopback, as a company has one: it opens tunnels (CONNECT) for https, and notes to where.

What comes by plain http it could read: it is noted by its URL, and goes no further.
"""

import http.server
import socket
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from threading import Thread

VARIABLES = ("HTTP_PROXY", "HTTPS_PROXY", "ALL_PROXY", "NO_PROXY")


class Tunnels(http.server.ThreadingHTTPServer):
    """``to``: the port to which a tunnel to a host really goes, since the names of tests lead nowhere."""

    daemon_threads = True

    def __init__(self, to: Mapping[str, int]) -> None:
        super().__init__(("127.0.0.1", 0), _Tunnel)
        self.asked: list[str] = []
        self.to = to

    @property
    def url(self) -> str:
        """``http://127.0.0.1:PORT``."""
        return f"http://127.0.0.1:{self.server_port}"


class _Tunnel(http.server.BaseHTTPRequestHandler):
    server: Tunnels

    def do_CONNECT(self) -> None:
        self.server.asked.append(self.path)
        host, _, port = self.path.rpartition(":")
        try:
            if host not in self.server.to and host != "127.0.0.1":
                raise OSError
            far = socket.create_connection(("127.0.0.1", self.server.to.get(host, int(port))), timeout=30)
        except OSError:
            self.send_error(502)
            return
        self.send_response(200)
        self.end_headers()
        back = Thread(target=_pump, args=(far, self.connection), daemon=True)
        back.start()
        _pump(self.connection, far)
        back.join()
        far.close()
        self.close_connection = True

    def do_POST(self) -> None:
        self.server.asked.append(self.path)
        self.send_error(502)

    do_GET = do_PUT = do_POST  # noqa: N815 (the names that http.server calls)

    def log_message(self, format: str, *args: object) -> None:  # noqa: A002 (its name in http.server)
        """Nothing."""


def _pump(source: socket.socket, sink: socket.socket) -> None:
    try:
        while data := source.recv(65536):
            sink.sendall(data)
        sink.shutdown(socket.SHUT_WR)
    except OSError:
        return


@contextmanager
def tunnels(to: Mapping[str, int] | None = None) -> Iterator[Tunnels]:
    """The proxy, as long as the context is open."""
    with Tunnels(to or {}) as proxy:
        thread = Thread(target=proxy.serve_forever, args=(0.02,))
        thread.start()
        try:
            yield proxy
        finally:
            proxy.shutdown()
            thread.join()
