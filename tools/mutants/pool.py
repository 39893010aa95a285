"""As many workers as there are cores, each busy with one order at a time."""

import json
import os
import subprocess
import sys
from collections.abc import Iterator, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor, as_completed
from pathlib import Path
from queue import SimpleQueue
from typing import Any, TypeVar

Order = Mapping[str, Any]
Answer = dict[str, Any]
T = TypeVar("T")


class Pool:
    """Workers that run in ``root``, a copy of the checkout, and import ``preloaded`` first. Used as a context."""

    def __init__(self, root: Path, tools: Path, count: int, preloaded: Sequence[str] = ()) -> None:
        self._root, self._tools, self._count, self._preloaded = root, tools, count, preloaded
        self._free: SimpleQueue[subprocess.Popen[str]] = SimpleQueue()
        self._all: list[subprocess.Popen[str]] = []

    def __enter__(self) -> "Pool":
        for _ in range(self._count):
            worker = self._start()
            self._all.append(worker)
            self._free.put(worker)
        return self

    def __exit__(self, *_: object) -> None:
        for worker in self._all:
            worker.kill()
            worker.communicate()

    def answers(self, orders: Sequence[tuple[T, Order]]) -> Iterator[tuple[T, Answer]]:
        """Each order's answer with the name that it was given, in the order in which they come."""
        with ThreadPoolExecutor(self._count) as threads:
            asked = {threads.submit(self._ask, order): name for name, order in orders}
            try:
                for done in as_completed(asked):
                    yield asked[done], done.result()
            finally:
                for waiting in asked:
                    waiting.cancel()

    def _ask(self, order: Order) -> Answer:
        worker = self._free.get()
        try:
            assert worker.stdin is not None
            assert worker.stdout is not None
            worker.stdin.write(json.dumps(order) + "\n")
            worker.stdin.flush()
            answer: Answer = json.loads(worker.stdout.readline())
            return answer
        finally:
            self._free.put(worker)

    def _start(self) -> subprocess.Popen[str]:
        paths = [self._root / "providers", self._root / "components", self._root, self._tools]
        worker = subprocess.Popen(
            [sys.executable, "-m", "tools.mutants.worker", *self._preloaded],
            cwd=self._root,
            env={**os.environ, "PYTHONPATH": os.pathsep.join(map(str, paths)), "PYTHONHASHSEED": "0"},
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            start_new_session=True,  # an interrupt is for the one who asks them
            text=True,
        )
        assert worker.stdout is not None
        worker.stdout.readline()
        return worker
