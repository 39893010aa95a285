"""A project for each engine test, and the package as others install it."""

import shutil
import subprocess
import sys
from collections.abc import Generator, Iterator
from datetime import UTC, datetime
from pathlib import Path

import pytest

from tests.forms import APP_SECRET
from tests.pages import ROOT, command_to_type
from tests.servers.deployment import Platform
from tests.stack.first_ups import NUMBER, FirstUps, WatchedEmulator
from tests.stack.project import ACCOUNT_TOKENS, RETIRED_TOKEN, TOKEN, Project
from tests.stack.recorded_state import STATES, Earlier, Places, bring_back
from tests.stack.reference import make_reference
from tools.toolchain.language_hosts import YAML_HOST


@pytest.hookimpl(wrapper=True)
def pytest_pyfunc_call(pyfuncitem: pytest.Function) -> Generator[None, object, object]:
    """A test of ``one_utc_day`` sets dates beside that of today: what fails across midnight proves nothing."""
    began = datetime.now(UTC).date()
    try:
        return (yield)
    except AssertionError:
        if pyfuncitem.get_closest_marker("one_utc_day") and datetime.now(UTC).date() != began:
            pytest.skip("it failed, but midnight UTC came while it ran")
        raise


@pytest.fixture(scope="session")
def first_ups(tmp_path_factory: pytest.TempPathFactory) -> FirstUps:
    """What the engine has made already, in this worker."""
    return FirstUps(tmp_path_factory.mktemp("engine") / "test", tmp_path_factory.mktemp("first-ups"))


@pytest.fixture
def project(first_ups: FirstUps) -> Iterator[Project]:
    """A fresh stack whose program manages a phone number in the stack's own secrets."""
    first_ups.clear()
    with WatchedEmulator([TOKEN, RETIRED_TOKEN, *ACCOUNT_TOKENS.values()]) as emulator:
        project = Project(first_ups.folder, emulator, NUMBER, first_ups=first_ups)
        project.declare()
        yield project


@pytest.fixture(scope="session")
def wheel(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The wheel, built from this checkout, once for this worker."""
    folder = tmp_path_factory.mktemp("wheel")
    _, *build = command_to_type("examples/consumer-stack/README.md", "python -m build").split()
    done = subprocess.run(
        [sys.executable, *build, "--no-isolation", "--outdir", str(folder), str(ROOT)], capture_output=True, text=True
    )
    assert done.returncode == 0, done.stdout + done.stderr
    (built,) = folder.glob("*.whl")
    return built


def need_yaml(project: Project) -> None:
    """Skips the test where the engine can't run programs in YAML."""
    if shutil.which(YAML_HOST, path=project.environment["PATH"]) is None:
        pytest.skip("no language host of Pulumi for YAML is on this machine")


@pytest.fixture
def reference(project: Project) -> Project:
    """The reference stack, without a configuration yet."""
    make_reference(project)
    return project


@pytest.fixture
def patient_people(monkeypatch: pytest.MonkeyPatch) -> None:
    """WhatsApp gives up after 10 s. On a busy machine a late answer says nothing of a rotation."""
    monkeypatch.setattr("whatsapp_graph_emulator.flow_client.LIMIT_SECONDS", 60.0)


@pytest.fixture
def platform(tmp_path: Path) -> Iterator[Platform]:
    """A place to deploy an endpoint to."""
    with Platform(tmp_path, {"WHATSAPP_APP_SECRET": APP_SECRET}) as running:
        yield running


@pytest.fixture(params=sorted(STATES.glob("*/*.json")), ids=lambda path: f"{path.parent.name}-{path.stem}")
def earlier(project: Project, request: pytest.FixtureRequest) -> Earlier:
    """An earlier version's stack."""
    path: Path = request.param
    openbao = request.getfixturevalue("openbao") if path.stem == "openbao" else None
    if openbao:
        project.environment |= openbao.environment
        monkeypatch = request.getfixturevalue("monkeypatch")
        for name, value in openbao.environment.items():
            monkeypatch.setenv(name, value)
    return bring_back(path, Places(project, openbao))
