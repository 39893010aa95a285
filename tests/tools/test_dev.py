"""The verbs behind the Makefile: what they decide, and what they start and stop. No network, no engine."""

from __future__ import annotations

import os
import re
import signal
import socket
import stat
import subprocess
import sys
import time
from datetime import UTC, datetime
from pathlib import Path

import pytest

from tools import local_graph, local_stack, verbs, virtual_environment
from tools.checkout import Checkout, write_whole
from tools.processes import run_quietly
from tools.stop import PartFailed, Stop
from tools.toolchain.choice import Engine, Source
from tools.verbs import port_number

ROOT = Path(__file__).resolve().parents[2]


@pytest.fixture
def checkout(tmp_path: Path) -> Checkout:
    """An empty clone that uses the virtual environment of this test run."""
    made = Checkout(tmp_path / "clone")
    made.dev.mkdir(parents=True)
    (made.dev / "venv").symlink_to(sys.prefix)
    (made.root / "Pulumi.local.yaml").write_text('  - phoneNumberId: "106540352242922"\n')
    return made


def old_pythons() -> list[Path]:
    """Pythons before 3.11 beside the one that runs the tests, as version switchers lay them."""
    beside = Path(sys.base_prefix).parent.glob("*/bin/python")
    return [python for python in sorted(beside) if re.match(r"2\.|3\.[0-9]\.|3\.10\.", python.parent.parent.name)]


def test_a_python_older_than_3_11_gets_one_sentence() -> None:
    pythons = old_pythons()
    if not pythons:
        pytest.skip("no Python older than 3.11 is on this machine")
    for python in pythons:
        ran = subprocess.run([python, ROOT / "tools" / "dev.py", "up"], capture_output=True, text=True)
        assert ran.returncode == 1
        assert re.fullmatch(r"This project needs Python 3\.11 or newer, and this is Python [\d.]+: .*\n", ran.stderr)


@pytest.mark.parametrize("value", ["a b", "it's", '"$(touch x)"', "back\\slash", "two\nlines", ""])
def test_a_shell_reads_back_exactly_what_env_prints(value: str) -> None:
    lines = local_stack.export_lines({"SHOWN": value})
    ran = subprocess.run(["sh", "-c", f'eval "{_double_quoted(lines)}"; printf %s "$SHOWN"'], capture_output=True)
    assert ran.stdout.decode() == value


def _double_quoted(text: str) -> str:
    return re.sub(r'([\\"$`])', r"\\\1", text)


def test_there_is_no_rotation_trigger_before_the_first_rotation(checkout: Checkout) -> None:
    assert local_stack.remembered_trigger(checkout) is None


def test_a_rotation_trigger_is_remembered_for_later_runs(checkout: Checkout) -> None:
    trigger = local_stack.new_trigger(checkout, datetime(2026, 11, 24, 15, 0, tzinfo=UTC))
    assert trigger == "2026-11-24T15:00:00.000Z"
    assert local_stack.remembered_trigger(checkout) == trigger


def test_a_taken_port_is_named_with_the_way_on() -> None:
    with socket.create_server(("127.0.0.1", 0)) as taken:
        port = taken.getsockname()[1]
        with pytest.raises(Stop, match=rf"Port {port}, .*make up PORT="):
            local_graph.refuse_taken_port(port)


@pytest.mark.parametrize("text", ["0", "65536", "-1", "abc", "80.5", "²"])
def test_a_port_that_is_none_is_named(text: str) -> None:
    with pytest.raises(Stop, match="whole number from 1 to 65535"):
        port_number(text)


def test_the_emulator_serves_the_numbers_of_the_local_stack() -> None:
    assert local_graph.numbers_of_local_stack(Checkout(ROOT)) == ("106540352242922", "110200345501442")


def test_the_local_graph_api_is_started_once_and_stopped(checkout: Checkout) -> None:
    port = _free_port()
    graph = local_graph.ensure_running(checkout, port)
    try:
        assert local_graph.is_running(checkout, graph)
        assert local_graph.ensure_running(checkout, None) == graph
    finally:
        assert local_graph.stop(checkout, graph)
    assert not local_graph.is_running(checkout, graph)
    again = local_graph.remembered(checkout)
    assert again is not None
    assert (again.port, again.token, again.pid) == (port, graph.token, 0)


def test_a_taken_port_leaves_the_running_graph_api_alone(checkout: Checkout) -> None:
    graph = local_graph.ensure_running(checkout, _free_port())
    try:
        with socket.create_server(("127.0.0.1", 0)) as taken, pytest.raises(Stop):
            local_graph.ensure_running(checkout, taken.getsockname()[1])
        assert local_graph.is_running(checkout, graph)
    finally:
        local_graph.stop(checkout, graph)


def test_the_local_token_is_readable_by_its_owner_only(checkout: Checkout) -> None:
    graph = local_graph.ensure_running(checkout, _free_port())
    local_graph.stop(checkout, graph)
    memory = checkout.dev / "emulator.json"
    assert stat.S_IMODE(memory.stat().st_mode) == 0o600
    assert graph.token not in repr(graph)
    assert graph.token not in (checkout.dev / "emulator.log").read_text()


