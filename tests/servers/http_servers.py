"""The servers that people run an endpoint with: waitress and uvicorn in this process, gunicorn as one of its own."""

import os
import signal
import socket
import subprocess
import sys
from collections.abc import Iterator, Mapping
from contextlib import contextmanager, suppress
from pathlib import Path
from threading import Event, Thread
from time import monotonic
from typing import Any

import requests
import uvicorn
import waitress.server

_STARTS_WITHIN = 60.0
_ROOT = Path(__file__).parents[2]


@contextmanager
def waitress_server(app: Any) -> Iterator[str]:
    """Its URL."""
    listening = _listen()
    server = waitress.server.create_server(app, sockets=[listening], threads=4)
    thread = Thread(target=_run_waitress, args=(server,), daemon=True)
    thread.start()
    try:
        yield _url(listening)
    finally:
        server.close()
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
def gunicorn_server(app: str, environ: Mapping[str, str], log: Path, *options: str) -> Iterator[str]:
    """Its URL; ``app`` is ``module:factory()``. It loads it once and forks two workers."""
    listening = _listen()
    command = [sys.executable, "-m", "gunicorn", "--preload", "--workers=2", "--threads=4", "--no-control-socket"]
    with log.open("wb") as output:
        process = subprocess.Popen(
            [*command, f"--bind=fd://{listening.fileno()}", *options, app],
            cwd=_ROOT,
            env={**os.environ, **environ},
            pass_fds=[listening.fileno()],
            stdin=subprocess.DEVNULL,
            stdout=output,
            stderr=subprocess.STDOUT,
        )
    try:
        _wait(_url(listening), process, log)
        yield _url(listening)
    finally:
        process.send_signal(signal.SIGTERM)
        process.wait(30)
        listening.close()


def _wait(url: str, process: "subprocess.Popen[bytes]", log: Path) -> None:
    ends, pause = monotonic() + _STARTS_WITHIN, Event()
    while True:
        assert process.poll() is None, log.read_text()
        assert monotonic() < ends, log.read_text()
        try:
            requests.get(url, timeout=5)
        except requests.RequestException:
            pause.wait(0.05)
        else:
            return


def _listen() -> socket.socket:
    listening = socket.create_server(("127.0.0.1", 0))
    listening.set_inheritable(True)
    return listening


def _url(listening: socket.socket) -> str:
    return f"http://127.0.0.1:{listening.getsockname()[1]}/flows"
