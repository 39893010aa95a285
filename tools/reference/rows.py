"""A table of Markdown as a person would write it, one row a line."""

from __future__ import annotations

from collections.abc import Iterable, Sequence


def rows(head: Sequence[str], lines: Iterable[Sequence[str]]) -> str:
    """The table; a bar in a cell is escaped."""
    body = [[cell.replace("|", "\\|") for cell in line] for line in lines]
    return "\n".join(f"| {' | '.join(line)} |" for line in [head, ["---"] * len(head), *body])
