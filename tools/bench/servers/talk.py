"""What a server says to the bench: a line with its port, then its figures for each line that comes, until the input
ends; then the process ends, and those that it started.

Everything is a line of JSON. Figures: ``{"cpu_seconds", "peak_bytes"}`` of the process that answers requests.
"""

import json
import os
import signal
import socket
import sys
import time
from threading import Thread

from tools.bench.contenders.protocol import peak_bytes

PRIVATE_KEY = "BENCH_PRIVATE_KEY"
"""The variable that holds the key as PEM, for what is not the kit."""
PATH = "/flow"
"""Where every application answers."""
_BACKLOG = 1024


def listen() -> socket.socket:
    """On a free port of loopback, which the bench is told. Connections wait from now on until they are accepted.

    No answer waits for the client to acknowledge its head: uvicorn, which sends head and body apart, sees to that only
    where it makes the socket itself (Python's asyncio sets the option on sockets of a named protocol).
    """
    listening = socket.create_server(("127.0.0.1", 0), backlog=_BACKLOG)
    listening.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)  # those that are accepted inherit it
    _say({"port": listening.getsockname()[1]})
    return listening


def answer_for_figures() -> None:
    """To be called in the process that answers requests."""
    Thread(target=_answer, name="figures", daemon=True).start()


def _answer() -> None:
    for _ in sys.stdin:
        _say({"cpu_seconds": time.process_time(), "peak_bytes": peak_bytes()})
    os.killpg(0, signal.SIGKILL)  # the bench has given it a session of its own


def _say(line: dict[str, object]) -> None:
    print(json.dumps(line), flush=True)
