"""A skip that is not listed fails, whoever asks for it; midnight UTC is listed for tests of one day alone."""

import re
import subprocess
import sys
from pathlib import Path
from xml.etree import ElementTree

import pytest

from tests.skips import MAY_BE_SKIPPED

TESTS = Path(__file__).parents[1]
HOOKS = """
from tests.skips import pytest_make_collect_report, pytest_runtest_makereport
from tests.stack.conftest import pytest_pyfunc_call
"""
SKIP = {
    "by itself": "import pytest\n\ndef test_it():\n    pytest.skip({reason!r})\n",
    "by a mark": "import pytest\n\n@pytest.mark.skipif(True, reason={reason!r})\ndef test_it():\n    pass\n",
    "as a module": "import pytest\n\npytest.skip({reason!r}, allow_module_level=True)\n",
}
FAIL = """
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
REASONS = {"listed": next(iter(MAY_BE_SKIPPED)), "unlisted": "nobody felt like it"}
ONE_DAY = "@pytest.mark.one_utc_day"
PROGRAMS = {
    **{f"{how}, {kind}": text.format(reason=REASONS[kind]) for how, text in SKIP.items() for kind in REASONS},
    "of one day, across midnight": FAIL.format(mark=ONE_DAY, midnight=True),
    "of one day, within it": FAIL.format(mark=ONE_DAY, midnight=False),
    "of any day, across midnight": FAIL.format(mark="", midnight=True),
}
SKIPPED = {"by itself, listed", "by a mark, listed", "as a module, listed", "of one day, across midnight"}


@pytest.fixture(scope="module")
def reports(tmp_path_factory: pytest.TempPathFactory) -> dict[str, str]:
    """What one run with the hooks reports of each program."""
    folder = tmp_path_factory.mktemp("skips")
    (folder / "conftest.py").write_text(HOOKS)
    (folder / "pytest.ini").write_text("[pytest]\nmarkers = one_utc_day\njunit_family = xunit1\n")
    files = {f"test_{index}.py": name for index, name in enumerate(PROGRAMS)}
    for file, name in files.items():
        (folder / file).write_text(PROGRAMS[name])
    words = ["-p", "no:cacheprovider", "--continue-on-collection-errors", "--rootdir", str(folder)]
    report = folder / "report.xml"
    run = subprocess.run(
        [sys.executable, "-m", "pytest", *words, "--junitxml", str(report), str(folder)],
        cwd=TESTS.parent,
        capture_output=True,
        text=True,
    )
    assert report.exists(), run.stdout + run.stderr
    found = {}
    for case in ElementTree.parse(report).iter("testcase"):
        (file,) = (file for file in files if file.removesuffix(".py") in f"{case.get('classname')} {case.get('name')}")
        found[files[file]] = " ".join(f"{part.tag}: {part.get('message')} {part.text}" for part in case)
    return found


@pytest.mark.parametrize("program", PROGRAMS)
def test_a_skip_fails_unless_its_reason_is_listed(reports: dict[str, str], program: str) -> None:
    if program in SKIPPED:
        assert reports[program].startswith("skipped: ")
        return
    assert reports[program].startswith(("failure: ", "error: "))
    unlisted = f"lists no such reason to skip a test: {REASONS['unlisted']}"
    assert (unlisted in reports[program]) == ("unlisted" in program)


def test_every_reason_that_is_listed_is_some_tests() -> None:
    sources = "".join(path.read_text() for path in TESTS.rglob("*.py") if path.name != "skips.py")
    given = set(re.findall(r'(?:skip\(|reason=)"([^"]+)"', sources))
    assert set(MAY_BE_SKIPPED) <= given
