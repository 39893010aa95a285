"""docs/testing.md: its program and its unit tests, run as they stand there. tests/stack/ has its test of an `up`."""

import subprocess
import sys
from pathlib import Path

import pytest

from tests.component.testing_page import FILES, PAGE, PROGRAM, UNIT_TESTS, UP


@pytest.mark.slow
def test_the_unit_tests_of_the_page_pass_in_one_process(tmp_path: Path) -> None:
    for name in (PROGRAM, *UNIT_TESTS):
        (tmp_path / name).write_text(FILES[name])
    command = [sys.executable, "-m", "pytest", "-q", "-p", "no:cacheprovider", *UNIT_TESTS]
    done = subprocess.run(command, cwd=tmp_path, stdin=subprocess.DEVNULL, capture_output=True, text=True)
    assert done.returncode == 0, done.stdout + done.stderr
    assert f"{sum(FILES[name].count('def test_') for name in UNIT_TESTS)} passed" in done.stdout


def test_every_snippet_of_the_page_is_a_file_that_a_test_runs() -> None:
    assert len(FILES) == PAGE.count("```python\n")
    assert set(FILES) == {PROGRAM, *UNIT_TESTS, UP}
