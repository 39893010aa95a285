"""What `make test` hangs on: tests of one group run in one worker, as pytest-xdist promises."""

import re
import subprocess
import sys
from pathlib import Path

_GROUPED = """
import pytest

pytestmark = pytest.mark.xdist_group("one")


@pytest.mark.parametrize("number", range(6))
def test_nothing(number):
    pass
"""


def test_the_tests_of_a_group_run_in_one_worker(tmp_path: Path) -> None:
    (tmp_path / "test_grouped.py").write_text(_GROUPED)
    (tmp_path / "pytest.ini").write_text("[pytest]\n")
    command = [sys.executable, "-m", "pytest", "-v", "-n", "2", "--dist", "loadgroup"]
    shown = subprocess.run(command, cwd=tmp_path, capture_output=True, text=True).stdout
    workers = re.findall(r"^\[(gw\d)\].* PASSED", shown, re.MULTILINE)
    assert len(workers) == 6, shown
    assert len(set(workers)) == 1, shown
