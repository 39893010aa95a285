"""`make bench ARGS=stacks` on the real engine: what it compares is comparable, and what it counts is right."""

import json
import os
import re
import signal
import subprocess
import sys
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path
from threading import Event
from time import monotonic
from typing import Any

import pytest

from tools.bench.graph import running_graph
from tools.bench.stack import Bench, Line, Planned
from tools.bench.stack_figures import (
    CREATE,
    FAR,
    FLOOR,
    IN_STACK,
    NATIVE,
    NATIVE_FLOOR,
    NEAR,
    NO_OP_PREVIEW,
    NO_OP_UP,
    OPERATIONS,
    ROTATION,
    STORES,
    Case,
)
from tools.checkout import Checkout
from tools.openbao import OpenBao

ROOT = Path(__file__).parents[2]

pytestmark = pytest.mark.xdist_group("bench")

_SECONDS = 120


@dataclass(frozen=True)
class States:
    """Of a stack of one number, as the engine exports it."""

    created: dict[str, Any]
    rotated: dict[str, Any]


def states_of(line: Line) -> States:
    """After its creation, with nothing to do in between, and after a rotation."""
    line.run(CREATE)
    created = line.stack.export()
    line.run(NO_OP_UP)  # fails where anything would change
    line.run(ROTATION)
    return States(created, line.stack.export())


@pytest.fixture(scope="module")
def bench(openbao: OpenBao, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Bench]:
    with running_graph(ROOT) as graph:
        yield Bench(Checkout(ROOT), tmp_path_factory.mktemp("bench"), graph, openbao)


@pytest.fixture(
    scope="module",
    params=[(store, *pair) for pair in ((NEAR, FLOOR), (NATIVE, NATIVE_FLOOR)) for store in STORES],
    ids=lambda found: f"{found[1].program}, {found[0]}",
)
def both(bench: Bench, request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> dict[str, States]:
    """The real stack and the floor that learnt from it."""
    store, ours, idle = request.param
    case, folder = Case(store, 1), tmp_path_factory.mktemp("both")
    real = states_of(bench.line(case, ours, folder / "real"))
    bench.learn(store, ours, real.created, real.rotated)
    return {"real": real, "floor": states_of(bench.line(case, idle, folder / "floor"))}


def shape(state: dict[str, Any]) -> dict[str, Any]:
    """By URN, which holds a resource's type and name: all of it but the values. The SDK lists in any order."""
    lists = ("inputs", "outputs", "dependencies", "additionalSecretOutputs")
    return {
        resource["urn"]: {
            "parent": resource.get("parent"),
            "custom": resource["custom"],
            "by property": {name: sorted(urns) for name, urns in resource.get("propertyDependencies", {}).items()},
            **{name: sorted(resource.get(name) or []) for name in lists},
        }
        for resource in state["deployment"]["resources"]
        if not resource["type"].startswith("pulumi:pulumi:")
    }


def test_the_floor_has_the_real_resources_with_their_properties_secrets_and_dependencies(
    both: dict[str, States],
) -> None:
    real, floor = both["real"], both["floor"]
    assert shape(floor.created) == shape(real.created)
    assert shape(floor.rotated) == shape(real.rotated)


def test_the_floors_state_is_smaller_than_the_real_one(both: dict[str, States]) -> None:
    """What a key takes in the state is what it costs beside providers that do nothing."""
    assert len(json.dumps(both["floor"].created)) < len(json.dumps(both["real"].created))
    assert len(json.dumps(both["floor"].rotated)) < len(json.dumps(both["real"].rotated))


def test_the_floors_state_holds_no_key(both: dict[str, States]) -> None:
    assert "PRIVATE KEY" in json.dumps(both["real"].created) or "hashivault:" in json.dumps(both["real"].created)
    assert "PRIVATE KEY" not in json.dumps([both["floor"].created, both["floor"].rotated])


def test_a_rotation_replaces_the_floors_key(both: dict[str, States]) -> None:
    def key_id(state: dict[str, Any]) -> str:
        (key,) = (one for one in state["deployment"]["resources"] if one["type"].endswith(":EncryptionKey"))
        return str(key["id"])

    assert key_id(both["floor"].created) != key_id(both["floor"].rotated)


def test_requests_are_counted_for_each_operation_and_nothing_to_do_makes_none(bench: Bench) -> None:
    samples = list(bench.measured(Planned(Case(IN_STACK, 2), 1, (FAR,))))
    assert [sample.operation for sample in samples] == list(OPERATIONS)
    asked = {sample.operation: sample.requests for sample in samples}
    assert (asked[NO_OP_UP], asked[NO_OP_PREVIEW]) == (0, 0)
    for operation in (CREATE, ROTATION):
        assert asked[operation] >= 2 * 2  # each number's key is published and read back


@pytest.mark.skipif(sys.platform != "linux", reason="the memory of another process is read from /proc")
def test_the_memory_is_that_of_a_python_process_which_runs_the_providers(bench: Bench) -> None:
    create = next(bench.measured(Planned(Case(IN_STACK, 1), 1, (NEAR,))))
    assert create.peak_bytes is not None
    assert 20 * 2**20 < create.peak_bytes < 1000 * 2**20


@pytest.mark.skipif(sys.platform != "linux", reason="what still runs is seen in /proc")
def test_an_interrupt_ends_the_bench_and_all_that_it_started(tmp_path: Path) -> None:
    with subprocess.Popen(
        [sys.executable, "-m", "tools.bench", "stacks", "--quick"],
        cwd=ROOT,
        env={**os.environ, "TMPDIR": str(tmp_path)},
        stdin=subprocess.DEVNULL,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
        start_new_session=True,
    ) as running:
        assert running.stdout is not None
        wait_for(lambda: any("pulumi.dynamic" in command for command in commands_with(f"TMPDIR={tmp_path}")))
        running.send_signal(signal.SIGINT)
        printed, errors = running.communicate(timeout=_SECONDS)
    assert running.returncode == 130, printed
    assert re.search(r"Interrupted\.\n$", errors), errors
    assert list(tmp_path.iterdir()) == []
    wait_for(lambda: not commands_with(f"TMPDIR={tmp_path}"))


def wait_for(condition: Callable[[], bool]) -> None:
    """Until it holds."""
    ends, pause = monotonic() + _SECONDS, Event()
    while not condition():
        assert monotonic() < ends
        pause.wait(0.05)


def commands_with(variable: str) -> list[str]:
    """The command lines of the processes that have it in their environment."""
    found = []
    for process in Path("/proc").glob("[0-9]*"):
        try:
            if variable.encode() in (process / "environ").read_bytes().split(b"\0"):
                found.append((process / "cmdline").read_bytes().decode(errors="replace"))
        except OSError:
            continue
    return found
