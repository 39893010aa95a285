"""What a run of the stacks' bench found: samples, and the medians and ratios that are said of them."""

from collections.abc import Iterable
from dataclasses import dataclass, replace
from statistics import median
from typing import NamedTuple

from tools.bench.rates import ratio

IN_STACK, IN_OPENBAO = "the stack", "OpenBao"
"""Where the keys are kept."""
STORES = (IN_STACK, IN_OPENBAO)

CREATE, NO_OP_UP, NO_OP_PREVIEW, ROTATION = "create", "nothing to do", "preview, nothing to do", "rotation"
OPERATIONS = (CREATE, NO_OP_UP, NO_OP_PREVIEW, ROTATION)
"""In the order in which each stack goes through them; all but the preview are `pulumi up --skip-preview`."""

LATENCY = 0.2
"""Seconds that each answer of the Graph API takes."""


@dataclass(frozen=True)
class Contender:
    """A stack that is measured beside others. ``program``: a folder of `tools.bench.stacks`. ``is_idle``: its providers
    do nothing."""

    name: str
    program: str
    is_idle: bool = False
    latency: float = 0.0
    providers: int = 0
    checkpoints: bool = True
    operations: tuple[str, ...] = OPERATIONS

    @property
    def is_native(self) -> bool:
        """Whether its resources are those of a plugin."""
        return self.program == "native"


FLOOR = Contender("floor", "floor", is_idle=True)
NEAR = Contender("no latency", "keys")
FAR = Contender(f"{LATENCY * 1000:.0f} ms", "keys", latency=LATENCY)
NATIVE_FLOOR = Contender("native floor", "native", is_idle=True)
NATIVE = Contender(f"native, {NEAR.name}", "native")
NATIVE_FAR = Contender(f"native, {FAR.name}", "native", latency=LATENCY)
FOUR_PROVIDERS = replace(FAR, name=f"{FAR.name}, 4 providers", providers=4, operations=(CREATE,))
SKIPPING_FLOOR = replace(FLOOR, name="floor, no checkpoints", checkpoints=False, operations=(CREATE,))
SKIPPING = replace(FAR, name=f"{FAR.name}, no checkpoints", checkpoints=False, operations=(CREATE,))


class Case(NamedTuple):
    """What contenders have in common."""

    store: str
    numbers: int


@dataclass(frozen=True)
class Sample:
    """One command of one contender in one round."""

    case: Case
    contender: Contender
    operation: str
    seconds: float
    requests: int
    """At the Graph API."""
    state_bytes: int
    peak_bytes: int | None = None
    """Resident memory of the provider's process; None where it can't be known."""


@dataclass(frozen=True)
class Machine:
    """What it was measured on."""

    system: str
    cores: int
    python: str
    pulumi: str
    sdk: str
    openbao: str


@dataclass(frozen=True)
class Figures:
    """Everything that a run found; ``key_seconds``: what making one key takes on one core, the mean of many."""

    machine: Machine
    key_seconds: float
    samples: tuple[Sample, ...]

    def cases(self) -> list[Case]:
        """As they were measured."""
        return list(dict.fromkeys(sample.case for sample in self.samples))

    def sizes(self, store: str) -> list[int]:
        """The numbers of phone numbers that were measured with this store."""
        return [case.numbers for case in self.cases() if case.store == store]

    def of(self, case: Case, contender: Contender, operation: str) -> list[Sample]:
        """One sample for each round; none where it was not measured."""
        wanted = (case, contender, operation)
        return [found for found in self.samples if (found.case, found.contender, found.operation) == wanted]

    def rounds(self, case: Case) -> int:
        """How often it was measured."""
        return len(self.of(case, FLOOR, CREATE))

    def seconds(self, case: Case, contender: Contender, operation: str) -> float | None:
        """The median of the rounds."""
        return _median(sample.seconds for sample in self.of(case, contender, operation))

    def ratio(self, case: Case, contender: Contender, operation: str, base: Contender = FLOOR) -> float | None:
        """How many times as long as ``base`` took, the median of each round's ratio: a slow moment slows both."""
        ours, floor = self.of(case, contender, operation), self.of(case, base, operation)
        if not ours or not floor:
            return None
        return ratio([sample.seconds for sample in ours], [sample.seconds for sample in floor])

    def requests(self, case: Case, operation: str, contenders: Iterable[Contender] = ()) -> int | None:
        """At the Graph API, the most that were seen in any round; by default the dynamic provider's, at any latency."""
        found = [sample for one in contenders or (NEAR, FAR) for sample in self.of(case, one, operation)]
        return max((sample.requests for sample in found), default=None)

    def state_bytes(self, case: Case, contender: Contender, operation: str) -> float | None:
        """The size of the state after it."""
        return _median(sample.state_bytes for sample in self.of(case, contender, operation))

    def peak_bytes(self, case: Case, contender: Contender, operation: str) -> int | None:
        """The largest of the rounds."""
        peaks = [sample.peak_bytes for sample in self.of(case, contender, operation)]
        return max((peak for peak in peaks if peak is not None), default=None)


def _median(values: Iterable[float]) -> float | None:
    found = list(values)
    return median(found) if found else None
