"""The engine tests' `python3` is, to the engine, what a process of the real one would be."""

import os
import signal
import socket
import subprocess
from collections.abc import Mapping
from contextlib import suppress
from pathlib import Path
from time import sleep
from typing import Any

import pytest

from tests.stack.project import Project
from tests.stack.warm_python import COLD, warm_python

SAYS_WHO = "import os\nprint('the parent is', os.getppid(), flush=True)\n"
PIPED: dict[str, Any] = {"stdout": subprocess.PIPE, "stderr": subprocess.STDOUT}


@pytest.fixture
def script(tmp_path: Path) -> Path:
    """A program of the name by which the engine's is known."""
    return tmp_path / "pulumi-language-python-exec"


def run(*words: str | Path, env: Mapping[str, str] | None = None) -> "subprocess.CompletedProcess[str]":
    environment = {**warm_python().environment, **(env or {})}
    return subprocess.run([*warm_python().words, *words], env=environment, capture_output=True, text=True)


def wait_until_gone(process_id: int) -> None:
    """It may have ended, and not have been asked yet how."""
    with suppress(ProcessLookupError):
        for _ in range(1000):
            os.kill(process_id, 0)
            sleep(0.01)
        raise AssertionError("it lives on")


def test_the_program_and_the_providers_of_a_run_are_forked(project: Project) -> None:
    project.prepend(SAYS_WHO)
    before = warm_python().forks()
    assert f"the parent is {warm_python().process_id}\n" in project.succeed("preview").output
    assert warm_python().forks() == before + 2


def test_a_run_that_a_test_may_kill_starts_python_itself(project: Project) -> None:
    project.prepend(SAYS_WHO)
    with project.started("preview") as running:
        assert running.stdout
        said = next(line for line in running.stdout if b"the parent is" in line)
    assert str(warm_python().process_id).encode() not in said


@pytest.mark.parametrize(
    ("words", "env"),
    [(["-c", SAYS_WHO], {}), ([], {"PYTHONPATH": "/"}), ([], {"PYTHONHASHSEED": "1"}), ([], {COLD: "1"})],
    ids=["another program", "another path", "another seed", "asked for"],
)
def test_anything_else_is_the_real_python(script: Path, words: list[str | Path], env: dict[str, str]) -> None:
    script.write_text(SAYS_WHO)
    assert run(*(words or [script]), env=env).stdout == f"the parent is {os.getpid()}\n"


def test_what_is_forked_has_its_arguments_environment_folder_mask_and_streams(script: Path, tmp_path: Path) -> None:
    script.write_text(
        "import os, sys\n"
        "print(sys.argv[1:], os.environ['OF_THIS_RUN'], os.getcwd(), os.umask(0), __name__, sys.path[0])\n"
        "print('and an error', file=sys.stderr)\n"
        "print(sys.stdin.read())\n"
    )
    mask = os.umask(0o027)
    try:
        ran = subprocess.run(
            [*warm_python().words, script, "one", "two"],
            env={**warm_python().environment, "OF_THIS_RUN": "set"},
            cwd=tmp_path,
            input="typed",
            capture_output=True,
            text=True,
        )
    finally:
        os.umask(mask)
    assert ran.stdout == f"['one', 'two'] set {tmp_path} {0o027} __main__ {tmp_path}\ntyped\n"
    assert ran.stderr == "and an error\n"


@pytest.mark.parametrize(
    ("lines", "status"),
    [
        ("", 0),
        ("raise SystemExit(32)", 32),
        ("raise SystemExit('a reason')", 1),
        ("1 / 0", 1),
        ("import os; os.kill(os.getpid(), 15)", -15),
        ("import os; os.kill(os.getpid(), 9)", -9),
    ],
)
def test_its_end_is_the_clients(script: Path, lines: str, status: int) -> None:
    script.write_text(lines)
    assert run(script).returncode == status


def test_what_is_registered_for_its_end_is_done(script: Path) -> None:
    script.write_text(
        "import atexit, threading, time\n"
        "atexit.register(print, 'at exit')\n"
        "threading.Thread(target=lambda: (time.sleep(0.1), print('the thread ended'))).start()\n"
    )
    assert run(script).stdout == "the thread ended\nat exit\n"


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM, signal.SIGKILL])
def test_a_signal_to_the_client_reaches_it(script: Path, number: signal.Signals) -> None:
    script.write_text("import os, time\nprint(os.getpid(), flush=True)\ntime.sleep(600)\n")
    with subprocess.Popen([*warm_python().words, script], env=warm_python().environment, **PIPED) as client:
        assert client.stdout
        forked = int(client.stdout.readline())
        client.send_signal(number)
        client.stdout.read()  # until its end of the pipe is closed
    assert client.returncode == -number
    wait_until_gone(forked)


def test_a_client_that_says_nothing_ends_nothing(script: Path) -> None:
    """As one that was killed at its first step."""
    with socket.socket(socket.AF_UNIX) as silent:
        silent.connect(warm_python().words[-2])
    script.write_text(SAYS_WHO)
    assert run(script).stdout == f"the parent is {warm_python().process_id}\n"
