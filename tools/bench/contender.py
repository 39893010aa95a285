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
    """What is measured: a module of `tools.bench.contenders`, and the Python that has what it imports."""

    name: str
    module: str
    python: Path
    environment: Mapping[str, str] = field(default_factory=dict, repr=False)


@dataclass(frozen=True)
class ColdStart:
    """A new process up to its first answer."""

    seconds: float
    peak_bytes: int


class Running:
    """One process of a contender that has answered rightly."""

    def __init__(self, name: str, process: "subprocess.Popen[str]") -> None:
        self.name, self._process = name, process

    def ask(self, line: Mapping[str, Any]) -> dict[str, Any]:
        """Raises `Stop` when the process ends instead of answering; its own words are on the terminal then."""
        assert self._process.stdin is not None
        assert self._process.stdout is not None
        with suppress(BrokenPipeError):
            self._process.stdin.write(json.dumps(line) + "\n")
            self._process.stdin.flush()
        answer = self._process.stdout.readline()
        if not answer:
            raise Stop(f"{self.name} ended without an answer (exit status {self._process.wait()}).")
        said: dict[str, Any] = json.loads(answer)
        return said

    def seconds_for(self, exchanges: int, threads: int = 1) -> float:
        """How long that many exchanges take."""
        return float(self.ask({"exchanges": exchanges, "threads": threads})["seconds"])


@contextmanager
def running(contender: Contender, task: Task, root: Path) -> Iterator[Running]:
    """The contender, on the cores that this process may use, with every request of the task answered once."""
    with _process(contender, root) as process:
        started = Running(contender.name, process)
        task.check(contender.name, started.ask(task.first_line(len(task.asked)))["answers"])
        yield started


def start_cold(contender: Contender, task: Task, root: Path) -> ColdStart:
    """Starts a process for one request and stops it."""
    with _process(contender, root) as process:
        said = Running(contender.name, process).ask(task.first_line(1))
        task.check(contender.name, said["answers"])
        return ColdStart(float(said["seconds"]), int(said["peak_bytes"]))


@contextmanager
def on_one_core() -> Iterator[bool]:
    """Whether what is started meanwhile is kept on one core: not every system can do that."""
    if sys.platform != "linux":
        yield False
        return
    before = os.sched_getaffinity(0)
    os.sched_setaffinity(0, {max(before)})
    try:
        yield True
    finally:
        os.sched_setaffinity(0, before)


def cores() -> int:
    """How many this process may use."""
    return len(os.sched_getaffinity(0)) if sys.platform == "linux" else os.cpu_count() or 1


@contextmanager
def _process(contender: Contender, root: Path) -> Iterator["subprocess.Popen[str]"]:
    # Byte code is kept between runs, as it is where the packages are installed.
    clean = {name: value for name, value in os.environ.items() if not name.startswith("PYTHON")}
    process = subprocess.Popen(
        [contender.python, "-m", contender.module],
        cwd=root,
        env={**clean, **contender.environment},
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        encoding="utf-8",
        start_new_session=True,  # an interrupt is for the bench, which ends it
    )
    try:
        yield process
    except BaseException:
        process.kill()
        raise
    finally:
        with suppress(BrokenPipeError):
            process.communicate()
