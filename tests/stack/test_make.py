"""What the README tells a newcomer to type first, and CONTRIBUTING, typed in a copy of the checkout."""

import json
import os
import re
import shutil
import signal
import socket
import subprocess
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from shlex import quote
from threading import Event
from time import monotonic
from typing import TextIO

import pytest
import requests

from tests.pages import ROOT, command_to_type, section_to_type
from tools.checkout import Checkout
from tools.virtual_environment import stamp_of

UP = command_to_type("README.md", "make up")
ENDPOINT = command_to_type("README.md", "make endpoint")
TRAFFIC = command_to_type("README.md", "make traffic")
ROTATE = command_to_type("README.md", "make rotate")
PREVIEW = command_to_type("README.md", "make preview")
DOWN = command_to_type("README.md", "make down")
ENV = command_to_type("README.md", "eval ")

pytestmark = pytest.mark.xdist_group("make")


@dataclass(frozen=True)
class Clone:
    """A copy of the tracked files, with this checkout's environment and engine."""

    folder: Path
    port: int

    def type(self, command: str) -> str:
        """One command, as a person types it; what it printed."""
        done = subprocess.run(
            ["sh", "-c", command],
            cwd=self.folder,
            env={**os.environ, "WHATSAPP_EMULATOR_PORT": str(self.port), "CI": "true"},
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            text=True,
            timeout=300,
        )
        assert done.returncode == 0, done.stdout
        return done.stdout

    @contextmanager
    def running(self, command: str) -> Iterator["Running"]:
        """A command that goes on until it is interrupted, as in a terminal of its own."""
        with tempfile.TemporaryFile("w+") as shown:
            process = subprocess.Popen(
                ["sh", "-c", f"exec {command}"],
                cwd=self.folder,
                stdin=subprocess.DEVNULL,
                stdout=shown,
                stderr=subprocess.STDOUT,
                start_new_session=True,
            )
            running = Running(process, shown)
            try:
                yield running
            finally:
                running.interrupt()

    def served(self) -> list[str]:
        """The fingerprints that the local Graph API serves, by number."""
        numbers = requests.get(f"http://127.0.0.1:{self.port}/_emulator/numbers", timeout=10).json()["numbers"]
        return [number["fingerprint"] for number in sorted(numbers, key=lambda number: str(number["id"]))]


@dataclass(frozen=True)
class Running:
    """A `make` under way."""

    process: "subprocess.Popen[bytes]"
    output: TextIO

    def shown(self) -> str:
        """What it printed so far."""
        self.output.seek(0)
        return self.output.read()

    def wait_for(self, text: str) -> None:
        """Until it printed this."""
        ends, pause = monotonic() + 60, Event()
        while text not in self.shown():
            assert self.process.poll() is None, self.shown()
            assert monotonic() < ends, self.shown()
            pause.wait(0.05)

    def interrupt(self) -> str:
        """Ctrl-C, which reaches all of its processes; all that it printed."""
        if self.process.poll() is None:
            os.killpg(self.process.pid, signal.SIGINT)
        self.process.wait(60)
        return self.shown()


def free_port() -> int:
    """A port that nobody listens on."""
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port: int = free.getsockname()[1]
        return port


@pytest.fixture(scope="module")
def clone(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Clone]:
    """A clone in which `make up` has run once."""
    folder = tmp_path_factory.mktemp("make") / "clone"
    ignored = shutil.ignore_patterns(".dev", ".git", "__pycache__")
    shutil.copytree(ROOT, folder, ignore=ignored)
    (folder / ".dev").mkdir()
    (folder / ".dev" / "venv").symlink_to(ROOT / ".dev" / "venv")
    (folder / ".dev" / "toolchain").mkdir()
    for part in (ROOT / ".dev" / "toolchain").iterdir():  # what it records of its engine is its own
        if part.is_dir():
            (folder / ".dev" / "toolchain" / part.name).symlink_to(part)
    stamp = (ROOT / ".dev" / "venv" / "stamp").read_text()
    assert stamp == stamp_of(Checkout(folder)), "run `make setup` first: this must not renew the environment it runs in"
    clone = Clone(folder, free_port())
    try:
        first = clone.type(UP)
        assert ENV in first
        yield clone
    finally:
        clone.type(DOWN)


