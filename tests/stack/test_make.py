"""What the README tells a newcomer to type first, typed in a copy of the checkout."""

import json
import os
import re
import shutil
import socket
import subprocess
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import pytest
import requests

from tools.checkout import Checkout
from tools.virtual_environment import stamp_of

ROOT = Path(__file__).parents[2]

pytestmark = pytest.mark.xdist_group("make")


@dataclass(frozen=True)
class Clone:
    """A copy of the tracked files, with this checkout's environment and engine."""

    folder: Path
    port: int

    def make(self, *words: str) -> str:
        """One `make`, as a person types it; what it printed."""
        done = subprocess.run(
            ["make", *words],
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

    def served(self) -> list[str]:
        """The fingerprints that the local Graph API serves, by number."""
        numbers = requests.get(f"http://127.0.0.1:{self.port}/_emulator/numbers", timeout=10).json()["numbers"]
        return [number["fingerprint"] for number in sorted(numbers, key=lambda number: str(number["id"]))]


@pytest.fixture(scope="module")
def clone(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Clone]:
    """A clone in which `make up` has run once."""
    folder = tmp_path_factory.mktemp("make") / "clone"
    ignored = shutil.ignore_patterns(".dev", ".git", "__pycache__")
    shutil.copytree(ROOT, folder, ignore=ignored)
    (folder / ".dev").mkdir()
    for part in ("venv", "toolchain"):
        (folder / ".dev" / part).symlink_to(ROOT / ".dev" / part)
    stamp = (ROOT / ".dev" / "venv" / "stamp").read_text()
    assert stamp == stamp_of(Checkout(folder)), "run `make setup` first: this must not renew the environment it runs in"
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port = free.getsockname()[1]
    clone = Clone(folder, port)
    try:
        first = clone.make("up")
        assert 'eval "$(make -s env)"' in first
        yield clone
    finally:
        clone.make("down")


def test_up_registers_both_local_numbers_and_shows_their_fingerprints(clone: Clone) -> None:
    shown = clone.make("up")
    assert len(clone.served()) == 2
    assert all(fingerprint in shown for fingerprint in clone.served())


def test_up_leaves_tracked_files_as_they_are(clone: Clone) -> None:
    for name in ("Pulumi.yaml", "Pulumi.local.yaml"):
        assert (clone.folder / name).read_bytes() == (ROOT / name).read_bytes()


def test_up_again_changes_nothing_and_asks_the_graph_api_nothing(clone: Clone) -> None:
    log = f"http://127.0.0.1:{clone.port}/_emulator/requests"
    requests.delete(log, timeout=10)
    shown = clone.make("up")
    assert re.search(r"\b9 unchanged", shown)
    assert requests.get(log, timeout=10).json()["requests"] == []


def test_rotate_makes_new_keys_and_later_ups_keep_them(clone: Clone) -> None:
    before = clone.served()
    clone.make("rotate")
    rotated = clone.served()
    assert all(new != old for new, old in zip(rotated, before, strict=True))
    clone.make("up")
    assert clone.served() == rotated


def test_env_lets_plain_pulumi_reach_the_stack(clone: Clone) -> None:
    script = 'eval "$(make -s env)" && pulumi stack output --json'
    done = subprocess.run(["sh", "-c", script], cwd=clone.folder, capture_output=True, text=True, check=True)
    assert sorted(json.loads(done.stdout)["fingerprints"].values()) == sorted(clone.served())


def test_preview_after_up_shows_nothing_to_do(clone: Clone) -> None:
    clone.make("up")
    assert re.search(r"\b9 unchanged", clone.make("preview"))


def test_down_stops_the_server_and_keeps_the_keys(clone: Clone) -> None:
    served = clone.served()
    clone.make("down")
    with pytest.raises(requests.ConnectionError):
        clone.served()
    clone.make("up")
    assert clone.served() == served
