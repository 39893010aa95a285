"""What `make test` leaves to `make soak` exists, and something that `make test` makes holds the same promise."""

import subprocess
import sys
from collections import defaultdict
from pathlib import Path

import pytest

from tests.long import ROWS, WHOLE

ROOT = Path(__file__).parents[2]

Collected = dict[str, set[str]]


def collect(*words: str) -> Collected:
    """The rows of each test of the files that are listed; "" for a test that is made of nothing."""
    files = {f"tests/{file}" for file in (*ROWS, *(test.partition("::")[0] for test in [*WHOLE, *WHOLE.values()]))}
    command = [sys.executable, "-m", "pytest", "--collect-only", "-q", *words, *sorted(files)]
    listed = subprocess.run(command, cwd=ROOT, capture_output=True, text=True)
    assert listed.returncode == 0, listed.stdout + listed.stderr
    found: Collected = defaultdict(set)
    for line in listed.stdout.splitlines():
        if "::" in line:
            test, _, row = line.removeprefix("tests/").removesuffix("]").partition("[")
            found[test].add(row)
    return found


@pytest.fixture(scope="module")
def all_tests() -> Collected:
    """With `--long`."""
    return collect("--long")


@pytest.fixture(scope="module")
def made() -> Collected:
    """What `make test` makes."""
    return collect()


def test_each_row_that_is_listed_is_one_and_is_not_alone(all_tests: Collected) -> None:
    listed = {f"{file}::{test}": set(rows) for file, tests in ROWS.items() for test, rows in tests.items()}
    assert {test: rows for test, rows in listed.items() if not rows or not rows < all_tests[test]} == {}


def test_make_test_makes_these_rows_and_all_of_what_is_not_listed(all_tests: Collected, made: Collected) -> None:
    listed = {f"{file}::{test}": set(rows) for file, tests in ROWS.items() for test, rows in tests.items()}
    assert made == {test: listed.get(test, rows) for test, rows in all_tests.items() if test not in WHOLE}


def test_what_is_left_out_whole_has_something_that_stands_for_it(all_tests: Collected, made: Collected) -> None:
    assert WHOLE.keys() <= all_tests.keys()
    for instead in WHOLE.values():
        assert any(test == instead or test.startswith(f"{instead}::") for test in made)
