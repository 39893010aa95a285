"""The promises hold in every state that a bounded search reaches; `make soak` goes further."""

import pytest

from tests.model.__main__ import label
from tests.model.ports import scripted
from tests.model.scenarios import bounded
from tests.model.search import Scenario, explore


@pytest.mark.parametrize("scenario", bounded(), ids=label)
def test_no_history_breaks_a_promise(scenario: Scenario) -> None:
    with scripted():
        found = explore(scenario)
    assert not found.broken, "\n".join([found.broken, *found.trace])
    assert found.moves > scenario.faults * 30 + 10, "the search went nowhere"
