"""The table of docs/model-checking.md: how large each search is. A search that goes blind shrinks."""

import fcntl
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import NamedTuple

PAGE = Path(__file__).parents[2] / "docs" / "model-checking.md"
_HEAD = "| search | faults | states | moves | steps |"
_SUM = "| **all down to here** |"

LONGEST = 35_000
"""The steps of a search that `make test` makes, at most, of those down to the sum; `make soak` makes all of them."""


class Counts(NamedTuple):
    """Of one search, or of all."""

    states: int
    moves: int
    steps: int


def recorded() -> dict[str, Counts]:
    """Of the searches down to the sum, by what names one on the command line."""
    return {_label(line): _counts(line) for line in _rows()}


def recorded_below() -> dict[str, Counts]:
    """Of those below the sum."""
    lines = PAGE.read_text().splitlines()
    return {_label(line): _counts(line) for line in lines[_at_sum(lines) + 1 : _end(lines)]}


def recorded_sum() -> Counts:
    """The row that is the sum of the others."""
    (line,) = (line for line in PAGE.read_text().splitlines() if line.startswith(_SUM))
    return _counts(line.replace("*", ""))


def of_make_test() -> list[Counts]:
    """Of the searches that `make test` makes."""
    return [counts for counts in recorded().values() if counts.steps <= LONGEST]


def total(counts: list[Counts]) -> Counts:
    """What the sum should say."""
    return Counts(*(sum(column) for column in zip(*counts, strict=True)))


def write(row: str, order: Sequence[str]) -> None:
    """Puts a row into the table down to the sum, whose rows are those of ``order``, and sums up again. Many workers
    write one after the other."""
    with _lines() as lines:
        begin, end = lines.index(_HEAD) + 2, _at_sum(lines)
        kept = _in_order([*lines[begin:end], row], order)
        sums = total([_counts(line) for line in kept])
        lines[begin : end + 1] = [*kept, f"{_SUM} | " + " | ".join(f"**{count:,}**" for count in sums) + " |"]


def write_below(row: str, order: Sequence[str]) -> None:
    """The same for a search below the sum."""
    with _lines() as lines:
        begin, end = _at_sum(lines) + 1, _end(lines)
        lines[begin:end] = _in_order([*lines[begin:end], row], order)


@contextmanager
def _lines() -> Iterator[list[str]]:
    """The page's, to be changed; nobody else changes them meanwhile."""
    with PAGE.open("r+") as page:
        fcntl.flock(page, fcntl.LOCK_EX)
        lines = page.read().splitlines()
        yield lines
        page.seek(0)
        page.truncate()
        page.write("\n".join(lines) + "\n")


def _rows() -> list[str]:
    lines = PAGE.read_text().splitlines()
    return lines[lines.index(_HEAD) + 2 : _at_sum(lines)]


def _at_sum(lines: Sequence[str]) -> int:
    return next(i for i, line in enumerate(lines) if line.startswith(_SUM))


def _end(lines: Sequence[str]) -> int:
    begin = _at_sum(lines)
    return next((i for i in range(begin, len(lines)) if not lines[i].startswith("|")), len(lines))


def _in_order(lines: Sequence[str], order: Sequence[str]) -> list[str]:
    """The last line of each search of ``order``."""
    rows = {_label(line): line for line in lines}
    return [rows[label] for label in order if label in rows]


def _cells(line: str) -> list[str]:
    return [cell.strip() for cell in line.strip("|").split("|")]


def _label(line: str) -> str:
    name, faults, *_ = _cells(line)
    return f"{name}, {faults} faults"


def _counts(line: str) -> Counts:
    return Counts(*(int(cell.replace(",", "")) for cell in _cells(line)[2:5]))
