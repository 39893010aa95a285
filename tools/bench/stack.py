"""Stacks beside their floor on the real engine: in one run, in rounds in which all contenders take turns."""

import json
import os
import platform
from collections.abc import Iterator, Mapping, Sequence
from contextlib import ExitStack
from dataclasses import dataclass
from importlib.metadata import version
from itertools import count, product
from pathlib import Path
from tempfile import TemporaryDirectory
from time import monotonic, perf_counter
from typing import Any

from tools.bench.contender import cores
from tools.bench.engine import Ran, Stack
from tools.bench.graph import Graph, running_graph
from tools.bench.stack_figures import (
    CREATE,
    FAR,
    FLOOR,
    FOUR_PROVIDERS,
    IN_OPENBAO,
    IN_STACK,
    NATIVE,
    NATIVE_FAR,
    NATIVE_FLOOR,
    NEAR,
    NO_OP_PREVIEW,
    NO_OP_UP,
    OPERATIONS,
    ROTATION,
    SKIPPING,
    SKIPPING_FLOOR,
    STORES,
    Case,
    Contender,
    Figures,
    Machine,
    Sample,
)
from tools.bench.stacks import TEMPLATE
from tools.bench.template import template
from tools.checkout import Checkout
from tools.local_engine import search_path
from tools.openbao import OpenBao
from tools.processes import part, say
from tools.stop import Stop
from tools.toolchain.acquire import recorded_engine
from whatsapp_flow_keys.keys import PrivateKey
from whatsapp_flow_keys.stores.urls import STACK

_UP = ("up", "--yes", "--skip-preview")
_COMMANDS = {
    CREATE: _UP,
    NO_OP_UP: (*_UP, "--expect-no-changes"),
    NO_OP_PREVIEW: ("preview", "--expect-no-changes"),
    ROTATION: _UP,
}


EVERYWHERE = (FLOOR, NEAR, FAR, NATIVE_FLOOR, NATIVE, NATIVE_FAR)
"""Those that take turns in every case."""


@dataclass(frozen=True)
class Planned:
    """A case, how often, and who takes turns in it."""

    case: Case
    rounds: int
    contenders: tuple[Contender, ...] = EVERYWHERE


@dataclass(frozen=True)
class Plan:
    """How long to measure. ``keys``: how many are made, to know what one takes."""

    cases: tuple[Planned, ...]
    keys: int


# With the stack as the store, a registration refuses to run without checkpoints.
_VARIANTS = {IN_STACK: (FOUR_PROVIDERS, SKIPPING_FLOOR), IN_OPENBAO: (FOUR_PROVIDERS, SKIPPING_FLOOR, SKIPPING)}
FULL = Plan(
    tuple(Planned(Case(store, numbers), rounds) for numbers, rounds in ((1, 5), (10, 2)) for store in STORES)
    + tuple(Planned(Case(store, 100), 1, (*EVERYWHERE, *_VARIANTS[store])) for store in STORES),
    keys=40,
)
QUICK = Plan((Planned(Case(IN_STACK, 1), 1), Planned(Case(IN_STACK, 3), 1), Planned(Case(IN_OPENBAO, 1), 1)), keys=4)
"""Too short to mean much."""


def measure(checkout: Checkout, plan: Plan) -> Figures:
    """Raises `Stop` when a server or the engine fails, or a stack doesn't do what it should."""
    with ExitStack() as stack:
        folder = Path(stack.enter_context(TemporaryDirectory(prefix="bench-")))
        graph = stack.enter_context(running_graph(checkout.root))
        openbao = stack.enter_context(OpenBao())
        bench = Bench(checkout, folder, graph, openbao)
        with part(f"Making {plan.keys} keys"):
            key_seconds = _key_seconds(plan.keys)
        bench.warm_up()
        samples = tuple(sample for planned in plan.cases for sample in bench.measured(planned))
        return Figures(_machine(checkout, openbao), key_seconds, samples)


class Line:
    """A contender in a round: its stack, and the phone numbers that it has for itself."""

    def __init__(self, contender: Contender, stack: Stack, numbers: Sequence[str], stores: Sequence[str]) -> None:
        self.contender, self.stack, self.numbers = contender, stack, numbers
        self._stores = stores

    def run(self, operation: str) -> Ran:
        """One operation; a rotation is another trigger."""
        trigger = "second" if operation == ROTATION else "first"
        given = {"numbers": self.numbers, "stores": self._stores, "providers": self.contender.providers}
        self.stack.declare({**given, "rotation_trigger": trigger})
        return self.stack.run(*_COMMANDS[operation])


