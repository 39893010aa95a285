"""The search finds defects: each is put into the product, one line on purpose, and a search must break.

Where a defect says so, a similar search, or the same one without some outcome, must not find it: this shows what the
search, or the outcome, is good for.
"""

from typing import Any

import pytest

from tests.model.defects import DEFECTS, NO_DEFECT, NOT_NEEDED
from tests.model.defects.defect import Defect
from tests.model.defects.seeding import seeded
from tests.model.left_out import every_outcome, left_out
from tests.model.ports import scripted
from tests.model.scenarios import bounded
from tests.model.search import Found, explore, label
from tests.model.table import LONGEST, recorded
from tests.pages import ROOT

_LONGEST = 20_000
"""The steps of a search that is made to its end, at most."""
_SEARCHES = {label(scenario): scenario for scenario in bounded()}


def _with_its_search(defect: Defect) -> Any:
    """A search that is left to `make soak` is left to it with the defect in the code, too."""
    is_long = recorded()[defect.found_by].steps > LONGEST
    return pytest.param(defect, id=defect.about, marks=pytest.mark.long if is_long else ())


@pytest.mark.parametrize("defect", [_with_its_search(each) for each in DEFECTS])
def test_the_search_finds(defect: Defect) -> None:
    found = _search(defect, defect.found_by)
    assert found.broken, f"not found in {found.steps} steps"
    assert found.broken.startswith(defect.promise), found.trace


def _with_what_it_takes(defect: Defect) -> Any:
    """Such a search is made to its end: the longest are left to `make soak`."""
    made = [defect.missed_by, defect.found_by if defect.needs else ""]
    steps = sum(recorded()[search].steps for search in made if search)
    return pytest.param(defect, id=defect.about, marks=pytest.mark.long if steps > _LONGEST else ())


@pytest.mark.parametrize("defect", [_with_what_it_takes(each) for each in DEFECTS if each.missed_by or each.needs])
def test_nothing_less_finds(defect: Defect) -> None:
    if defect.missed_by:
        similar = _search(defect, defect.missed_by)
        assert similar.broken is None, similar.trace
    if defect.needs:
        less = _search(defect, defect.found_by, *defect.needs)
        assert less.broken is None, less.trace


def test_the_page_says_how_many_there_are() -> None:
    assert "more than 85 small defects" in (ROOT / "docs" / "model-checking.md").read_text()
    assert 85 < len(DEFECTS) <= 95


def test_every_search_has_a_defect_that_it_finds() -> None:
    named = {defect.found_by for defect in DEFECTS}
    assert named | NO_DEFECT.keys() == _SEARCHES.keys()
    assert not named & NO_DEFECT.keys()
    assert all(NO_DEFECT.values())


def test_every_outcome_is_needed_by_a_defect() -> None:
    needed = {outcome for defect in DEFECTS for outcome in defect.needs}
    assert needed | NOT_NEEDED.keys() == every_outcome()
    assert not needed & NOT_NEEDED.keys()
    assert all(NOT_NEEDED.values())


def _search(defect: Defect, search: str, *without: str) -> Found:
    """A search of the product with the defect in it, without some outcomes."""
    with seeded(defect), scripted(), left_out(frozenset(without)):
        return explore(_SEARCHES[search])
