"""The units pass on the oldest and the newest Python that the project declares, as far as this machine has them."""

import re
import subprocess
import sys
import tomllib
from pathlib import Path

import pytest

from tools.checkout import Checkout, write_whole
from tools.virtual_environment import stamp_of

ROOT = Path(__file__).parents[2]
PASSED = re.compile(r"(\d+) passed")
QUICK = ("tests/component", "tests/unit/test_document.py", "tests/unit/test_graph_errors.py", "tests/unit/test_ring.py")
"""Where Pythons differed: the standard library's words, its HTTP statuses, what a class remembers of its fields."""
ALL = ("tests/unit", "tests/component")


def declared() -> list[str]:
    """As in 3.11, the oldest first."""
    project = tomllib.loads((ROOT / "pyproject.toml").read_text())["project"]
    named = [re.search(r":: (3\.\d+)$", classifier) for classifier in project["classifiers"]]
    return sorted((match[1] for match in named if match), key=lambda version: int(version[2:]))


def beside() -> dict[str, Path]:
    """Declared Pythons that version switchers have laid beside the one that runs the tests."""
    there = Path(sys.base_prefix).parent.glob("3.*/bin/python3")
    found = {".".join(python.parent.parent.name.split(".")[:2]): python for python in sorted(there)}
    return {version: found[version] for version in declared() if version in found}


def oldest_and_newest() -> list[str]:
    """Of the declared ones that are here; the one that runs the tests is tested by all of them."""
    here = list(beside())
    running = f"{sys.version_info.major}.{sys.version_info.minor}"
    return sorted({*here[:1], *here[-1:]} - {running})


def test_no_python_is_declared_that_its_makers_support_no_more() -> None:
    requires = tomllib.loads((ROOT / "pyproject.toml").read_text())["project"]["requires-python"]
    assert requires == f">={declared()[0]}"
    assert declared()[0] not in ("3.8", "3.9", "3.10")


@pytest.mark.parametrize(("tests", "fewest"), [(QUICK, 600), (ALL, 2500)], ids=["where they differed", "all"])
def test_the_units_pass_on_the_oldest_and_the_newest(tests: tuple[str, ...], fewest: int) -> None:
    versions = oldest_and_newest()
    if not versions:
        pytest.skip("no other declared Python is on this machine")
    for version in versions:
        python = environment(beside()[version], Checkout.this(), version)
        words = ["-q", "-p", "no:xdist", "-o", f"cache_dir=.dev/cache/pytest-{version}", "-m", "not slow"]
        command: list[str | Path] = [python, "-m", "pytest", *words, *tests]
        ran = subprocess.run(command, cwd=ROOT, capture_output=True, text=True)
        assert ran.returncode == 0, f"{version}: {ran.stdout[-3000:]}{ran.stderr[-2000:]}"
        passed = PASSED.search(ran.stdout)
        assert passed
        assert int(passed[1]) > fewest


def environment(python: Path, checkout: Checkout, version: str) -> Path:
    """Its Python; it is made once and renewed with what is installed in it."""
    folder = checkout.dev / "pythons" / version
    stamp, wanted = folder / "stamp", f"{python}\n{stamp_of(checkout)}"
    made = folder / "bin" / "python"
    if stamp.exists() and stamp.read_text() == wanted:
        return made
    pip: list[str | Path] = [made, "-m", "pip", "install", "--quiet", "--disable-pip-version-check", "--no-input"]
    commands: tuple[list[str | Path], ...] = (
        [python, "-m", "venv", "--clear", folder],
        [*pip, "-r", "tools/requirements.txt"],
        [*pip, "--no-build-isolation", "-r", "requirements.txt"],
    )
    for command in commands:
        ran = subprocess.run(command, cwd=ROOT, capture_output=True, text=True)
        assert ran.returncode == 0, ran.stdout + ran.stderr
    write_whole(stamp, wanted)
    return made