def test_a_process_that_is_not_the_emulator_is_never_stopped(checkout: Checkout) -> None:
    with subprocess.Popen([sys.executable, "-c", "input()"], stdin=subprocess.PIPE) as other:
        graph = local_graph.LocalGraph(port=1, token="t", pid=other.pid)
        assert not local_graph.stop(checkout, graph)
        assert other.poll() is None
        other.communicate(b"\n")


def test_outputs_are_shown_with_names_before_values() -> None:
    outputs = {"fingerprints": {"a": "12", "longer": "34"}, "count": 2}
    assert local_stack.outline(outputs, "") == ["fingerprints", "  a       12", "  longer  34", "count         2"]


def test_the_environment_is_renewed_when_a_pin_changes(checkout: Checkout) -> None:
    (checkout.root / "tools").mkdir()
    for name in ("tools/requirements.txt", "requirements.txt", "pyproject.toml"):
        (checkout.root / name).write_text("one")
    before = virtual_environment.stamp_of(checkout)
    assert virtual_environment.stamp_of(checkout) == before
    (checkout.root / "tools" / "requirements.txt").write_text("two")
    assert virtual_environment.stamp_of(checkout) != before


def test_the_environment_is_made_anew_in_a_checkout_that_was_moved(tmp_path: Path) -> None:
    here, there = Checkout(tmp_path / "here"), Checkout(tmp_path / "there")
    assert virtual_environment.base_stamp(here) != virtual_environment.base_stamp(there)


def test_a_file_is_replaced_whole_and_leaves_nothing_beside_it(tmp_path: Path) -> None:
    file = tmp_path / "file"
    write_whole(file, "old")
    write_whole(file, "new", mode=0o600)
    assert file.read_text() == "new"
    assert stat.S_IMODE(file.stat().st_mode) == 0o600
    assert [left.name for left in tmp_path.iterdir()] == ["file"]


def test_a_part_that_fails_shows_what_it_printed(tmp_path: Path) -> None:
    with pytest.raises(PartFailed, match=r"exit status 3:\nwhy it failed"):
        run_quietly(["sh", "-c", "echo why it failed; exit 3"], cwd=tmp_path)


def test_a_part_that_takes_too_long_is_stopped_with_all_it_started(tmp_path: Path) -> None:
    with pytest.raises(PartFailed, match="took longer"):
        run_quietly(["sh", "-c", "sleep 60 & echo $! > inner; wait"], cwd=tmp_path, seconds=0.5)
    inner = int((tmp_path / "inner").read_text())
    ends = time.monotonic() + 10  # a signal is delivered when the machine comes to it
    while is_alive(inner) and time.monotonic() < ends:
        time.sleep(0.01)
    assert not is_alive(inner)


def is_alive(pid: int) -> bool:
    """Whether a process still runs; one that nobody has waited for yet (Z) doesn't."""
    try:
        return Path(f"/proc/{pid}/stat").read_text().rsplit(")", 1)[1].split()[0] != "Z"
    except FileNotFoundError:
        return False


COUNTS_INTERRUPTS = """
import signal, sys, time
caught = []
signal.signal(signal.SIGINT, lambda *_: caught.append(1))
print("ready", flush=True)
deadline = time.monotonic() + 10
while not caught and time.monotonic() < deadline:
    time.sleep(0.01)
time.sleep(0.3)
sys.exit(40 + len(caught))
"""

RUNS_IN_FOREGROUND = """
import os, pathlib, sys
from tools.processes import run_foreground
sys.exit(run_foreground([sys.executable, "-c", sys.argv[1]], cwd=pathlib.Path("."), environment=os.environ))
"""


def test_an_interrupt_reaches_the_program_in_the_foreground_exactly_once() -> None:
    with subprocess.Popen(
        [sys.executable, "-c", RUNS_IN_FOREGROUND, COUNTS_INTERRUPTS],
        cwd=ROOT,
        stdin=subprocess.DEVNULL,
        stdout=subprocess.PIPE,
        start_new_session=True,
    ) as running:
        assert running.stdout is not None
        assert running.stdout.readline() == b"ready\n"
        os.killpg(running.pid, signal.SIGINT)
    assert running.returncode == 41


def test_a_verb_given_words_it_does_not_know_says_so() -> None:
    ran = subprocess.run(
        [sys.executable, ROOT / "tools" / "dev.py", "down", "--all"], capture_output=True, text=True, cwd=ROOT
    )
    assert (ran.returncode, ran.stderr) == (1, "`down` knows nothing of '--all'.\n")


def _free_port() -> int:
    with socket.create_server(("127.0.0.1", 0)) as probe:
        return int(probe.getsockname()[1])


def test_in_a_fresh_clone_make_test_has_an_engine_before_it_builds_what_belongs_to_one(
    checkout: Checkout, monkeypatch: pytest.MonkeyPatch
) -> None:
    """`.ci/run` runs no verb before that would have brought one."""
    had: list[str] = []

    def engine(*_: object) -> Engine:
        had.append("engine")
        return Engine(Source.PATH, ROOT, "3.0.0")

    monkeypatch.setattr(verbs, "ensure_engine", engine)
    monkeypatch.setattr(verbs, "ensure_virtual_environment", lambda _: had.append("environment"))
    monkeypatch.setattr(verbs, "ensure_api_server", lambda *_: had.append("API server"))
    monkeypatch.setattr(verbs, "ensure_programs", lambda *_: had.append("programs"))
    verbs._set_up_for_tests(checkout)
    assert had == ["environment", "engine", "API server", "programs"]
