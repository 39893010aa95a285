"""The servers that people run an endpoint with: waitress and uvicorn in this process, gunicorn as one of its own."""

import socket
from collections.abc import Iterator, Mapping
from contextlib import contextmanager, suppress
from pathlib import Path
from threading import Thread
from typing import Any

import uvicorn
import waitress.server
from waitress import wasyncore

from tests.servers.gunicorn import start_gunicorn, stop_gunicorn


@contextmanager
def waitress_server(app: Any, **settings: Any) -> Iterator[str]:
    """Its URL; ``settings``: of waitress."""
    listening = _listen()
    server = waitress.server.create_server(app, sockets=[listening], threads=4, **settings)
    thread = Thread(target=_run_waitress, args=(server,), daemon=True)
    thread.start()
    try:
        yield _url(listening)
    finally:
        server.close()
        wasyncore.close_all(server._map)  # else it may wait for a channel whose client has gone
        thread.join(10)


def _run_waitress(server: Any) -> None:
    with suppress(OSError):  # its socket is closed under it, which is how it ends
        server.run()


@contextmanager
def uvicorn_server(app: Any) -> Iterator[str]:
    """Its URL."""
    listening = _listen()
    server = uvicorn.Server(uvicorn.Config(app, log_level="error", lifespan="on"))
    thread = Thread(target=server.run, kwargs={"sockets": [listening]}, daemon=True)
    thread.start()
    try:
        yield _url(listening)
    finally:
        server.should_exit = True
        thread.join(10)
        listening.close()


@contextmanager
def gunicorn_server(environ: Mapping[str, str], log: Path) -> Iterator[str]:
    """Its URL; it loads the endpoint of the tests once and forks two workers."""
    with _listen() as listening:
        process = start_gunicorn(listening, environ, log, workers=2)
        try:
            yield _url(listening)
        finally:
            stop_gunicorn(process)


def _listen() -> socket.socket:
    return socket.create_server(("127.0.0.1", 0))


def _url(listening: socket.socket) -> str:
    return f"http://127.0.0.1:{listening.getsockname()[1]}/flows"
