"""Starting other programs: quietly as one part of a job, or in the foreground as what the person asked for.

An interrupt must reach them exactly once: a second one makes `pulumi` leave its state locked.
"""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import time
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager, suppress
from pathlib import Path
from types import FrameType

from tools.stop import PartFailed

_SHOWN_LINES = 60


def say(text: str, end: str = "\n") -> None:
    """Prints at once, so that lines keep their order with those of other programs."""
    print(text, end=end, flush=True)


@contextmanager
def part(title: str) -> Iterator[None]:
    """One progress line: the title when the part begins, the time it took when it is done."""
    say(f"{title} ... ", end="")
    started = time.monotonic()
    try:
        yield
    except BaseException:
        say("stopped")
        raise
    seconds = round(time.monotonic() - started)
    say(f"{seconds // 60} min {seconds % 60} s" if seconds >= 60 else f"{seconds} s")


def run_quietly(
    command: Sequence[str | Path],
    *,
    cwd: Path,
    environment: Mapping[str, str] | None = None,
    seconds: float | None = None,
) -> str:
    """What a command prints. Raises `PartFailed` with its last lines when it fails or takes longer than `seconds`.

    It runs in a session of its own, so that nothing it started outlives an interrupt.
    """
    try:
        process = subprocess.Popen(
            [str(word) for word in command],
            cwd=cwd,
            env=None if environment is None else dict(environment),
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            encoding="utf-8",
            errors="replace",
            start_new_session=True,
        )
    except OSError as error:
        raise PartFailed(f"`{_shown(command)}` could not be started: {error.strerror}.") from None
    try:
        output, _ = process.communicate(timeout=seconds)
    except BaseException as stopped:
        _kill_session(process)
        if isinstance(stopped, subprocess.TimeoutExpired):
            raise PartFailed(f"`{_shown(command)}` took longer than {seconds:.0f} s and was stopped.") from None
        raise
    if process.returncode != 0:
        last = "\n".join(output.strip().splitlines()[-_SHOWN_LINES:])
        raise PartFailed(f"`{_shown(command)}` failed with exit status {process.returncode}:\n{last}")
    return output


def run_foreground(command: Sequence[str | Path], *, cwd: Path, environment: Mapping[str, str]) -> int:
    """Runs a command on this terminal to its end, however often it is interrupted, and returns its exit status.

    A terminal sends Ctrl-C to every process in front of it; without one, the command gets a session of its own and
    each signal is handed on.
    """
    on_terminal = sys.stdin is not None and sys.stdin.isatty()
    process = subprocess.Popen(
        [str(word) for word in command], cwd=cwd, env=dict(environment), start_new_session=not on_terminal
    )

    def hand_on(signum: int, frame: FrameType | None) -> None:
        if signum == signal.SIGTERM or not on_terminal:
            process.send_signal(signal.SIGINT)

    before = {wanted: signal.signal(wanted, hand_on) for wanted in (signal.SIGINT, signal.SIGTERM)}
    try:
        status = process.wait()
    finally:
        for wanted, handler in before.items():
            signal.signal(wanted, handler)
    return 128 - status if status < 0 else status


def _kill_session(process: subprocess.Popen[str]) -> None:
    with suppress(ProcessLookupError):
        os.killpg(process.pid, signal.SIGKILL)
    process.wait()


def _shown(command: Sequence[str | Path]) -> str:
    words = [Path(command[0]).name, *(str(word) for word in command[1:])]
    shown = " ".join(words)
    return shown if len(shown) <= 100 else f"{shown[:100]}…"
