"""A project for each engine test, and the package as others install it."""

import subprocess
import sys
from collections.abc import Generator
from datetime import datetime, timezone
from pathlib import Path

import pytest

from tests.stack.project import Project
from tests.stack.reference import make_reference
from whatsapp_graph_emulator import Emulator

ROOT = Path(__file__).parents[2]


@pytest.hookimpl(wrapper=True)
def pytest_pyfunc_call(pyfuncitem: pytest.Function) -> Generator[None, object, object]:
    """A test of ``one_utc_day`` sets dates beside that of today: what fails across midnight proves nothing."""
    began = datetime.now(timezone.utc).date()
    try:
        return (yield)
    except AssertionError:
        if pyfuncitem.get_closest_marker("one_utc_day") and datetime.now(timezone.utc).date() != began:
            pytest.skip("it failed, but midnight UTC came while it ran")
        raise


@pytest.fixture
def project(tmp_path: Path, emulator: Emulator, number: str) -> Project:
    """A fresh stack whose program manages the test's phone number in the stack's own secrets."""
    project = Project(tmp_path, emulator, number)
    project.declare()
    return project


@pytest.fixture(scope="session")
def wheel(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The wheel, built from this checkout, once for this worker."""
    folder = tmp_path_factory.mktemp("wheel")
    build = [sys.executable, "-m", "build", "--wheel", "--no-isolation", "--outdir", str(folder), str(ROOT)]
    done = subprocess.run(build, capture_output=True, text=True)
    assert done.returncode == 0, done.stdout + done.stderr
    (built,) = folder.glob("*.whl")
    return built


@pytest.fixture
def reference(project: Project) -> Project:
    """The reference stack, without a configuration yet."""
    make_reference(project)
    return project
