"""Charts as SVGs, drawn by `tools.bench.bars` and `tools.bench.lines` in the environment that has matplotlib."""

import json
from collections.abc import Sequence
from dataclasses import asdict, dataclass
from pathlib import Path

from tools.checkout import Checkout
from tools.processes import run_quietly


@dataclass(frozen=True)
class Bar:
    """One bar, the first on top."""

    name: str
    value: float
    label: str
    kind: str
    """What it is to the reader, which decides its colour: ``ours``, ``theirs`` or ``floor``."""


@dataclass(frozen=True)
class Chart:
    """Horizontal bars that begin at zero, each with its number."""

    title: str
    subtitle: str
    bars: Sequence[Bar]


@dataclass(frozen=True)
class Curve:
    """``points``: what is across, and seconds. ``kind`` decides its colour: ``floor``, ``near`` or ``far``."""

    name: str
    kind: str
    points: Sequence[tuple[int, float]]


@dataclass(frozen=True)
class Panel:
    """Curves in one pair of axes."""

    title: str
    curves: Sequence[Curve]


@dataclass(frozen=True)
class Curves:
    """Panels side by side, both axes logarithmic, all with the same axis of seconds."""

    title: str
    subtitle: str
    across: str
    panels: Sequence[Panel]


def draw(checkout: Checkout, python: Path, chart: Chart | Curves, file: Path) -> None:
    """Writes the picture; the same chart makes the same bytes. ``python``: one that has matplotlib."""
    file.parent.mkdir(parents=True, exist_ok=True)
    module = "tools.bench.bars" if isinstance(chart, Chart) else "tools.bench.lines"
    run_quietly([python, "-m", module, json.dumps(asdict(chart)), file], cwd=checkout.root)
