"""The Graph API emulator of the local stack: started in the background, found again, stopped.

Its access token is made here, once, for this machine; a process is only stopped when it is surely this emulator.
"""

from __future__ import annotations

import http.client
import json
import os
import re
import secrets
import signal
import socket
import subprocess
import time
from collections.abc import Mapping
from dataclasses import asdict, dataclass, replace
from pathlib import Path

from tools.checkout import Checkout, write_whole
from tools.processes import say
from tools.stop import Stop

DEFAULT_PORT = 8365
_START_SECONDS = 20.0
_STOP_SECONDS = 10.0


@dataclass(frozen=True)
class LocalGraph:
    """What `.dev/emulator.json` remembers. `pid` 0: none was started, or it was stopped."""

    port: int
    token: str
    pid: int = 0
    numbers: tuple[str, ...] = ()

    @property
    def url(self) -> str:
        """The address that the provider calls."""
        return f"http://127.0.0.1:{self.port}"

    def __repr__(self) -> str:
        return f"LocalGraph(port={self.port}, pid={self.pid})"


def remembered(checkout: Checkout) -> LocalGraph | None:
    """The emulator that this checkout has or had; None before the first `make up`."""
    try:
        found = json.loads(_memory(checkout).read_text(encoding="utf-8"))
        return LocalGraph(found["port"], found["token"], found["pid"], tuple(found["numbers"]))
    except (OSError, ValueError, KeyError, TypeError):
        return None


def ensure_running(checkout: Checkout, port: int | None) -> LocalGraph:
    """The running emulator, started where there is none. Raises `Stop` when its port is taken or it doesn't start.

    `port` None keeps the last one. Registered keys survive a restart: they lie in `.dev/emulator-state.json`.
    """
    last = remembered(checkout) or LocalGraph(DEFAULT_PORT, f"local-{secrets.token_hex(24)}")
    wanted = replace(last, port=port or last.port, numbers=numbers_of_local_stack(checkout))
    if wanted == last and is_running(checkout, last):
        return last
    if wanted.port != last.port:
        refuse_taken_port(wanted.port)
    stop(checkout, last)
    refuse_taken_port(wanted.port)
    process = _start(checkout, wanted)
    started = replace(wanted, pid=process.pid)
    write_whole(_memory(checkout), json.dumps(asdict(started)), mode=0o600)
    _wait_until_healthy(checkout, started, process)
    say(f"Started the local Graph API on {started.url}")
    return started


def stop(checkout: Checkout, graph: LocalGraph) -> bool:
    """Stops the emulator if it runs; False when it didn't. Another program under its old pid is left alone."""
    if not is_ours(checkout, graph.pid):
        return False
    os.kill(graph.pid, signal.SIGTERM)
    deadline = time.monotonic() + _STOP_SECONDS
    while is_ours(checkout, graph.pid):
        if time.monotonic() > deadline:
            os.kill(graph.pid, signal.SIGKILL)
            break
        time.sleep(0.05)
    write_whole(_memory(checkout), json.dumps(asdict(replace(graph, pid=0))), mode=0o600)
    return True


def is_running(checkout: Checkout, graph: LocalGraph) -> bool:
    """Whether the remembered process is there and answers."""
    return is_ours(checkout, graph.pid) and _is_healthy(graph.port)


def is_ours(checkout: Checkout, pid: int) -> bool:
    """Whether a process is this checkout's emulator, by its command line: a pid is given away again."""
    if pid <= 0:
        return False
    in_proc = Path("/proc") / str(pid) / "cmdline"
    if in_proc.parent.parent.joinpath("self").exists():
        try:
            command = in_proc.read_bytes().replace(b"\0", b" ").decode(errors="replace")
        except OSError:
            return False
    else:
        shown = subprocess.run(["ps", "-ww", "-o", "command=", "-p", str(pid)], capture_output=True, text=True)
        command = shown.stdout
    return "whatsapp_graph_emulator" in command and str(_state(checkout)) in command


def refuse_taken_port(port: int, wanted_by: str = "the local Graph API", command: str = "make up") -> None:
    """Raises `Stop` when another program listens on the port."""
    with socket.socket(socket.AF_INET, socket.SOCK_STREAM) as probe:
        probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            probe.bind(("127.0.0.1", port))
        except OSError as error:
            raise Stop(
                f"Port {port}, where {wanted_by} should listen, can't be had ({error.strerror}): choose "
                f"another, as in `{command} PORT={port + 1 if port < 65535 else 9000}`."
            ) from None


def numbers_of_local_stack(checkout: Checkout) -> tuple[str, ...]:
    """The phone number IDs in Pulumi.local.yaml: what the local stack manages, the emulator serves."""
    config = (checkout.root / "Pulumi.local.yaml").read_text(encoding="utf-8")
    return tuple(re.findall(r"^[\s-]*phoneNumberId:\s*[\"'](\d+)[\"']", config, re.MULTILINE))


def without_whatsapp(environment: Mapping[str, str]) -> dict[str, str]:
    """What a person has set for an account of their own stays out of what runs here."""
    return {name: value for name, value in environment.items() if not name.startswith("WHATSAPP_")}


def _start(checkout: Checkout, graph: LocalGraph) -> subprocess.Popen[bytes]:
    command = [str(checkout.python), "-m", "whatsapp_graph_emulator"]
    command += ["--port", str(graph.port), "--state", str(_state(checkout))]
    for number in graph.numbers:
        command += ["--number", number]
    environment = {**without_whatsapp(os.environ), "WHATSAPP_EMULATOR_TOKENS": graph.token}
    with _log(checkout).open("wb") as log:
        return subprocess.Popen(
            command,
            cwd=checkout.dev,
            env=environment,
            stdin=subprocess.DEVNULL,
            stdout=log,
            stderr=subprocess.STDOUT,
            start_new_session=True,
        )


def _wait_until_healthy(checkout: Checkout, graph: LocalGraph, process: subprocess.Popen[bytes]) -> None:
    deadline = time.monotonic() + _START_SECONDS
    while not _is_healthy(graph.port):
        ended = process.poll() is not None
        if ended or time.monotonic() > deadline:
            last = _log(checkout).read_text(encoding="utf-8", errors="replace").strip()[-2000:]
            if not ended:
                stop(checkout, graph)
            raise Stop(f"The local Graph API didn't start on port {graph.port} (.dev/{_log(checkout).name}):\n{last}")
        time.sleep(0.05)


def _is_healthy(port: int) -> bool:
    connection = http.client.HTTPConnection("127.0.0.1", port, timeout=2)
    try:
        connection.request("GET", "/_emulator/health")
        return connection.getresponse().status == 200
    except (OSError, http.client.HTTPException):
        return False
    finally:
        connection.close()


def _memory(checkout: Checkout) -> Path:
    return checkout.dev / "emulator.json"


def _state(checkout: Checkout) -> Path:
    return checkout.dev / "emulator-state.json"


def _log(checkout: Checkout) -> Path:
    return checkout.dev / "emulator.log"