class Bench:
    """What all rounds share: the servers, and what the floor's resources record."""

    def __init__(self, checkout: Checkout, folder: Path, graph: Graph, openbao: OpenBao) -> None:
        self._checkout, self._folder, self._graph, self._openbao = checkout, folder, graph, openbao
        self._idle_plugin = folder / "idle-plugin" / "pulumi-resource-whatsapp"
        self._idle_plugin.parent.mkdir()
        self._idle_plugin.write_text(f'#!/bin/sh\nexec "{checkout.python}" -m tools.bench.idle_plugin "$@"\n')
        self._idle_plugin.chmod(0o755)
        self._started = monotonic()
        self._names = count(1)

    def warm_up(self) -> None:
        """Learns from real stacks what the floors' record; meanwhile what nobody has run yet is compiled."""
        for store, contender in product(STORES, (NEAR, NATIVE)):
            what = f"Warming up, with the keys in {store}, {contender.name}"
            with part(what), TemporaryDirectory(dir=self._folder) as folder:
                line = self.line(Case(store, 1), contender, Path(folder))
                line.run(CREATE)
                created = line.stack.export()
                line.run(ROTATION)
                self.learn(store, contender, created, line.stack.export())

    def learn(self, store: str, contender: Contender, created: Mapping[str, Any], rotated: Mapping[str, Any]) -> None:
        """The template of a contender's floor for this store, from a real stack's states."""
        self._template(store, contender).write_text(json.dumps(template(created, rotated)), encoding="utf-8")

    def measured(self, planned: Planned) -> Iterator[Sample]:
        """Every sample of a case, with a line on the terminal for each."""
        for at in range(planned.rounds):
            for sample in self._round(planned):
                store, numbers = sample.case
                what = f"{numbers} in {store}, {sample.operation}, {sample.contender.name}"
                elapsed = round(monotonic() - self._started)
                round_ = f"round {at + 1} of {planned.rounds}"
                say(f"{elapsed // 60:3}:{elapsed % 60:02}  {what}, {round_}: {sample.seconds:.1f} s")
                yield sample

    def line(self, case: Case, contender: Contender, folder: Path) -> Line:
        """A new stack in a folder below ``folder``, with phone numbers that no other has."""
        numbers = [f"1065{next(self._names):011}" for _ in range(case.numbers)]
        self._graph.add(numbers)
        stores = [self._store(case.store, number) for number in numbers]
        environment = {
            "WHATSAPP_GRAPH_URL": self._graph.url,
            "WHATSAPP_ACCESS_TOKEN": self._graph.token,
            **self._openbao.environment,
            **({} if contender.checkpoints else {"PULUMI_SKIP_CHECKPOINTS": "1"}),
            TEMPLATE: str(self._template(case.store, contender)),
            **(self._with_idle_plugin() if contender.is_idle and contender.is_native else {}),
        }
        return Line(
            contender, Stack(folder / numbers[0], contender.program, environment, self._checkout), numbers, stores
        )

    def _round(self, planned: Planned) -> Iterator[Sample]:
        with TemporaryDirectory(dir=self._folder) as folder:
            lines = [self.line(planned.case, contender, Path(folder)) for contender in planned.contenders]
            for operation in OPERATIONS:
                for line in lines:
                    if operation in line.contender.operations:
                        yield self._sample(planned.case, line, operation)

    def _template(self, store: str, contender: Contender) -> Path:
        return self._folder / f"{'native' if contender.is_native else 'dynamic'}-{store}.json"

    def _with_idle_plugin(self) -> Mapping[str, str]:
        first = [self._idle_plugin.parent, self._checkout.venv_bin, recorded_engine(self._checkout).folder]
        return {"PATH": search_path(first, os.environ)}

    def _store(self, store: str, number: str) -> str:
        return STACK if store == IN_STACK else self._openbao.url(f"secret/flows/{number}")

    def _sample(self, case: Case, line: Line, operation: str) -> Sample:
        before = self._graph.fingerprints(line.numbers)
        self._graph.prepare(line.contender.latency)
        ran = line.run(operation)
        if not line.contender.is_idle:
            check(operation, before, self._graph.fingerprints(line.numbers))
        return Sample(
            case,
            line.contender,
            operation,
            seconds=ran.seconds,
            requests=self._graph.requests(),
            state_bytes=line.stack.state_bytes(),
            peak_bytes=ran.peak_bytes,
        )


def check(operation: str, before: Sequence[str | None], after: Sequence[str | None]) -> None:
    """Raises `Stop` where the wrong keys are served: the time means nothing then."""
    changed = [old != new for old, new in zip(before, after, strict=True)]
    right = all(changed) if operation in (CREATE, ROTATION) else not any(changed)
    if not right or None in after:
        raise Stop(f"After `{operation}` Meta's emulator doesn't serve the keys that it should.")


def _key_seconds(keys: int) -> float:
    started = perf_counter()
    for _ in range(keys):
        PrivateKey.generate()
    return (perf_counter() - started) / keys


def _machine(checkout: Checkout, openbao: OpenBao) -> Machine:
    return Machine(
        system=f"{platform.system()} on {platform.machine()}",
        cores=cores(),
        python=platform.python_version(),
        pulumi=recorded_engine(checkout).version,
        sdk=version("pulumi"),
        openbao=str(openbao.client().sys.read_health_status(method="GET")["version"]),
    )
