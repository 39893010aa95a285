"""The endpoint's exchange beside what people would use instead: in one run, on one core, in rounds that take turns."""

import platform
import sys
from collections.abc import Iterable, Sequence
from contextlib import ExitStack
from dataclasses import dataclass
from pathlib import Path
from statistics import median

import cryptography
from cryptography.hazmat.backends.openssl import backend

from tools.bench import openssl
from tools.bench.contender import ColdStart, Contender, Running, cores, on_one_core, running, start_cold
from tools.bench.environments import ensure_environment
from tools.bench.rates import Rates, ratio
from tools.bench.task import Task
from tools.checkout import Checkout
from tools.processes import part, say

REFERENCE = "cryptography, key loaded once"
KIT_ANSWER = "this kit: FlowEndpoint.answer"
KIT_EXCHANGE = "this kit: decrypt and encrypt"
PYWA, FORMER_PYWA = "pywa 4.5.0, default functions", "pywa 4.3.1, default functions"

_REQUESTS = 32


@dataclass(frozen=True)
class Plan:
    """How long to measure: rounds, seconds of each contender in a round, of openssl each time, cold starts of each."""

    rounds: int
    seconds: float
    openssl_seconds: int
    cold_starts: int
    with_pywa: bool


FULL = Plan(rounds=15, seconds=0.5, openssl_seconds=3, cold_starts=9, with_pywa=True)
QUICK = Plan(rounds=3, seconds=0.05, openssl_seconds=1, cold_starts=1, with_pywa=False)
"""Only what needs no download, and too short to mean much."""


@dataclass(frozen=True)
class Machine:
    """What it was measured on."""

    system: str
    cores: int
    pinned: bool
    python: str
    cryptography: str
    openssl_of_cryptography: str
    openssl: str | None


@dataclass(frozen=True)
class Cold:
    """A contender's cold starts: the medians."""

    name: str
    milliseconds: float
    peak_mib: float


@dataclass(frozen=True)
class Threads:
    """How many times as many exchanges two threads do as one."""

    name: str
    ratio: float


@dataclass(frozen=True)
class Measured:
    """Everything that a run found; ``floor`` is in private operations a second."""

    machine: Machine
    plan: Plan
    floor: float | None
    rates: tuple[Rates, ...]
    threads: tuple[Threads, ...]
    cold: tuple[Cold, ...]

    def of(self, name: str) -> Rates | None:
        """The rates of a contender, None where it was not measured."""
        return next((rates for rates in self.rates if rates.name == name), None)


def measure(checkout: Checkout, plan: Plan) -> Measured:
    """Raises `Stop` when a contender can't be had, or answers wrongly."""
    task = Task.make(_REQUESTS)
    contenders = _contenders(checkout, task, plan)
    with on_one_core() as pinned:
        before = _floor(plan.openssl_seconds)
        rates = _rates(contenders, task, plan, checkout)
        between = _floor(plan.openssl_seconds)
        cold = _cold(contenders, task, plan, checkout)
        after = _floor(plan.openssl_seconds)
    threads = _threads(contenders, task, plan, checkout) if cores() > 1 else ()
    return Measured(_machine(pinned), plan, _median([before, between, after]), rates, threads, cold)


def _contenders(checkout: Checkout, task: Task, plan: Plan) -> list[Contender]:
    here, modules = Path(sys.executable), "tools.bench.contenders"
    path = ":".join(str(checkout.root / folder) for folder in ("components", "providers"))
    kit = {"PYTHONPATH": path, **task.environment}
    found = [
        Contender(REFERENCE, f"{modules}.cryptography_alone", here),
        Contender(KIT_EXCHANGE, f"{modules}.kit_exchange", here, kit),
        Contender(KIT_ANSWER, f"{modules}.kit_answer", here, kit),
    ]
    if plan.with_pywa:
        for name, environment in ((PYWA, "pywa-4.5.0"), (FORMER_PYWA, "pywa-4.3.1")):
            found.append(Contender(name, f"{modules}.pywa_default", ensure_environment(checkout, environment)))
    return found


def _median(rates: Sequence[float | None]) -> float | None:
    known = [rate for rate in rates if rate is not None]
    return median(known) if known else None


def _floor(seconds: int) -> float | None:
    with part("Measuring openssl's bare RSA-2048 private operation"):
        return openssl.private_operations(seconds)


def _rates(contenders: Sequence[Contender], task: Task, plan: Plan, checkout: Checkout) -> tuple[Rates, ...]:
    with ExitStack() as stack:
        started = [stack.enter_context(running(contender, task, checkout.root)) for contender in contenders]
        return _in_turns(started, plan, "Measuring one exchange after the other", threads=(1,))[0]


def _threads(contenders: Iterable[Contender], task: Task, plan: Plan, checkout: Checkout) -> tuple[Threads, ...]:
    with ExitStack() as stack:
        started = [
            stack.enter_context(running(contender, task, checkout.root))
            for contender in contenders
            if contender.name in (KIT_ANSWER, REFERENCE)
        ]
        one, two = _in_turns(started, plan, "Measuring two threads beside one", threads=(1, 2))
    return tuple(
        Threads(single.name, ratio(double.per_second, single.per_second))
        for single, double in zip(one, two, strict=True)
    )


def _in_turns(
    started: Sequence[Running], plan: Plan, title: str, *, threads: tuple[int, ...]
) -> list[tuple[Rates, ...]]:
    """For each number of threads, the rates of each contender. All take turns within a round."""
    exchanges = [_exchanges_in(plan.seconds, contender) for contender in started]
    found: list[list[list[float]]] = [[[] for _ in started] for _ in threads]
    say(f"{title}, {plan.rounds} rounds:", end="")
    for at in range(plan.rounds):
        say(f" {at + 1}", end="")
        for contender, count, place in zip(started, exchanges, range(len(started)), strict=True):
            for number, rates in zip(threads, found, strict=True):
                rates[place].append(count / contender.seconds_for(count, number))
    say("")
    names = [contender.name for contender in started]
    return [tuple(Rates(name, tuple(each)) for name, each in zip(names, rates, strict=True)) for rates in found]


def _exchanges_in(seconds: float, contender: Running) -> int:
    """An even number that takes about so long."""
    few = 8
    once = min(contender.seconds_for(few) for _ in range(3)) / few
    return max(2, round(seconds / once / 2) * 2)


def _cold(contenders: Iterable[Contender], task: Task, plan: Plan, checkout: Checkout) -> tuple[Cold, ...]:
    measured = [contender for contender in contenders if contender.name in (REFERENCE, KIT_ANSWER, PYWA)]
    with part("Measuring cold starts"):
        rounds = [
            [start_cold(contender, task, checkout.root) for contender in measured] for _ in range(plan.cold_starts)
        ]
    return tuple(
        _median_start(contender.name, starts)
        for contender, starts in zip(measured, zip(*rounds, strict=True), strict=True)
    )


def _median_start(name: str, starts: Sequence[ColdStart]) -> Cold:
    milliseconds = median(start.seconds for start in starts) * 1e3
    return Cold(name, milliseconds, median(start.peak_bytes for start in starts) / 2**20)


def _machine(pinned: bool) -> Machine:
    return Machine(
        system=f"{platform.system()} on {platform.machine()}",
        cores=cores(),
        pinned=pinned,
        python=platform.python_version(),
        cryptography=cryptography.__version__,
        openssl_of_cryptography=" ".join(backend.openssl_version_text().split()[:2]),
        openssl=openssl.version(),
    )
