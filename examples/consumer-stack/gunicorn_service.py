"""Starts, restarts and stops gunicorn with the endpoint of ../endpoint: what `systemctl` does on a server.

A restart leaves nobody without an answer: the socket stays open, and what is under way is finished.
"""

import os
import signal
import socket
import subprocess
import sys
import time
from collections.abc import Callable
from pathlib import Path

SETTINGS = Path(__file__).with_name("gunicorn.conf.py")
WITHIN = 120.0
"""Seconds in which it has to start, or to stop."""


def restart(folder: Path, port: int) -> None:
    """Has it read ``endpoint.env`` in ``folder`` again; starts it where it doesn't run. Returns once it listens.

    It gets nothing but PATH from the environment of `pulumi up`, which holds tokens. Raises RuntimeError.
    """
    running = _pid(folder)
    if running is None:
        command = [sys.executable, "-m", "gunicorn", "--config", str(SETTINGS), "app:app"]
        subprocess.run(command, cwd=folder, env={"PATH": os.environ["PATH"]}, check=True)
    else:
        os.kill(running, signal.SIGHUP)
    _wait(folder, "listens", lambda: _listens(port))


def stop(folder: Path) -> None:
    """Lets it finish what it is at, and returns once it has ended. Raises RuntimeError."""
    running = _pid(folder)
    if running is not None:
        os.kill(running, signal.SIGTERM)
        _wait(folder, "has ended", lambda: not (folder / "gunicorn.pid").exists())


def _pid(folder: Path) -> int | None:
    try:
        pid = int((folder / "gunicorn.pid").read_text())
        os.kill(pid, 0)
    except (FileNotFoundError, ProcessLookupError):
        return None
    return pid


def _listens(port: int) -> bool:
    try:
        socket.create_connection(("127.0.0.1", port), timeout=1).close()
    except OSError:
        return False
    return True


def _wait(folder: Path, what: str, is_so: Callable[[], bool]) -> None:
    ends = time.monotonic() + WITHIN
    while not is_so():
        if time.monotonic() > ends:
            raise RuntimeError(f"no service {what} after {WITHIN:.0f} s; see {folder / 'gunicorn.log'}")
        time.sleep(0.05)
