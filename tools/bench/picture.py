"""A bar chart as an SVG, drawn by `tools.bench.bars` in the environment that has matplotlib."""

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


def draw(checkout: Checkout, python: Path, chart: Chart, file: Path) -> None:
    """Writes the picture; the same chart makes the same bytes. ``python``: one that has matplotlib."""
    file.parent.mkdir(parents=True, exist_ok=True)
    run_quietly([python, "-m", "tools.bench.bars", json.dumps(asdict(chart)), file], cwd=checkout.root)
