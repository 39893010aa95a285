"""The block in which the providers' ports are scripted leaves nothing of itself behind, and takes nothing along."""

import sys
from importlib import import_module

import pytest

from tests.model.ports import scripted


def test_what_is_first_imported_within_it_stays_imported(monkeypatch: pytest.MonkeyPatch) -> None:
    """Pulumi refuses a package that registers itself twice, and a class that is made twice is two classes."""
    monkeypatch.delitem(sys.modules, "colorsys", raising=False)
    with scripted():
        within = import_module("colorsys")
    assert sys.modules.get("colorsys") is within
