"""How a stack's time grows with its numbers, and how many numbers to a stack that speaks for."""

import math
from collections.abc import Sequence
from dataclasses import dataclass

from tools.bench.stack_figures import CREATE, FAR, STORES, Case, Contender, Figures

_HALF_AS_MUCH_AGAIN = 1.5


@dataclass(frozen=True)
class Growth:
    """Seconds of n numbers: ``start + each * n + square * n * n``."""

    start: float
    each: float
    square: float

    @classmethod
    def through(cls, points: Sequence[tuple[int, float]]) -> "Growth | None":
        """The curve through three sizes and their seconds; None for fewer sizes, or where it isn't one that grows so:
        a small stack's start takes time, and no part is negative."""
        if len(points) != 3:
            return None
        (n1, t1), (n2, t2), (n3, t3) = points
        first, second = (t2 - t1) / (n2 - n1), (t3 - t2) / (n3 - n2)
        square = (second - first) / (n3 - n1)
        each = first - square * (n1 + n2)
        start = t1 - each * n1 - square * n1 * n1
        return cls(start, each, square) if min(start, each, square) > 0 else None

    def seconds(self, numbers: float) -> float:
        """What so many numbers take."""
        return self.start + self.each * numbers + self.square * numbers * numbers

    @property
    def cheapest(self) -> int:
        """The size of the stack in which a number costs least."""
        return max(1, round(math.sqrt(self.start / self.square)))

    @property
    def largest(self) -> int:
        """The largest size at which a number costs at most half as much again."""
        # start/n + each + square*n = limit, the larger root
        excess = self.seconds(self.cheapest) / self.cheapest * _HALF_AS_MUCH_AGAIN - self.each
        return math.floor((excess + math.sqrt(excess**2 - 4 * self.start * self.square)) / (2 * self.square))


def advice(figures: Figures) -> list[str]:
    """How many numbers to a stack: a few sentences for each store."""
    return [line for store in STORES for line in _advice(figures, store)]


def growth_points(figures: Figures, store: str, contender: Contender) -> list[tuple[int, float]]:
    """Sizes and seconds of a creation."""
    found = [(numbers, figures.seconds(Case(store, numbers), contender, CREATE)) for numbers in figures.sizes(store)]
    return [(numbers, seconds) for numbers, seconds in found if seconds is not None]


def _advice(figures: Figures, store: str) -> list[str]:
    points = growth_points(figures, store, FAR)
    costs = ", ".join(f"{seconds / numbers:.2f} s in a stack of {numbers}" for numbers, seconds in points)
    begin = f"Keys in {store}, {FAR.name} from Meta: a number takes {costs}."
    growth = Growth.through(points)
    if growth is None:
        return [begin] if points else []
    numbers = points[-1][0]
    doubled, halves = growth.seconds(2 * numbers), 2 * growth.seconds(numbers)
    square = growth.square * numbers**2 / growth.seconds(numbers)
    return [
        f"{begin}\n  So {_best_sizes(growth)}\n  In a stack of {numbers}, {square:.0%} of the time is the part that "
        f"grows with the square of the numbers. By the curve\n  through the three sizes, {2 * numbers} would take "
        f"{doubled:.0f} s in one stack, {halves:.0f} s in two, one after the other."
    ]


def _best_sizes(growth: Growth) -> str:
    return (
        f"a number costs least in a stack of about {_rounded(growth.cheapest)}, and at most half as much again in one "
        f"of up to about {_rounded(growth.largest)}."
    )


def _rounded(numbers: int) -> int:
    return round(numbers, -1) if numbers >= 20 else numbers
