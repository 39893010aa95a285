"""The search finds defects: each is put into a copy of the product, one line on purpose, and a search must break.

Where a defect says so, a similar search, or the same one without some outcome, must not find it: this shows what the
search, or the outcome, is good for.
"""

import os
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

from tests.model.defects import DEFECTS, NO_DEFECT, NOT_NEEDED
from tests.model.defects.defect import Defect
from tests.model.left_out import every_outcome
from tests.model.scenarios import bounded
from tests.model.search import label

_ROOT = Path(__file__).parents[2]
_SECONDS = 600


@pytest.mark.parametrize("defect", DEFECTS, ids=lambda defect: defect.about)
def test_the_search_finds(defect: Defect, tmp_path: Path) -> None:
    searched = _search(defect, tmp_path, defect.found_by)
    assert searched.returncode == 1, f"not found by:\n{searched.stdout}"
    assert f"\n{defect.promise}" in searched.stdout, searched.stdout


@pytest.mark.parametrize(
    "defect", [each for each in DEFECTS if each.missed_by or each.needs], ids=lambda defect: defect.about
)
def test_nothing_less_finds(defect: Defect, tmp_path: Path) -> None:
    if defect.missed_by:
        similar = _search(defect, tmp_path / "similar", defect.missed_by)
        assert similar.returncode == 0, similar.stdout
    if defect.needs:
        without = [word for outcome in defect.needs for word in ("--without", outcome)]
        less = _search(defect, tmp_path / "less", defect.found_by, *without)
        assert less.returncode == 0, less.stdout


def test_every_search_has_a_defect_that_it_finds() -> None:
    named = {defect.found_by for defect in DEFECTS}
    assert named | NO_DEFECT.keys() == {label(scenario) for scenario in bounded()}
    assert not named & NO_DEFECT.keys()
    assert all(NO_DEFECT.values())


def test_every_outcome_is_needed_by_a_defect() -> None:
    needed = {outcome for defect in DEFECTS for outcome in defect.needs}
    assert needed | NOT_NEEDED.keys() == every_outcome()
    assert not needed & NOT_NEEDED.keys()
    assert all(NOT_NEEDED.values())


def _search(defect: Defect, folder: Path, *words: str) -> "subprocess.CompletedProcess[str]":
    """A search of the product with the defect in it."""
    package = folder / "whatsapp_flow_keys"
    shutil.copytree(_ROOT / "providers" / package.name, package, ignore=shutil.ignore_patterns("__pycache__"))
    for file, old, new in ((defect.file, defect.old, defect.new), *defect.also):
        text = (package / file).read_text()
        assert text.count(old) == 1, f"{file} no longer holds once: {old}"
        (package / file).write_text(text.replace(old, new))
    searched = subprocess.run(
        [sys.executable, "-m", "tests.model", *words],
        cwd=_ROOT,
        env={**os.environ, "PYTHONPATH": str(folder), "PYTHONDONTWRITEBYTECODE": "1"},
        capture_output=True,
        text=True,
        timeout=_SECONDS,
    )
    assert searched.stderr == ""
    return searched
