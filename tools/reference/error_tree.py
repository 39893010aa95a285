"""The errors as the tree that a program catches them by."""

from __future__ import annotations

import importlib
import pkgutil
from collections.abc import Iterator
from functools import cache

import whatsapp_flow_encryption
import whatsapp_flow_endpoint
import whatsapp_flow_keys
from whatsapp_flow_keys.errors import FlowKeysError

_PACKAGES = (whatsapp_flow_encryption, whatsapp_flow_endpoint, whatsapp_flow_keys)

ONLY_BASES = (
    "FlowKeysError",
    "LifecycleError",
    "NumberGoneError",
    "RegistrarError",
    "UnconfirmedError",
    "WrongClockError",
)
"""What is caught and never raised itself."""


def tree_of_errors() -> str:
    """A list in a list for each class that others derive from; each leads to its entry on the page."""
    return "\n".join(_lines(FlowKeysError, 0))


def error_classes() -> set[str]:
    """The names of every class that is raised itself."""
    return {kind.__name__ for kind in _all_below(FlowKeysError)} - {*ONLY_BASES}


def _lines(kind: type[FlowKeysError], depth: int) -> Iterator[str]:
    name = kind.__name__
    yield f"{'    ' * depth}- " + (f"`{name}`" if name in ONLY_BASES else f"[{name}](#{name.lower()})")
    for below in _below(kind):
        yield from _lines(below, depth + 1)


def _all_below(kind: type[FlowKeysError]) -> Iterator[type[FlowKeysError]]:
    for below in _below(kind):
        yield below
        yield from _all_below(below)


def _below(kind: type[FlowKeysError]) -> list[type[FlowKeysError]]:
    """The classes of this project that derive from it, as no test's do."""
    _import_all()
    packages = tuple(package.__name__ for package in _PACKAGES)
    ours = [below for below in kind.__subclasses__() if below.__module__.startswith(packages)]
    return sorted(ours, key=lambda below: below.__name__)


@cache
def _import_all() -> None:
    for package in _PACKAGES:
        for module in pkgutil.walk_packages(package.__path__, f"{package.__name__}."):
            if not module.name.endswith("__main__"):
                importlib.import_module(module.name)
