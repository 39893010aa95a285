"""gunicorn with the endpoint of :mod:`tests.servers.endpoint_app`, as a process of its own on a socket of ours."""

import os
import signal
import socket
import subprocess
import sys
from collections.abc import Mapping
from pathlib import Path
from threading import Event
from time import monotonic

_STARTS_WITHIN = 60.0
_ROOT = Path(__file__).parents[2]


def start_gunicorn(
    listening: socket.socket, environ: Mapping[str, str], log: Path, *, workers: int = 1
) -> "subprocess.Popen[bytes]":
    """Returns once it has loaded the endpoint, and forked the workers that serve it."""
    command = [sys.executable, "-m", "gunicorn", "--preload", f"--workers={workers}", "--threads=8"]
    with log.open("wb") as output:
        process = subprocess.Popen(
            [*command, "--no-control-socket", f"--bind=fd://{listening.fileno()}", "tests.servers.endpoint_app:make()"],
            cwd=_ROOT,
            env={**os.environ, **environ},
            pass_fds=[listening.fileno()],
            stdin=subprocess.DEVNULL,
            stdout=output,
            stderr=subprocess.STDOUT,
        )
    ends, pause = monotonic() + _STARTS_WITHIN, Event()
    while log.read_text().count("Booting worker") < workers:
        assert process.poll() is None, log.read_text()
        assert monotonic() < ends, log.read_text()
        pause.wait(0.02)
    return process


def stop_gunicorn(process: "subprocess.Popen[bytes]") -> None:
    """Lets it finish what it is at."""
    process.send_signal(signal.SIGTERM)
    process.wait(30)
