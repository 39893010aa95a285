"""Terminals as an SVG: each screen is a frame that CSS shows at its time; where nothing plays, the last one is seen."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import NamedTuple
from xml.sax.saxutils import escape

_LINE, _COLUMNS = 16, 132
_STEP = 0.5
"""Seconds between two frames; what changes oftener can't be read."""
_NOISE = ("@ updating", "make:")
_STYLE = """
  text { font: 12px ui-monospace, SFMono-Regular, Menlo, Consolas, 'DejaVu Sans Mono', monospace }
  text { fill: #1f2328; white-space: pre }
  .box { fill: #f6f8fa; stroke: #8b949e } .name { fill: #59636e } .good { fill: #1a7f37; font-weight: 600 }
  @media (prefers-color-scheme: dark) {
    text { fill: #e6edf3 } .box { fill: #161b22; stroke: #6e7681 } .name { fill: #9198a1 } .good { fill: #4ac26b }
  }
  @media (prefers-reduced-motion: reduce) { g { animation: none !important } }
"""


@dataclass(frozen=True)
class Take:
    """What one terminal showed: seconds and lines; ``rows``: so many of the last ones are seen."""

    name: str
    changes: Sequence[tuple[float, Sequence[str]]]
    rows: int

    def at(self, seconds: float) -> list[str]:
        """The rows that were seen then."""
        shown: Sequence[str] = []
        for moment, lines in self.changes:
            if moment <= seconds:
                shown = lines
        return [_cut(line) for line in shown if line.strip() and not line.startswith(_NOISE)][-self.rows :]


class Frame(NamedTuple):
    """The rows that are seen from one moment to another, in seconds."""

    begin: float
    end: float
    rows: list[str]


@dataclass(frozen=True)
class Film:
    """``seconds``: of the whole; ``frames``: of each take."""

    seconds: float
    takes: Sequence[Take]
    frames: Sequence[Sequence[Frame]]

    @classmethod
    def of(cls, takes: Sequence[Take]) -> "Film":
        """All takes by one clock; the last screen stays for a while before it begins again."""
        seconds = max(take.changes[-1][0] for take in takes) + 6.0
        return cls(seconds, takes, [_frames(take, seconds) for take in takes])


def film(title: str, shown: Film) -> str:
    """The SVG."""
    parts, top = [], 0
    for at, (take, frames) in enumerate(zip(shown.takes, shown.frames, strict=True)):
        height = take.rows * _LINE + 34
        parts.append(f'<rect class="box" x="1" y="{top + 1}" width="998" height="{height - 8}" rx="6"/>')
        parts += [_frame(f"t{at}f{index}", frame, shown.seconds, top) for index, frame in enumerate(frames)]
        top += height
    style = _STYLE + "".join(
        _rule(f"t{at}f{index}", frame, shown.seconds)
        for at, frames in enumerate(shown.frames)
        for index, frame in enumerate(frames)
    )
    head = f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 1000 {top}" width="1000" height="{top}">'
    return "\n".join([head, f"<title>{escape(title)}</title>", f"<style>{style}</style>", *parts, "</svg>", ""])


def _cut(line: str) -> str:
    return line if len(line) <= _COLUMNS else f"{line[: _COLUMNS - 1]}…"


def _frames(take: Take, seconds: float) -> list[Frame]:
    frames: list[Frame] = []
    for step in range(int(seconds / _STEP) + 1):
        moment, rows = step * _STEP, take.at(step * _STEP)
        if frames and frames[-1].rows == rows:
            frames[-1] = frames[-1]._replace(end=moment + _STEP)
        else:
            frames.append(Frame(moment, moment + _STEP, rows))
    return frames


def _frame(name: str, frame: Frame, seconds: float, top: int) -> str:
    rows = "".join(
        f'<text{_kind(row)} x="14" y="{top + 24 + at * _LINE}">{escape(row)}</text>'
        for at, row in enumerate(frame.rows)
    )
    unless_last = "" if frame.end >= seconds else ' opacity="0"'
    return f'<g id="{name}"{unless_last}>{rows}</g>'


def _kind(row: str) -> str:
    if row.startswith("$ "):
        return ' class="name"'
    return ' class="good"' if "live and verified" in row or "failed                 0" in row else ""


def _rule(name: str, frame: Frame, seconds: float) -> str:
    begin, end = (100 * moment / seconds for moment in (frame.begin, frame.end))
    hidden = "" if begin == 0 else f"0%,{begin:.2f}%{{opacity:0}}"
    after = "" if end >= 100 else f"{end:.2f}%,100%{{opacity:0}}"
    frames = f"@keyframes {name}{{{hidden}{begin:.2f}%,{min(end, 100):.2f}%{{opacity:1}}{after}}}"
    return f"\n  {frames} #{name}{{animation:{name} {seconds:.1f}s step-end infinite}}"
