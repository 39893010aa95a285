"""What `make check` leaves out is slow, and what it names exists."""

import ast
from pathlib import Path

import pytest

from tests.model import table
from tests.model.scenarios import bounded
from tests.model.search import label
from tools.quick_tests import QUICK, SEARCHES, SMOKE, quick_tests

ROOT = Path(__file__).parents[2]


@pytest.mark.parametrize("name", SEARCHES)
def test_a_search_that_is_named_is_small(name: str) -> None:
    assert name in map(label, bounded())
    assert table.recorded()[name].steps < 35_000


@pytest.mark.parametrize("name", SMOKE)
def test_a_smoke_test_that_is_named_exists(name: str) -> None:
    file, _, function = name.partition("::")
    functions = {node.name for node in ast.parse((ROOT / file).read_text()).body if isinstance(node, ast.FunctionDef)}
    assert function in functions


def test_every_folder_of_tests_is_quick_or_has_a_smoke() -> None:
    """Tests of tools and examples are slow, and change seldom."""
    folders = {f"tests/{folder.name}" for folder in (ROOT / "tests").iterdir() if any(folder.rglob("test_*.py"))}
    reached = {"/".join(words.split("/")[:2]) for words in quick_tests() if words.startswith("tests/")}
    assert folders - reached == {"tests/tools", "tests/examples"}
    assert {*QUICK} <= {*quick_tests()}
