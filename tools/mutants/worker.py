"""A process that runs tests in forks of itself: with lines traced, or with a defect in one module.

It has imported what takes long and is never mutated, so a fork costs milliseconds. No file is changed: the defect is
in what the import system loads. Orders come as lines of JSON, and each is answered by one.
"""

import gc
import importlib
import importlib.abc
import importlib.util
import json
import os
import select
import signal
import sys
import threading
import time
from collections.abc import Callable, Sequence
from contextlib import suppress
from importlib.machinery import ModuleSpec
from pathlib import Path
from types import CodeType, FrameType, ModuleType
from typing import Any

import pytest

Answer = dict[str, Any]

_ENOUGH = 30000  # a pipe's answer is read whole


class Defect(importlib.abc.MetaPathFinder, importlib.abc.Loader):
    """Loads one module from other source than its file's."""

    def __init__(self, module: str, file: Path, source: str) -> None:
        self._module, self._file, self._source = module, file, source

    def find_spec(self, fullname: str, path: Any = None, target: Any = None) -> ModuleSpec | None:
        """Only of the module with the defect."""
        if fullname != self._module:
            return None
        return importlib.util.spec_from_file_location(fullname, self._file, loader=self)

    def create_module(self, spec: ModuleSpec) -> ModuleType | None:
        """As usual."""
        return None

    def exec_module(self, module: ModuleType) -> None:
        """Runs the source with the defect in it."""
        exec(compile(self._source, str(self._file), "exec"), module.__dict__)  # noqa: S102 - what this file is for


class Chosen:
    """A pytest plugin: only some tests, in a given order; which one failed."""

    def __init__(self, tests: Sequence[str]) -> None:
        self._order = {test: at for at, test in enumerate(tests)}
        self.failed = ""

    def pytest_collection_modifyitems(self, items: list[pytest.Item]) -> None:
        """See pytest."""
        items[:] = sorted(
            (item for item in items if item.nodeid in self._order), key=lambda item: self._order[item.nodeid]
        )

    def pytest_runtest_logreport(self, report: pytest.TestReport) -> None:
        """See pytest."""
        if report.failed:
            self.failed = report.nodeid

    def pytest_collectreport(self, report: pytest.CollectReport) -> None:
        """See pytest."""
        if report.failed:
            self.failed = report.nodeid


class Reach:
    """A pytest plugin: the processor's time of each test, and which lines of ``files`` ran in it.

    One that fails is left out.
    """

    def __init__(self, files: dict[str, str]) -> None:
        self._files = files
        self._now: set[tuple[str, int]] = set()
        self.lines: dict[str, dict[str, list[int]]] = {}
        self.seconds: dict[str, float] = {}
        self._failed: set[str] = set()
        self._imported: dict[str, list[int]] = {}

    @pytest.hookimpl(wrapper=True)
    def pytest_collection(self) -> Any:
        """See pytest. What runs now runs when modules are imported."""
        self._now = set()
        sys.settrace(self._trace)
        try:
            return (yield)
        finally:
            sys.settrace(None)
            self._imported = self._lines_now()

    @pytest.hookimpl(wrapper=True)
    def pytest_runtest_protocol(self, item: pytest.Item) -> Any:
        """See pytest."""
        self._now, started = set(), time.process_time()
        threading.settrace(self._trace)
        sys.settrace(self._trace)
        try:
            return (yield)
        finally:
            sys.settrace(None)
            self.seconds[item.nodeid] = time.process_time() - started
            self.lines[item.nodeid] = self._lines_now()

    def pytest_runtest_logreport(self, report: pytest.TestReport) -> None:
        """See pytest."""
        if report.failed or report.skipped:
            self._failed.add(report.nodeid)

    def answer(self) -> Answer:
        """What was found."""
        good = [test for test in self.lines if test not in self._failed]
        return {
            "lines": {test: self.lines[test] for test in good},
            "seconds": {test: self.seconds[test] for test in good},
            "failed": sorted(self._failed),
            "imported": self._imported,
        }

    def _lines_now(self) -> dict[str, list[int]]:
        lines: dict[str, list[int]] = {}
        for module, line in sorted(self._now):
            lines.setdefault(module, []).append(line)
        return lines

    def _trace(self, frame: FrameType, event: str, _argument: Any) -> Any:
        module = self._module(frame.f_code)
        if module is None:
            return None
        add, now = self._now.add, self._now  # the set of the test in which the call began
        add((module, frame.f_lineno))

        def local(frame: FrameType, event: str, _argument: Any) -> Any:
            if event == "line":
                now.add((module, frame.f_lineno))
            return local

        return local

    def _module(self, code: CodeType) -> str | None:
        return self._files.get(code.co_filename)


