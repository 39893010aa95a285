"""One command in a pseudo-terminal, and what its screen showed when."""

import os
import pty
import signal
import subprocess
import time
from collections.abc import Sequence
from pathlib import Path

_CLEAR_LINE = "\x1b[K"


class Terminal:
    """``changes``: seconds since the beginning, and all lines that were there then."""

    def __init__(self, command: Sequence[str], folder: Path, began: float) -> None:
        self.changes: list[tuple[float, list[str]]] = []
        self.status, self._writes_over = 0, False
        self._began, self._lines = began, [f"$ {' '.join(command)}", ""]
        self._master, slave = pty.openpty()
        self._process = subprocess.Popen(
            command, cwd=folder, stdin=subprocess.DEVNULL, stdout=slave, stderr=slave, start_new_session=True
        )
        os.close(slave)
        self._note()

    def watch(self) -> None:
        """Notes what comes, until the command has ended."""
        while data := self._read():
            for piece in data.replace("\r\n", "\n").replace(_CLEAR_LINE, "").splitlines(keepends=True):
                self._take(piece)
            self._note()
        self.status = self._process.wait()
        os.close(self._master)

    def interrupt(self) -> None:
        """As Ctrl-C does."""
        os.killpg(self._process.pid, signal.SIGINT)

    def _read(self) -> str:
        try:
            return os.read(self._master, 65536).decode("utf-8", "replace")
        except OSError:  # the command has closed its terminal
            return ""

    def _take(self, piece: str) -> None:
        if self._writes_over:
            self._lines[-1] = ""
        self._lines[-1] += piece.strip("\r\n")
        self._writes_over = piece.endswith("\r")
        if piece.endswith("\n"):
            self._lines.append("")

    def _note(self) -> None:
        self.changes.append((time.monotonic() - self._began, list(self._lines)))