def test_up_registers_both_local_numbers_and_shows_their_fingerprints(clone: Clone) -> None:
    shown = clone.type(UP)
    assert len(clone.served()) == 2
    assert all(fingerprint in shown for fingerprint in clone.served())


def test_up_leaves_tracked_files_as_they_are(clone: Clone) -> None:
    for name in ("Pulumi.yaml", "Pulumi.local.yaml"):
        assert (clone.folder / name).read_bytes() == (ROOT / name).read_bytes()


def test_up_again_changes_nothing_and_asks_the_graph_api_nothing(clone: Clone) -> None:
    log = f"http://127.0.0.1:{clone.port}/_emulator/requests"
    requests.delete(log, timeout=10)
    shown = clone.type(UP)
    assert re.search(r"\b10 unchanged", shown)
    assert requests.get(log, timeout=10).json()["requests"] == []


def test_rotate_makes_new_keys_and_later_ups_keep_them(clone: Clone) -> None:
    before = clone.served()
    clone.type(ROTATE)
    rotated = clone.served()
    assert all(new != old for new, old in zip(rotated, before, strict=True))
    clone.type(UP)
    assert clone.served() == rotated


def test_env_lets_plain_pulumi_reach_the_stack(clone: Clone) -> None:
    outputs = clone.type(f"{ENV} && pulumi stack output --json")
    assert sorted(json.loads(outputs)["fingerprints"].values()) == sorted(clone.served())


def test_preview_after_up_shows_nothing_to_do(clone: Clone) -> None:
    clone.type(UP)
    assert re.search(r"\b10 unchanged", clone.type(PREVIEW))


def test_no_form_fails_at_the_example_endpoint_while_make_rotates(clone: Clone) -> None:
    assert section_to_type("docs/endpoint.md", "The Flow endpoint") == [UP, ENDPOINT, TRAFFIC, ROTATE]
    clone.type(UP)
    with clone.running(f"{ENDPOINT} PORT={free_port()}") as endpoint:
        endpoint.wait_for("Serving on")
        with clone.running(TRAFFIC) as traffic:
            before = clone.served()
            clone.type(ROTATE)
            assert clone.served() != before
            table = traffic.interrupt()
        assert re.search(r"failed +0 +0.00 %", table), table
        assert re.search(r"answered +[1-9]\d+ +100.00 %", table), table
        assert "Traceback" not in endpoint.interrupt()


@pytest.mark.skipif(shutil.which("jq") is None, reason="the page's lines use jq")
def test_an_endpoint_of_ones_own_takes_the_place_of_the_example(clone: Clone) -> None:
    clone.type(UP)
    port = free_port()
    with clone.running(f"{ENDPOINT} PORT={port}") as example:
        example.wait_for("Serving on")
    lines = section_to_type("docs/endpoint.md", "With the local stack's keys")
    serve = f"cd examples/endpoint && exec ../../.dev/venv/bin/python -m waitress --listen=127.0.0.1:{port} app:app"
    with clone.running(f"sh -c {quote(' && '.join([*lines, serve]))}") as own:
        own.wait_for("Serving on")
        for command in (f"{TRAFFIC} SECONDS=3", ROTATE, f"{TRAFFIC} SECONDS=3"):
            shown = clone.type(command)
        assert re.search(r"failed +0 +0.00 %", shown), shown
        assert "Traceback" not in own.interrupt()


def test_down_stops_the_server_and_keeps_the_keys(clone: Clone) -> None:
    served = clone.served()
    clone.type(DOWN)
    with pytest.raises(requests.ConnectionError):
        clone.served()
    clone.type(UP)
    assert clone.served() == served


def test_setup_again_finds_nothing_missing(clone: Clone) -> None:
    assert "Set up" in clone.type(command_to_type("CONTRIBUTING.md", "make setup"))
