"""A contender as a process: started, asked, and stopped. Its answers are checked before it is timed."""

import json
import os
import subprocess
import sys
from collections.abc import Iterator, Mapping
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from tools.bench.task import Task
from tools.stop import Stop


@dataclass(frozen=True)
class Contender:
    """What is measured: a module of the bench and its words, and the Python that has what it imports."""

    name: str
    module: str
    python: Path
    environment: Mapping[str, str] = field(default_factory=dict, repr=False)
    words: tuple[str, ...] = ()


@dataclass(frozen=True)
class ColdStart:
    """A new process up to its first answer."""

    seconds: float
    peak_bytes: int


class Running:
    """One process of a contender."""

    def __init__(self, name: str, process: "subprocess.Popen[str]") -> None:
        self.name, self._process = name, process

    def ask(self, line: Mapping[str, Any]) -> dict[str, Any]:
        """Raises `Stop` when the process ends instead of answering; its own words are on the terminal then."""
        assert self._process.stdin is not None
        with suppress(BrokenPipeError):
            self._process.stdin.write(json.dumps(line) + "\n")
            self._process.stdin.flush()
        return self.hear()

    def hear(self) -> dict[str, Any]:
        """The next line that it says. Raises as :meth:`ask` does."""
        assert self._process.stdout is not None
        answer = self._process.stdout.readline()
        if not answer:
            raise Stop(f"{self.name} ended without an answer (exit status {self._process.wait()}).")
        said: dict[str, Any] = json.loads(answer)
        return said

    def seconds_for(self, exchanges: int, threads: int = 1) -> float:
        """How long that many exchanges take."""
        return float(self.ask({"exchanges": exchanges, "threads": threads})["seconds"])

    def cpu_seconds_for(self, exchanges: int) -> float:
        """The processor time that they take, in one thread."""
        return float(self.ask({"exchanges": exchanges, "threads": 1})["cpu_seconds"])


@contextmanager
def running(contender: Contender, task: Task, root: Path) -> Iterator[Running]:
    """The contender, on the cores that this process may use, with every request of the task answered once."""
    with process_of(contender, root) as started:
        task.check(contender.name, started.ask(task.first_line(len(task.asked)))["answers"])
        yield started


def start_cold(contender: Contender, task: Task, root: Path) -> ColdStart:
    """Starts a process for one request and stops it."""
    with process_of(contender, root) as started:
        said = started.ask(task.first_line(1))
        task.check(contender.name, said["answers"])
        return ColdStart(float(said["seconds"]), int(said["peak_bytes"]))


@contextmanager
def on_one_core() -> Iterator[bool]:
    """Whether what is started meanwhile is kept on one core: not every system can do that."""
    with _on(_usable()[-1:]) as pinned:
        yield pinned


@contextmanager
def off_that_core() -> Iterator[bool]:
    """Whether this process keeps off the core of :func:`on_one_core` meanwhile: there may be no other."""
    with _on(_usable()[:-1]) as apart:
        yield apart


@contextmanager
def _on(some: list[int]) -> Iterator[bool]:
    if not some or sys.platform != "linux":
        yield False
        return
    before = os.sched_getaffinity(0)
    os.sched_setaffinity(0, some)
    try:
        yield True
    finally:
        os.sched_setaffinity(0, before)


def _usable() -> list[int]:
    """The cores that this process may use; none where that can't be known."""
    return sorted(os.sched_getaffinity(0)) if sys.platform == "linux" else []


def cores() -> int:
    """How many this process may use."""
    return len(os.sched_getaffinity(0)) if sys.platform == "linux" else os.cpu_count() or 1


@contextmanager
def process_of(contender: Contender, root: Path) -> Iterator[Running]:
    """Its process, on the cores that this one may use; it ends with its input."""
    # Byte code is kept between runs, as it is where the packages are installed.
    clean = {name: value for name, value in os.environ.items() if not name.startswith("PYTHON")}
    process = subprocess.Popen(
        [contender.python, "-m", contender.module, *contender.words],
        cwd=root,
        env={**clean, **contender.environment},
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        encoding="utf-8",
        start_new_session=True,  # an interrupt is for the bench, which ends it
    )
    try:
        yield Running(contender.name, process)
    except BaseException:
        process.kill()
        raise
    finally:
        with suppress(BrokenPipeError):
            process.communicate()
