"""A throw-away stack on the real engine, and its commands timed: seconds, and the memory of the provider's process."""

import json
import os
import shutil
import signal
import subprocess
from collections.abc import Iterator, Mapping
from contextlib import suppress
from dataclasses import dataclass, field
from pathlib import Path
from threading import Event
from time import monotonic
from typing import Any

from tools.checkout import Checkout
from tools.local_engine import engine_environment
from tools.stop import PartFailed

STACK = "bench"

_PROGRAMS = Path(__file__).with_name("stacks")
_DROPPED_PREFIXES = ("PYTHON", "VAULT_", "BAO_")
_PROVIDERS = (b"pulumi.dynamic", b"pulumi-resource-whatsapp", b"tools.bench.idle_plugin")
_LOOKS_EVERY = 0.25
_LONGEST = 1200.0
_ENDS_WITHIN = 20.0
_SHOWN_LINES = 40


@dataclass(frozen=True)
class Ran:
    """One command. ``peak_bytes``: resident memory of the largest provider process; None where there is no /proc."""

    seconds: float
    peak_bytes: int | None
    output: str = field(repr=False)


class Stack:
    """A stack of a program of `tools.bench.stacks`, in a folder of its own with a file backend and a PULUMI_HOME."""

    def __init__(self, folder: Path, program: str, environment: Mapping[str, str], checkout: Checkout) -> None:
        """``environment``: what its programs and providers need beyond the engine's own. Raises `PartFailed`."""
        self._folder, self._backend = folder / "project", folder / "state"
        whole = engine_environment(folder / "home", self._backend, checkout=checkout)
        # Byte code is kept between runs, as it is where the packages are installed; `tools` is for the floor.
        clean = {name: value for name, value in whole.items() if not name.startswith(_DROPPED_PREFIXES)}
        self._environment = {**clean, "PYTHONPATH": str(checkout.root), **environment}
        shutil.copytree(_PROGRAMS / program, self._folder, ignore=shutil.ignore_patterns("__pycache__"))
        self.run("stack", "init")

    def declare(self, program: Mapping[str, Any]) -> None:
        """What the program reads from now on."""
        (self._folder / "program.json").write_text(json.dumps(program), encoding="utf-8")

    def run(self, *words: str) -> Ran:
        """One command of the CLI to its end. Raises `PartFailed` with its last lines when it fails."""
        command = ["pulumi", *words, "--stack", STACK, "--non-interactive", "--color", "never"]
        started = monotonic()
        process = subprocess.Popen(
            command,
            cwd=self._folder,
            env=self._environment,
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            encoding="utf-8",
            errors="replace",
            start_new_session=True,  # an interrupt is for the bench, which ends it
        )
        try:
            output, peak = _watch(process, started + _LONGEST)
        except BaseException:
            _end(process)
            raise
        seconds = monotonic() - started
        if process.returncode != 0:
            last = "\n".join(output.strip().splitlines()[-_SHOWN_LINES:])
            raise PartFailed(f"`{' '.join(command[:3])}` failed with exit status {process.returncode}:\n{last}")
        return Ran(seconds, peak, output)

    def export(self) -> dict[str, Any]:
        """The state with its secrets in the clear: a throw-away stack's keys open nothing."""
        found: dict[str, Any] = json.loads(self.run("stack", "export", "--show-secrets").output)
        return found

    def state_bytes(self) -> int:
        """The size of the checkpoint that the backend holds."""
        (file,) = self._backend.glob(f".pulumi/stacks/*/{STACK}.json")
        return file.stat().st_size


def _watch(process: "subprocess.Popen[str]", deadline: float) -> tuple[str, int | None]:
    """What it printed, and the largest peak of its providers: Linux keeps each process's own high-water mark."""
    peak: int | None = None
    while True:
        try:
            output, _ = process.communicate(timeout=_LOOKS_EVERY)
        except subprocess.TimeoutExpired:
            peak = max([*peaks_of_providers(process.pid), *([] if peak is None else [peak])], default=None)
            if monotonic() > deadline:
                raise PartFailed(f"`pulumi` took longer than {_LONGEST:.0f} s and was stopped.") from None
        else:
            return output, peak


def peaks_of_providers(session: int) -> Iterator[int]:
    """Bytes of resident memory at its peak, of each provider process of a session; none where there is no /proc."""
    for process in _members(session):
        with suppress(OSError):  # it may end at any moment
            command = (process / "cmdline").read_bytes()
            if any(provider in command for provider in _PROVIDERS):
                status = (process / "status").read_text()
                yield from (int(line.split()[1]) * 1024 for line in status.splitlines() if line.startswith("VmHWM:"))


def _members(session: int) -> Iterator[Path]:
    """The processes of a session that run, in /proc; none where there is no /proc (proc(5): state is field 3, session
    field 6)."""
    for process in Path("/proc").glob("[0-9]*"):
        with suppress(OSError):
            state, _, _, of = (process / "stat").read_text().rsplit(")", 1)[1].split()[:4]
            if int(of) == session and state != "Z":
                yield process


def _end(process: "subprocess.Popen[str]") -> None:
    """As Ctrl-C does; what is left after that, providers too, by force. Nothing of it runs when it returns."""
    process.send_signal(signal.SIGINT)
    with suppress(subprocess.TimeoutExpired):
        process.communicate(timeout=_ENDS_WITHIN)
    process.kill()
    ends, pause = monotonic() + _ENDS_WITHIN, Event()
    while (left := list(_members(process.pid))) and monotonic() < ends:
        for one in left:
            with suppress(OSError):
                os.kill(int(one.name), signal.SIGKILL)
        pause.wait(0.02)
    process.communicate()
