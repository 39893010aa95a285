"""The servers that people run an endpoint with: gunicorn as a process of its own, the others in this one."""

import asyncio
import socket
from collections.abc import Iterator, Mapping
from contextlib import contextmanager, suppress
from pathlib import Path
from threading import Event, Thread
from typing import Any

import uvicorn
import waitress.server
from hypercorn.asyncio import serve
from hypercorn.config import Config
from waitress import wasyncore

from tests.servers.gunicorn import start_gunicorn, stop_gunicorn


@contextmanager
def waitress_server(app: Any, **settings: Any) -> Iterator[str]:
    """Its URL; ``settings``: of waitress."""
    listening = _listen()
    server = waitress.server.create_server(app, sockets=[listening], threads=4, **settings)
    server.adj.asyncore_loop_timeout = 0.05  # seconds after which it sees that it was closed; its setting is whole ones
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
def hypercorn_server(app: Any) -> Iterator[str]:
    """Its URL; it sees whether the application is an ASGI or a WSGI one."""
    listening, stop = _listen(), Event()
    url, config = _url(listening), Config()
    config.bind, config.loglevel = [f"fd://{listening.detach()}"], "ERROR"
    serving = serve(app, config, shutdown_trigger=lambda: asyncio.to_thread(stop.wait))
    thread = Thread(target=asyncio.run, args=(serving,), daemon=True)
    thread.start()
    try:
        yield url
    finally:
        stop.set()
        thread.join(10)


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
