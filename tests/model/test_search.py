"""The promises hold in every state that a bounded search reaches; `make soak` goes further.

How much each search visits stands in docs/model-checking.md; `--write-docs` writes it from what was visited."""

import shlex
from typing import Any

import pytest

from tests.model import table
from tests.model.__main__ import main, row
from tests.model.at_once import LIMITS, meanwhile
from tests.model.ports import scripted
from tests.model.scenarios import PENDING, bounded, pending, soak
from tests.model.search import Scenario, explore, label
from tests.model.table import Counts
from tests.pages import command_to_type


def _marked(scenario: Scenario) -> Any:
    """The longest are left to `make soak`."""
    counts = table.recorded().get(label(scenario))
    is_long = counts is not None and counts.steps > table.LONGEST
    return pytest.param(scenario, id=label(scenario), marks=pytest.mark.long if is_long else ())


@pytest.mark.parametrize("scenario", [_marked(each) for each in bounded()])
def test_no_history_breaks_a_promise(scenario: Scenario, request: pytest.FixtureRequest) -> None:
    with scripted():
        found = explore(scenario)
    assert not found.broken, "\n".join([found.broken, *found.trace])
    if request.config.getoption("--write-docs"):
        table.write(row(scenario, found), [label(each) for each in bounded()])
    counts = Counts(found.states, found.moves, found.steps)
    assert table.recorded().get(label(scenario)) == counts, (
        "docs/model-checking.md says otherwise: read what changed, then write it with --write-docs"
    )


def test_the_page_lists_searches_that_there_are_and_their_sum() -> None:
    rows = table.recorded()
    assert rows.keys() == {label(scenario) for scenario in bounded()}
    assert table.recorded_sum() == table.total(list(rows.values()))


def test_the_page_says_how_much_of_it_make_test_makes() -> None:
    made, steps = table.of_make_test(), table.total(table.of_make_test()).steps
    says = f"{len(made)} of the {len(table.recorded())} down to the sum, with {steps:,} steps"
    page = " ".join(table.PAGE.read_text().split())
    assert f"searches of at most {table.LONGEST:,} steps: {says}" in page


def test_the_rows_below_the_sum_are_the_long_searches() -> None:
    assert table.recorded_below().keys() == {label(scenario) for scenario in soak()}


def test_the_search_that_the_page_names_finds_the_history_that_nobody_can_prevent(
    capsys: pytest.CaptureFixture[str],
) -> None:
    _, _, module, *words = shlex.split(command_to_type("docs/model-checking.md", 'python -m tests.model "meanwhile: '))
    assert (module, main(words)) == ("tests.model", 1)
    assert "P2: nothing holds and opens" in capsys.readouterr().out


def test_what_is_switched_off_says_what_it_finds() -> None:
    assert PENDING.keys() == {label(each) for each in pending()} - {label(meanwhile(name)) for name in LIMITS}
    assert all(PENDING.values())
