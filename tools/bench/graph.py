"""The emulator of the Graph API as a process of its own, on loopback, with a latency that can be set.

`python -m tools.bench.graph` is that process: it serves until its standard input ends, and writes no state file.
"""

import os
import secrets
import subprocess
import sys
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import requests

from tools.stop import Stop

_TOKEN = "BENCH_GRAPH_TOKEN"
_SECONDS = 60


class Graph:
    """One that runs. ``url`` and ``token`` are what a provider needs."""

    def __init__(self, url: str, token: str) -> None:
        self.url, self.token = url, token
        self._session = requests.Session()
        self._session.trust_env = False  # no proxy between us and loopback

    def add(self, numbers: Sequence[str]) -> None:
        """Serves these phone number IDs, too."""
        for number in numbers:
            self._control("PUT", f"numbers/{number}", {})

    def prepare(self, latency: float) -> None:
        """From now on each answer waits for ``latency`` seconds, and requests are counted from zero."""
        self._control("DELETE", "faults")
        if latency:
            self._control("POST", "faults", {"kind": "delay", "seconds": latency})
        self._control("DELETE", "requests")

    def requests(self) -> int:
        """How many came in since."""
        return len(self._control("GET", "requests")["requests"])

    def fingerprints(self, numbers: Sequence[str]) -> list[str | None]:
        """Of the public keys that are served for them."""
        known = {number["id"]: number["fingerprint"] for number in self._control("GET", "numbers")["numbers"]}
        return [known[number] for number in numbers]

    def _control(self, method: str, path: str, body: object = None) -> Any:
        answer = self._session.request(method, f"{self.url}/_emulator/{path}", json=body, timeout=_SECONDS)
        answer.raise_for_status()
        return answer.json()


@contextmanager
def running_graph(root: Path) -> Iterator[Graph]:
    """Until the block ends. Raises `Stop` when it doesn't start; its own words are on the terminal then."""
    token = f"bench-{secrets.token_urlsafe(16)}"
    process = subprocess.Popen(
        [sys.executable, "-m", "tools.bench.graph"],
        cwd=root,
        env={**os.environ, _TOKEN: token},
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        encoding="utf-8",
        start_new_session=True,  # an interrupt is for the bench, which ends it
    )
    try:
        assert process.stdout is not None
        url = process.stdout.readline().strip()
        if not url:
            raise Stop(f"The emulator of the Graph API did not start (exit status {process.wait()}).")
        yield Graph(url, token)
    except BaseException:
        process.kill()
        raise
    finally:
        process.communicate()


def _serve() -> None:
    from whatsapp_graph_emulator import Emulator

    with Emulator(tokens=[os.environ[_TOKEN]]) as emulator:
        print(emulator.url, flush=True)
        sys.stdin.read()


if __name__ == "__main__":
    _serve()
