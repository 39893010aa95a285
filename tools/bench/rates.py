"""Rates measured in rounds, and what is said of them: medians, and ratios within a round.

A ratio is the median of the ratios of each round, so that a machine that slows down slows both sides.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from statistics import median


@dataclass(frozen=True)
class Rates:
    """Exchanges a second of one contender, one number for each round."""

    name: str
    per_second: tuple[float, ...]

    @property
    def median(self) -> float:
        """Exchanges a second."""
        return median(self.per_second)

    @property
    def microseconds(self) -> float:
        """Of one exchange, by the median."""
        return 1e6 / self.median

    @property
    def spread(self) -> float:
        """Half of the distance between the quartiles, as a part of the median: how noisy the machine was."""
        ordered = sorted(self.per_second)
        quarter = len(ordered) // 4
        return (ordered[-1 - quarter] - ordered[quarter]) / 2 / self.median

    def ratio_to(self, other: "Rates") -> float:
        """How many times as fast as ``other``, which was measured in the same rounds."""
        return ratio(self.per_second, other.per_second)


def ratio(ours: Sequence[float], theirs: Sequence[float]) -> float:
    """The median of the ratios of each round. Raises :class:`ValueError` when the rounds are not the same."""
    return median(one / other for one, other in zip(ours, theirs, strict=True))
