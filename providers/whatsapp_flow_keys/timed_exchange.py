"""An HTTP exchange whose whole duration has a limit: the name, the connection, TLS, the request, all of the answer.

The time-outs of requests are for one operation of a socket each, and an answer that drips never meets them.
"""

import socket
import threading
from collections.abc import Callable
from concurrent.futures import Future
from concurrent.futures import TimeoutError as WaitedTooLong  # the built-in one only since Python 3.11
from contextlib import suppress
from typing import Any, TypeVar

import requests
from requests.adapters import HTTPAdapter

_Result = TypeVar("_Result")


class NeverConnectedError(TimeoutError):
    """The time was over before there was a connection, so nothing was sent, and nothing will be."""


class TimedSession(requests.Session):
    """A session for one exchange at a time, which ends in time or is given up.

    It takes an answer as it is: requests prepares a redirect that nobody follows, and reads all of its body for it.
    """

    def __init__(self) -> None:
        super().__init__()
        self._sockets = _Sockets()
        self.mount("https://", _WatchedAdapter(self._sockets))
        self.mount("http://", _WatchedAdapter(self._sockets))

    @property
    def is_over(self) -> bool:
        """An exchange was given up: nothing connects through this session any more."""
        return self._sockets.are_cut

    def within(self, seconds: float, exchange: Callable[[], _Result]) -> _Result:
        """What ``exchange`` returns or raises, which runs in another thread and calls by this session.

        Raises :class:`TimeoutError` after ``seconds``. What is given up ends at once if it is connected; if not, when
        the name is looked up and each address was tried.
        """
        result: Future[_Result] = Future()

        def run() -> None:
            try:
                result.set_result(exchange())
            except BaseException as error:  # noqa: BLE001 (it is raised where the result is waited for)
                result.set_exception(error)

        threading.Thread(target=run, daemon=True).start()
        try:
            return result.result(seconds)
        except WaitedTooLong:
            raise (TimeoutError if self._sockets.cut() else NeverConnectedError) from None
        finally:
            if result.done():
                self._sockets.let_go()
            else:
                self._sockets.cut()

    def close(self) -> None:
        """Ends what is under way, too."""
        self._sockets.cut()
        super().close()

    def get_redirect_target(self, resp: requests.Response) -> None:
        """None: no redirect is followed."""
        return


class _Sockets:
    """A second handle on each socket of an exchange, by which another thread ends it.

    It is the only one that lasts: TLS takes the socket away from the connection, and the answer does so later.
    """

    def __init__(self) -> None:
        self._handles: list[socket.socket] = []
        self._lock = threading.Lock()
        self.are_cut = False

    def watch(self, connected: Any) -> Any:
        """The socket itself. Raises :class:`TimeoutError` where it comes too late."""
        with self._lock:
            if self.are_cut:
                connected.close()
                raise TimeoutError
            self._handles.append(socket.socket(fileno=socket.dup(connected.fileno())))
        return connected

    def cut(self) -> bool:
        """Whoever reads from them or writes to them gets an error now. False where none was connected."""
        with self._lock:
            self.are_cut = True
            handles = self._handles
            for handle in handles:
                with handle, suppress(OSError):  # the other side may have closed it
                    handle.shutdown(socket.SHUT_RDWR)
        return bool(handles)

    def let_go(self) -> None:
        """The exchange is over: its connection may be kept for the next one, or be closed for good."""
        with self._lock:
            for handle in self._handles:
                handle.close()
            self._handles = []


class _WatchedAdapter(HTTPAdapter):
    """Has every socket watched from the moment it is connected, also one to a proxy, and one that was kept."""

    def __init__(self, sockets: _Sockets) -> None:
        self._sockets = sockets
        super().__init__()

    def get_connection_with_tls_context(self, *args: Any, **kwargs: Any) -> Any:
        pool: Any = super().get_connection_with_tls_context(*args, **kwargs)
        if not hasattr(pool.ConnectionCls, "watched_by"):
            pool.ConnectionCls = _watched(pool.ConnectionCls, self._sockets)
        return pool


def _watched(kind: Any, sockets: _Sockets) -> Any:
    def new_conn(connection: Any) -> Any:
        return sockets.watch(kind._new_conn(connection))

    def request(connection: Any, *args: Any, **kwargs: Any) -> None:
        if connection.sock is not None:
            sockets.watch(connection.sock)
        kind.request(connection, *args, **kwargs)

    # urllib3's own subclass for SOCKS overrides _new_conn, too; there is no later point before TLS.
    return type(kind.__name__, (kind,), {"_new_conn": new_conn, "request": request, "watched_by": sockets})
