"""One POST whose whole duration has a limit: the name, the connection, TLS, the request, every byte of the answer.

The time-outs of requests are for one operation of a socket each, and an answer that drips never meets them.
"""

import socket
import threading
from concurrent.futures import Future
from concurrent.futures import TimeoutError as WaitedTooLong  # the built-in one only since Python 3.11
from contextlib import suppress
from dataclasses import dataclass
from typing import Any
from urllib.parse import urlsplit

import requests
from requests.adapters import HTTPAdapter

_CONNECT_TIMEOUT = 5.0  # for each address of the host, and again for TLS and a proxy's tunnel
_CHUNK = 4096


@dataclass(frozen=True)
class Answer:
    """The status, and the body as far as it was read."""

    status: int
    content: bytes


def post(url: str, body: bytes, headers: dict[str, str], *, seconds: float, largest: int) -> Answer:
    """The answer, its body cut soon after ``largest`` bytes. Follows no redirect.

    Raises :class:`TimeoutError` after ``seconds``, :class:`requests.Timeout` where connecting alone took too long, and
    else what requests and urllib3 raise. What is given up ends at once if it is connected; if not, when the name is
    looked up and each address was tried.
    """
    sockets = _Sockets()
    answer: Future[Answer] = Future()

    def exchange() -> None:
        try:
            answer.set_result(_post(url, body, headers, largest, sockets))
        except BaseException as error:  # noqa: BLE001 (it is raised where the answer is waited for)
            answer.set_exception(error)

    threading.Thread(target=exchange, daemon=True).start()
    try:
        return answer.result(seconds)
    except WaitedTooLong:
        raise TimeoutError from None
    finally:
        sockets.cut()


class _Sockets:
    """A second handle on each socket of an exchange, by which another thread ends it.

    It is the only one that lasts: TLS takes the socket away from the connection, and the answer does so later.
    """

    def __init__(self) -> None:
        self._handles: list[socket.socket] = []
        self._lock = threading.Lock()
        self._is_cut = False

    def watch(self, connected: socket.socket) -> socket.socket:
        """The socket itself. Raises :class:`TimeoutError` where it comes too late."""
        with self._lock:
            if self._is_cut:
                connected.close()
                raise TimeoutError
            self._handles.append(connected.dup())
        return connected

    def cut(self) -> None:
        """Whoever reads from them or writes to them gets an error now."""
        with self._lock:
            self._is_cut = True
            for handle in self._handles:
                with handle, suppress(OSError):  # the other side may have closed it
                    handle.shutdown(socket.SHUT_RDWR)


class _WatchedAdapter(HTTPAdapter):
    """Has every socket watched from the moment it is connected, also one to a proxy."""

    def __init__(self, sockets: _Sockets) -> None:
        self._sockets = sockets
        super().__init__()

    def get_connection_with_tls_context(self, *args: Any, **kwargs: Any) -> Any:
        pool: Any = super().get_connection_with_tls_context(*args, **kwargs)
        kind = pool.ConnectionCls
        # urllib3's own subclass for SOCKS overrides the same method; there is no later point before TLS.
        connect = {"_new_conn": lambda connection: self._sockets.watch(kind._new_conn(connection))}
        pool.ConnectionCls = type(kind.__name__, (kind,), connect)
        return pool


class _Session(requests.Session):
    """Takes an answer as it is: requests prepares a redirect that nobody follows, and reads all of its body for it."""

    def get_redirect_target(self, resp: requests.Response) -> None:
        return None


def _post(url: str, body: bytes, headers: dict[str, str], largest: int, sockets: _Sockets) -> Answer:
    with _Session() as http:
        # Plain HTTP is for this machine only, so no proxy of the environment either.
        http.trust_env = urlsplit(url).scheme == "https"
        http.mount("https://", _WatchedAdapter(sockets))
        http.mount("http://", _WatchedAdapter(sockets))
        with http.post(
            url,
            data=body,
            headers=headers,
            auth=_unchanged,
            timeout=(_CONNECT_TIMEOUT, None),  # reading ends when it is cut
            allow_redirects=False,
            stream=True,
        ) as answer:
            return Answer(answer.status_code, _content(answer, largest))


def _unchanged(request: requests.PreparedRequest) -> requests.PreparedRequest:
    """An ``auth`` of our own keeps requests from adding what a user's ``.netrc`` has for the host."""
    return request


def _content(answer: requests.Response, largest: int) -> bytes:
    content = bytearray()
    for chunk in answer.iter_content(_CHUNK):
        content += chunk
        if len(content) > largest:
            break
    return bytes(content)
