"""What a docstring says first, in Markdown."""

from __future__ import annotations

import inspect
import re

_ROLE = re.compile(r":\w+:`~?(?:[\w.]*\.)?(\w+)`")


def without_roles(text: str) -> str:
    """The text with each name as code in place of a role of Sphinx."""
    return _ROLE.sub(r"`\1`", text)


def first_paragraph(thing: object) -> str:
    """The first paragraph of a docstring, in one line."""
    paragraph = (inspect.getdoc(thing) or "").partition("\n\n")[0]
    return without_roles(" ".join(paragraph.split())).replace("``", "`")


def first_sentence(thing: object) -> str:
    """The first sentence of a docstring, without its full stop."""
    return re.split(r"(?<=\.)\s", first_paragraph(thing))[0].rstrip(".")
