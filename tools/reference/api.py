"""The public names of a module, with the first sentence of each docstring."""

from __future__ import annotations

import importlib
import inspect
from collections.abc import Callable
from typing import Any

from tools.checkout import Checkout
from tools.reference.rows import rows
from tools.reference.sentences import first_sentence


def names_in(module: str, *names: str) -> str:
    """A row for each name, which links to its source."""
    return rows(("name", "what it is"), [_row(getattr(importlib.import_module(module), name)) for name in names])


def _row(thing: Callable[..., Any]) -> tuple[str, str]:
    source = inspect.getsourcefile(thing)
    assert source is not None
    path = source.removeprefix(f"{Checkout.this().root}/")
    return f"[`{thing.__name__}`](../../{path})", first_sentence(thing)
