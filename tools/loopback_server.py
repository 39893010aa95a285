"""A server for tests and benchmarks: real programs on loopback, processes of our own that end with the context."""

import subprocess
from abc import ABC, abstractmethod
from collections.abc import Callable
from pathlib import Path
from tempfile import TemporaryDirectory
from threading import Event
from time import monotonic
from types import TracebackType
from typing import Self

from tools.stop import Stop

POLL = 0.02
"""Seconds between two looks at a server that is starting."""

_ENDS_WITHIN = 10.0


class LoopbackServer(ABC):
    """Its programs and their folder while the context is open. ``starts_within``: seconds until it must answer."""

    def __init__(self, name: str, starts_within: float) -> None:
        self._name, self._starts_within = name, starts_within
        self._processes: dict[str, subprocess.Popen[bytes]] = {}

    def __enter__(self) -> Self:
        """Starts it on free ports, ready to be used. Raises `Stop` where it can't be had or doesn't start."""
        self._folder = TemporaryDirectory(prefix=f"{self._name}-")
        try:
            self._begin()
        except BaseException:
            self.__exit__(None, None, None)
            raise
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        """Stops its programs, the newest first."""
        for program in reversed(list(self._processes)):
            self._end(program)
        self._folder.cleanup()

    @abstractmethod
    def _begin(self) -> None:
        """Takes ports and starts."""

    def _path(self, name: str) -> Path:
        """A file in its folder."""
        return Path(self._folder.name, name)

    def _run(self, program: str, *command: str, **environment: str) -> None:
        """Starts a program of it, with these variables; what it prints is added to its log."""
        with self._path(f"{program}.log").open("ab") as output:
            self._processes[program] = subprocess.Popen(
                command,
                env={"HOME": self._folder.name, **environment},
                stdin=subprocess.DEVNULL,
                stdout=output,
                stderr=subprocess.STDOUT,
            )

    def _end(self, program: str) -> None:
        """Ends it, if it runs."""
        process = self._processes.pop(program, None)
        if process is None:
            return
        process.terminate()
        try:
            process.wait(_ENDS_WITHIN)
        except subprocess.TimeoutExpired:
            process.kill()
            process.wait()

    def _wait(self, program: str, is_so: Callable[[], bool]) -> None:
        """Until it is so. Raises `Stop` with the end of its log where it has ended, or takes too long."""
        ends, pause = monotonic() + self._starts_within, Event()
        while not is_so():
            if self._processes[program].poll() is not None or monotonic() > ends:
                log = self._without_secrets(self._path(f"{program}.log").read_text())
                raise Stop(f"{program} does not start:\n{log[-2000:]}")
            pause.wait(POLL)

    def _without_secrets(self, log: str) -> str:
        """What may be shown of a log."""
        return log
