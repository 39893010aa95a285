"""A copy of a first `up` is what the engine makes: the same state, files and requests, but for what is random."""

import json
import re
from collections.abc import Callable, Iterator
from contextlib import ExitStack
from pathlib import Path
from typing import Any

import pytest

from tests.stack.first_ups import NUMBER, FirstUps, WatchedEmulator
from tests.stack.project import TOKEN, Project, Run, on_file

Begin = Callable[..., Project]

_RANDOM = (
    (r"-----BEGIN [A-Z ]+-----[^-]+-----END [A-Z ]+-----", "PEM"),
    (r"v1:[A-Za-z0-9+/=:]+", "CIPHERTEXT"),
    (r"\b[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}\b", "UUID"),
    (r"\b[0-9a-f]{32,64}\b|\b[0-9a-f]{12}\b", "HEX"),
    (r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d[.\d]*(Z|[+-]\d\d:\d\d)?", "TIME"),
    (r"\b\d+(\.\d+)?s\b", "SECONDS"),
)


@pytest.fixture
def own(tmp_path: Path) -> FirstUps:
    """Those of this test alone: nothing was made yet."""
    (tmp_path / "kept").mkdir()
    return FirstUps(tmp_path / "engine", tmp_path / "kept")


@pytest.fixture
def begin(own: FirstUps) -> Iterator[Begin]:
    """Begins a stack, as each test of the engine does; those before it are gone."""
    with ExitStack() as emulators:

        def begin(first_ups: FirstUps = own, **more: Any) -> Project:
            own.clear()
            emulator = emulators.enter_context(WatchedEmulator([TOKEN]))
            project = Project(own.folder, emulator, NUMBER, first_ups=first_ups)
            project.declare(on_file(project, **more))
            return project

        yield begin


def left(project: Project) -> dict[str, Any]:
    """All that an `up` left, without what is different in each."""
    state = json.dumps(_in_order(project.export()["deployment"]["resources"]), sort_keys=True)
    requests = [(entry["method"], entry["path"], entry["status"]) for entry in project.emulator.requests()]
    return {
        "state": _settled(state),
        "ring": _settled(project.path("ring.json").read_text()),
        "mode": project.path("ring.json").stat().st_mode,
        "files": sorted(path.name for path in project.folder.parent.glob("*")),
        "requests": requests,
    }


def _in_order(value: Any) -> Any:
    """With lists in the order of what is in them: the SDK names dependencies in any order."""
    if isinstance(value, dict):
        return {name: _in_order(item) for name, item in value.items()}
    if isinstance(value, list):
        return sorted((_in_order(item) for item in value), key=lambda item: _settled(json.dumps(item, sort_keys=True)))
    return value


def _said(run: Run) -> str:
    """What is said at the end; the lines before tell of progress, as often as the machine is slow."""
    return _settled(run.output.partition("Diagnostics:")[2])


def _settled(text: str) -> str:
    for pattern, name in _RANDOM:
        text = re.sub(pattern, name, text)
    return text


def test_a_copy_is_what_the_engine_makes(own: FirstUps, begin: Begin, tmp_path: Path) -> None:
    begin().up()
    copied = begin()
    printed = copied.up()
    assert own.copied == 1
    found = left(copied)
    assert len(found["requests"]) > 1

    real = begin(FirstUps(own.folder, tmp_path))
    again = real.up()
    assert left(real) == found
    assert _said(again) == _said(printed) != ""


def test_a_copy_goes_on_as_what_the_engine_made(own: FirstUps, begin: Begin) -> None:
    begin().up()
    project = begin()
    project.up()
    assert own.copied == 1
    served = project.served()
    project.declare(on_file(project, rotation_trigger="again"))
    project.up()
    assert project.served() not in (served, None)
    assert project.opens_a_form()


@pytest.mark.parametrize(
    "change",
    [
        lambda project: project.declare(on_file(project, rotation_trigger="another")),
        lambda project: project.prepend("pulumi.export('more', 1)"),
        lambda project: project.path("ring.json").write_text(""),
        lambda project: project.environment.update(WHATSAPP_STORE_DEADLINE="6"),
        lambda project: project.emulator.fault("delay", seconds=0.01),
        lambda project: project.emulator.reregister(NUMBER),
        lambda project: project.declare({"endpoint_url": "http://127.0.0.1:9/", "endpoint_wait": 0}),
    ],
    ids=["program", "more of it", "a file", "environment", "a fault at Meta", "another status at Meta", "a server"],
)
def test_another_up_is_the_engines(own: FirstUps, begin: Begin, change: Callable[[Project], object]) -> None:
    begin().up()
    project = begin()
    change(project)
    made = Run("by the engine", 0)
    assert own.up(project, lambda: made) is made
