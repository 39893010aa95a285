"""What is measured of HTTP servers, and what is said of it: medians over the rounds, ratios within a round."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from importlib.metadata import version
from statistics import median

from tools.bench.rates import ratio

UVICORN, FASTAPI, GUNICORN = "uvicorn", "FastAPI on uvicorn", "gunicorn"
READS, EXCHANGE = "only reads the body", "cryptography in the event loop"
KIT, ASYNC_KIT = "this kit", "this kit, async handler"
SERVED_PYWA = f"pywa {version('pywa')}"
IN_ENVIRONMENT, IN_STORE = "in the environment", "in a store"
THREE_KEYS, TEN_KEYS = "3 keys, the form's is the last", "10 keys, the form's is the last"
NAMED = "50 numbers, forms of all, named by the path"
ONE_SENDER = "50 numbers, not named, forms of the last one"
ALL_SENDERS = "50 numbers, not named, forms of all"
MANY_KEYS = (THREE_KEYS, TEN_KEYS, NAMED, ONE_SENDER, ALL_SENDERS)
"""Applications that are the kit behind uvicorn with other keys than one."""


@dataclass(frozen=True)
class Round:
    """One burst of forms that a server answered; times in milliseconds, ``cpu`` for each form."""

    per_second: float
    cpu: float
    p50: float
    p99: float
    senders_share: float
    """Of one core, which the sender of the forms took: near 1 it would have measured itself."""


@dataclass(frozen=True)
class Figures:
    """Of one application behind one server; ``forms`` is how many it answered until ``peak_mib`` was read."""

    host: str
    application: str
    rounds: tuple[Round, ...]
    forms: int
    peak_mib: float

    def median(self, of: Callable[[Round], float]) -> float:
        """Of one figure."""
        return median(map(of, self.rounds))

    def ratio_to(self, other: "Figures", of: Callable[[Round], float]) -> float:
        """How many times that of ``other``, which was measured in the same rounds."""
        return ratio(tuple(map(of, self.rounds)), tuple(map(of, other.rounds)))


@dataclass(frozen=True)
class Flooded:
    """How long 99 of 100 forms take at most, in milliseconds, without the flood and beside it."""

    host: str
    keys: str
    quiet: float
    beside: float
    slowest_at_first: float
    """The longest that a form took in the flood's first seconds, which don't count in ``beside``."""
    failed: int
    """Forms beside the flood that were answered 503, or not in time."""

    @property
    def ratio(self) -> float:
        """How many times as long it is beside the flood."""
        return self.beside / self.quiet


@dataclass(frozen=True)
class Served:
    """Everything that a run found."""

    pinned: bool
    apart: bool
    """Whether the sender of the forms kept off the servers' core."""
    exchange: tuple[float, ...]
    """The processor time of the exchange alone in each round, in milliseconds."""
    figures: tuple[Figures, ...]

    def of(self, host: str, application: str) -> Figures:
        """Those of one application."""
        (found,) = (one for one in self.figures if (one.host, one.application) == (host, application))
        return found

    def floor(self, figures: Figures) -> Figures:
        """Those of the application that only reads, at the same server."""
        return self.of(figures.host, READS)

    def own_cpu(self, figures: Figures) -> float:
        """Milliseconds for each form that an application takes beyond its floor."""
        return median(mine.cpu - its.cpu for mine, its in zip(figures.rounds, self.floor(figures).rounds, strict=True))

    def own_cpu_to_exchange(self, figures: Figures) -> float:
        """How many times the exchange alone that is."""
        rounds = zip(figures.rounds, self.floor(figures).rounds, self.exchange, strict=True)
        return median((mine.cpu - its.cpu) / alone for mine, its, alone in rounds)


def percentile(figures: Sequence[float], percent: int) -> float:
    """The smallest of them that ``percent`` of 100 don't exceed."""
    ordered = sorted(figures)
    return ordered[max(0, -(-len(ordered) * percent // 100) - 1)]
