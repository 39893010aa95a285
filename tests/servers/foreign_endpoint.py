"""A Flow endpoint that is a program of its own, in whatever language, on a free port of loopback."""

import os
import secrets
import signal
import socket
import subprocess
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from pathlib import Path
from threading import Event
from time import monotonic

_STARTS_WITHIN = 60.0
_POLL = 0.02
_PORTS = range(20000, 30000)
"""Below those that the system gives to clients."""


class DidNotStart(AssertionError):
    """The program ended before it listened; the text is what it said."""


@contextmanager
def foreign_endpoint(command: Callable[[int], Sequence[str]], environ: Mapping[str, str], log: Path) -> Iterator[str]:
    """Its URL; ``command`` starts it on a port, which ``PORT`` names, too. Raises :class:`DidNotStart`."""
    port = _free_port()
    with log.open("wb") as output:
        process = subprocess.Popen(
            command(port),
            env={**os.environ, **environ, "PORT": str(port)},
            stdin=subprocess.DEVNULL,
            stdout=output,
            stderr=subprocess.STDOUT,
        )
    try:
        _wait_for(port, process, log)
        yield f"http://127.0.0.1:{port}/"
    finally:
        process.send_signal(signal.SIGTERM)
        process.wait(30)


def _wait_for(port: int, process: "subprocess.Popen[bytes]", log: Path) -> None:
    ends, pause = monotonic() + _STARTS_WITHIN, Event()
    while True:
        if process.poll() is not None:
            raise DidNotStart(log.read_text())
        with socket.socket() as probe:
            if probe.connect_ex(("127.0.0.1", port)) == 0:
                return
        assert monotonic() < ends, log.read_text()
        pause.wait(_POLL)


def _free_port() -> int:
    while True:
        port = secrets.choice(_PORTS)
        try:
            with socket.create_server(("127.0.0.1", port)):
                return port
        except OSError:
            continue
