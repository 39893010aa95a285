"""Pinned environments: made once, renewed with their pins, and what pip says where one can't be made. No network."""

import subprocess
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest

from tools.checkout import Checkout
from tools.pinned_environment import ensure_pinned_environment
from tools.stop import PartFailed


@pytest.fixture
def checkout(tmp_path: Path) -> Checkout:
    """An empty clone."""
    return Checkout(tmp_path)


@pytest.fixture
def pins(tmp_path: Path) -> Path:
    """A file that pins nothing."""
    file = tmp_path / "requirements.txt"
    file.write_text("# nothing\n")
    return file


def made(output: str) -> int:
    return output.count("Making the environment .dev/some/environment")


def test_it_is_made_once_however_many_ask_and_again_with_other_pins(
    checkout: Checkout, pins: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    folder = checkout.dev / "some" / "environment"
    with ThreadPoolExecutor() as pool:
        asked = [pool.submit(ensure_pinned_environment, checkout, folder, pins) for _ in range(3)]
    (python,) = {each.result() for each in asked}
    assert made(capsys.readouterr().out) == 1
    prefix = subprocess.run([python, "-c", "import sys; print(sys.prefix)"], capture_output=True, text=True, check=True)
    assert Path(prefix.stdout.strip()).samefile(folder)

    pins.write_text("# still nothing\n")
    ensure_pinned_environment(checkout, folder, pins)
    assert made(capsys.readouterr().out) == 1


def test_a_package_of_another_hash_is_refused_with_what_pip_says(checkout: Checkout, pins: Path) -> None:
    folder = checkout.dev / "some" / "environment"
    wheel = pins.with_name("some-1-py3-none-any.whl")
    wheel.write_bytes(b"another's")
    pins.write_text(f"some @ {wheel.as_uri()} --hash=sha256:{'0' * 64}\n")
    with pytest.raises(PartFailed, match="DO NOT MATCH THE HASHES"):
        ensure_pinned_environment(checkout, folder, pins)
    assert not (folder / "stamp").exists()
