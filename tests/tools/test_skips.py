"""A skip that is not listed fails, whoever asks for it."""

import re
import subprocess
import sys
from pathlib import Path

import pytest

from tests.skips import MAY_BE_SKIPPED

TESTS = Path(__file__).parents[1]
HOOKS = "from tests.skips import pytest_make_collect_report, pytest_runtest_makereport\n"
LISTED, UNLISTED = next(iter(MAY_BE_SKIPPED)), "nobody felt like it"
SKIPS = {
    "by itself": "import pytest\n\ndef test_it():\n    pytest.skip({reason!r})\n",
    "by a mark": "import pytest\n\n@pytest.mark.skipif(True, reason={reason!r})\ndef test_it():\n    pass\n",
    "as a module": "import pytest\n\npytest.skip({reason!r}, allow_module_level=True)\n",
}


def run_pytest(folder: Path, hooks: str, program: str) -> "subprocess.CompletedProcess[str]":
    """Runs a program of one test, with these hooks."""
    (folder / "conftest.py").write_text(hooks)
    (folder / "pytest.ini").write_text("[pytest]\nmarkers = one_utc_day\n")
    (folder / "test_it.py").write_text(program)
    words = ["-p", "no:cacheprovider", "--rootdir", str(folder), str(folder)]
    return subprocess.run([sys.executable, "-m", "pytest", *words], cwd=TESTS.parent, capture_output=True, text=True)


@pytest.mark.parametrize("program", SKIPS.values(), ids=SKIPS)
@pytest.mark.parametrize("reason", [LISTED, UNLISTED], ids=["listed", "unlisted"])
def test_a_skip_fails_unless_its_reason_is_listed(tmp_path: Path, program: str, reason: str) -> None:
    run = run_pytest(tmp_path, HOOKS, program.format(reason=reason))
    assert ("1 skipped" in run.stdout) == (reason == LISTED), run.stdout
    assert (f"lists no such reason to skip a test: {UNLISTED}" in run.stdout) == (reason == UNLISTED)
    assert (run.returncode in (0, 5)) == (reason == LISTED)


MIDNIGHT = """
from datetime import datetime

import pytest

from tests.stack import conftest


class Later:
    @staticmethod
    def now(_zone):
        return datetime(2999, 1, 1)


{mark}
def test_it(monkeypatch):
    if {midnight}:
        monkeypatch.setattr(conftest, "datetime", Later)
    assert False
"""


@pytest.mark.parametrize("mark", ["@pytest.mark.one_utc_day", ""], ids=["of one day", "of any day"])
@pytest.mark.parametrize("midnight", [True, False])
def test_what_fails_across_midnight_is_skipped_where_it_must_be_one_day(
    tmp_path: Path, mark: str, midnight: bool
) -> None:
    hooks = f"{HOOKS}from tests.stack.conftest import pytest_pyfunc_call\n"
    run = run_pytest(tmp_path, hooks, MIDNIGHT.format(mark=mark, midnight=midnight))
    assert ("1 skipped" if mark and midnight else "1 failed") in run.stdout, run.stdout


def test_every_reason_that_is_listed_is_some_tests() -> None:
    sources = "".join(path.read_text() for path in TESTS.rglob("*.py") if path.name != "skips.py")
    given = set(re.findall(r'(?:skip\(|reason=)"([^"]+)"', sources))
    assert set(MAY_BE_SKIPPED) <= given