def main() -> None:
    """Serves until the input ends. The arguments name what is imported first."""
    for name in sys.argv[1:]:
        with suppress(ImportError):
            importlib.import_module(name)
    gc.freeze()  # what is here for good need not be searched for garbage in each fork
    _say({"ready": True})
    for line in sys.stdin:
        order = json.loads(line)
        do: Callable[[Answer], Answer] = _reach if order["do"] == "reach" else _try
        _say(_forked(lambda order=order, do=do: do(order), order["within"]))  # type: ignore[misc]  # its defaults


def _say(answer: Answer) -> None:
    sys.__stdout__.write(json.dumps(answer) + "\n")  # type: ignore[union-attr]  # this process has one
    sys.__stdout__.flush()  # type: ignore[union-attr]  # the same


def _reach(order: Answer) -> Answer:
    reach = Reach(order["files"])
    pytest.main([*_options(), "-o", "addopts=--import-mode=importlib", order["file"]], plugins=[reach])
    return {**reach.answer(), "read": _read_here()}


def _read_here() -> list[str]:
    """The files below this folder that were imported, by their names in it: what the answer hangs on."""
    here = Path.cwd()
    files = {Path(file) for module in list(sys.modules.values()) if (file := getattr(module, "__file__", None))}
    return sorted(str(file.relative_to(here)) for file in files if file.is_relative_to(here))


def _try(order: Answer) -> Answer:
    sys.dont_write_bytecode = True
    sys.meta_path.insert(0, Defect(order["module"], Path(order["path"]), order["source"]))
    chosen = Chosen(order["tests"])
    files = list(dict.fromkeys(test.partition("::")[0] for test in order["tests"]))
    status = pytest.main([*_options(), "-x", "-o", "addopts=--import-mode=importlib", *files], plugins=[chosen])
    if status == pytest.ExitCode.NO_TESTS_COLLECTED:
        return {"status": "none", "by": ""}
    return {"status": "survived" if status == 0 else "killed", "by": chosen.failed}


def _options() -> list[str]:
    return ["-q", "--no-header", "--tb=no", "-p", "no:xdist"]


def _forked(do: Callable[[], Answer], within: float) -> Answer:
    """What ``do`` answers in a fork, which is stopped with all that it started after ``within`` seconds."""
    read, write = os.pipe()
    child = os.fork()
    if child == 0:
        _in_child(do, read, write)
    os.close(write)
    ends, data = time.monotonic() + within, b""
    while True:
        ready, _, _ = select.select([read], [], [], max(0.0, ends - time.monotonic()))
        if not ready:
            break
        chunk = os.read(read, _ENOUGH)
        if not chunk:
            break
        data += chunk
    os.close(read)
    with suppress(ProcessLookupError):
        os.killpg(child, signal.SIGKILL)
    os.waitpid(child, 0)
    if data.endswith(b"\n"):
        answer: Answer = json.loads(data)
        return answer
    return {"status": "killed", "by": "it took too long" if time.monotonic() >= ends else "the process ended"}


def _in_child(do: Callable[[], Answer], read: int, write: int) -> None:
    try:
        os.setsid()
        os.close(read)
        nowhere = os.open(os.devnull, os.O_RDWR)
        for descriptor in (0, 1, 2):
            os.dup2(nowhere, descriptor)
        answer = json.dumps(do()).encode() + b"\n"
        while answer:
            answer = answer[os.write(write, answer) :]
    finally:
        os._exit(0)


if __name__ == "__main__":
    main()
