"""Draws curves with matplotlib, panels side by side, into an SVG (or a PNG to look at): `python -m tools.bench.lines`
with a chart and a file.

It runs where nothing of the project is installed. As in `tools.bench.bars`: no background, and greys and colours that
stand out from white and from near black alike.
"""

import json
import sys
from typing import Any

import matplotlib

matplotlib.use("svg")
import matplotlib.pyplot as plt
from matplotlib.ticker import FixedLocator, FuncFormatter, NullLocator

_TEXT, _GRID = "#768390", "#8b949e55"
_STYLES: dict[str, dict[str, Any]] = {
    "floor": {"color": "#bf8700", "linestyle": (0, (1, 1.4))},
    "near": {"color": "#2f81f7", "linestyle": "-"},
    "far": {"color": "#a371f7", "linestyle": (0, (5, 2))},
}
_LABEL_POINTS = 13
_SECONDS = (1, 2, 5, 10, 20, 50, 100, 200, 500, 1000)


def draw(chart: dict[str, Any], file: str) -> None:
    """``chart``: the fields of `tools.bench.picture.Curves`. The same chart makes the same bytes."""
    plt.rcParams.update({"svg.hashsalt": "bench", "font.size": 11, "text.color": _TEXT, "axes.labelcolor": _TEXT})
    panels = chart["panels"]
    figure, all_axes = plt.subplots(1, len(panels), figsize=(8.6, 3.9), sharey=True, squeeze=False)
    for panel, axes in zip(panels, all_axes[0], strict=True):
        _draw_panel(axes, panel, chart["across"])
    _scale(all_axes[0][0], [point for panel in panels for curve in panel["curves"] for point in curve["points"]])
    for panel, axes in zip(panels, all_axes[0], strict=True):
        _label_ends(axes, panel["curves"])
    figure.legend(
        handles=all_axes[0][0].get_lines(),
        frameon=False,
        labelcolor=_TEXT,
        handlelength=2.6,
        columnspacing=2.5,
        loc="upper center",
        bbox_to_anchor=(0.5, 0.01),
        ncol=len(panels[0]["curves"]),
    )
    figure.suptitle(chart["title"], x=0.06, y=1.06, ha="left", fontsize=12, fontweight="bold")
    figure.text(0.06, 0.975, chart["subtitle"], fontsize=10)
    figure.subplots_adjust(wspace=0.06)
    metadata = {"Date": None, "Creator": None} if file.endswith(".svg") else None
    figure.savefig(file, transparent=True, metadata=metadata, bbox_inches="tight", pad_inches=0.15)


def _draw_panel(axes: Any, panel: dict[str, Any], across: str) -> None:
    for curve in panel["curves"]:
        at, seconds = zip(*curve["points"], strict=True)
        axes.plot(at, seconds, label=curve["name"], marker="o", markersize=4, linewidth=2, **_STYLES[curve["kind"]])
    axes.set_xscale("log")
    axes.set_yscale("log")
    ticks = sorted({point[0] for curve in panel["curves"] for point in curve["points"]})
    axes.xaxis.set_major_locator(FixedLocator(ticks))
    axes.xaxis.set_minor_locator(NullLocator())
    axes.xaxis.set_major_formatter(FuncFormatter(lambda value, _: f"{value:.0f}"))
    axes.set_xlabel(across)
    axes.set_title(panel["title"], fontsize=11)
    axes.tick_params(length=0, colors=_TEXT)
    axes.grid(color=_GRID, linewidth=0.8)
    axes.set_axisbelow(True)
    axes.spines[:].set_visible(False)


def _label_ends(axes: Any, curves: list[dict[str, Any]]) -> None:
    """Each curve's last point has its number, raised where it would cover the one below."""
    points_in_pixel, below = 72 / axes.figure.dpi, float("-inf")
    for curve in sorted(curves, key=lambda curve: float(curve["points"][-1][1])):
        at, seconds = curve["points"][-1]
        height = axes.transData.transform((at, seconds))[1] * points_in_pixel
        raised = max(0.0, below + _LABEL_POINTS - height)
        below = height + raised
        axes.annotate(
            f"{seconds:.0f} s" if seconds >= 10 else f"{seconds:.1f} s",
            (at, seconds),
            (7, raised - 4),
            textcoords="offset points",
            fontsize=10,
            color=_STYLES[curve["kind"]]["color"],
        )


def _scale(axes: Any, points: list[tuple[float, float]]) -> None:
    seconds = [point[1] for point in points]
    axes.set_ylim(min(seconds) * 0.7, max(seconds) * 1.4)
    axes.yaxis.set_major_locator(FixedLocator(_SECONDS))
    axes.yaxis.set_minor_locator(NullLocator())
    axes.yaxis.set_major_formatter(FuncFormatter(lambda value, _: f"{value:.0f} s"))


if __name__ == "__main__":
    draw(json.loads(sys.argv[1]), sys.argv[2])
