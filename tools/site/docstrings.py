"""Docstrings as the site shows them, and what of the API has none. An object here is one of Griffe, which reads code.

The docstrings write a name as Sphinx does (``:class:`X```); Markdown has no such roles.
"""

from __future__ import annotations

import re
from collections.abc import Iterator

from griffe import DocstringSectionKind, Object

from tools.reference.sentences import without_roles

_EXAMPLE_FOLLOWS = re.compile(r"^::\n", re.MULTILINE)


def turn_into_markdown(obj: Object) -> None:
    """Turns roles of Sphinx in `obj` and below it into code, and drops the sign before an example (it is indented)."""
    if obj.docstring:
        obj.docstring.value = _EXAMPLE_FOLLOWS.sub("", without_roles(obj.docstring.value))
    for member in obj.members.values():
        if not member.is_alias:
            turn_into_markdown(member)


def undocumented(obj: Object) -> Iterator[str]:
    """The paths of what is public in `obj`, itself included, and has no docstring.

    A constructor is described by its class, a field by the `Args` of it.
    """
    if not obj.has_docstring:
        yield obj.path
    described = _arguments(obj) if obj.is_class else set()
    for name, member in obj.members.items():
        if not name.startswith("_") and name not in described and not member.is_alias:
            yield from undocumented(member)


def _arguments(obj: Object) -> set[str]:
    sections = obj.docstring.parse("google") if obj.docstring else []
    named = [section.value for section in sections if section.kind is DocstringSectionKind.parameters]
    return {argument.name for arguments in named for argument in arguments}
