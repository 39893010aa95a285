"""Draws horizontal bars with matplotlib, into an SVG (or a PNG to look at): `python -m tools.bench.bars CHART FILE`.

It runs where nothing of the project is installed. No background, and greys and colours that stand out from white and
from near black alike, since GitHub shows the same file in its light and in its dark mode.
"""

import json
import sys
from typing import Any

import matplotlib

matplotlib.use("svg")
import matplotlib.pyplot as plt

_TEXT = "#768390"
_COLOURS = {"ours": "#2f81f7", "theirs": "#8b949e", "floor": "#bf8700"}


def draw(chart: dict[str, Any], file: str) -> None:
    """``chart``: the fields of `tools.bench.picture.Chart`. The same chart makes the same bytes."""
    bars = chart["bars"]
    plt.rcParams.update({"svg.hashsalt": "bench", "font.size": 11, "text.color": _TEXT, "axes.labelcolor": _TEXT})
    figure, axes = plt.subplots(figsize=(8.6, 0.5 * len(bars) + 0.9))
    drawn = axes.barh(
        [bar["name"] for bar in bars],
        [bar["value"] for bar in bars],
        color=[_COLOURS[bar["kind"]] for bar in bars],
        height=0.62,
    )
    axes.bar_label(drawn, labels=[bar["label"] for bar in bars], padding=6, color=_TEXT)
    for name, bar in zip(axes.get_yticklabels(), bars, strict=True):
        name.set_fontweight("bold" if bar["kind"] == "ours" else "normal")
    axes.invert_yaxis()
    axes.margins(x=0.12)
    axes.set_title(chart["title"], loc="left", fontsize=12, fontweight="bold", pad=24)
    axes.annotate(chart["subtitle"], (0, 1), (0, 10), xycoords="axes fraction", textcoords="offset points", fontsize=10)
    axes.tick_params(length=0, colors=_TEXT)
    axes.xaxis.set_visible(False)  # each bar has its number
    axes.spines[:].set_visible(False)
    metadata = {"Date": None, "Creator": None} if file.endswith(".svg") else None
    figure.savefig(file, transparent=True, metadata=metadata, bbox_inches="tight", pad_inches=0.15)


if __name__ == "__main__":
    draw(json.loads(sys.argv[1]), sys.argv[2])
