"""The markers: ``<!-- reference: WHAT WORDS… -->`` before a part that is written from the code, and its end."""

from __future__ import annotations

import re
from collections.abc import Callable

PART = re.compile(
    r"(?P<begin><!-- reference: (?P<what>[\w-]+)(?P<words>[^>]*) -->\n).*?(?P<end><!-- /reference -->)", re.S
)


def filled(page: str, write: Callable[[str, list[str]], str]) -> str:
    """The page with what ``write`` makes of each marker's first word and the words after it, between the markers."""
    return PART.sub(lambda found: found["begin"] + write(found["what"], found["words"].split()) + found["end"], page)


def with_api(page: str, entries: Callable[[list[str]], str]) -> str:
    """The page with ``entries`` of the full names in place of each table of names, which is for readers without."""

    def part(found: re.Match[str]) -> str:
        if found["what"] != "api":
            return found[0]
        module, *names = found["words"].split()
        return entries([f"{module}.{name}" for name in names])

    return PART.sub(part, page)
