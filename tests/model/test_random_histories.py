"""Long histories with many faults, drawn at random: what an exhaustive search is too slow for."""

import os
from collections.abc import Iterator

import pytest
from hypothesis import settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, invariant, rule, run_state_machine_as_test

from tests.model.lives import STORES, whole_life
from tests.model.moments import Moment, Move, begun, broken_between, ended, next_moments
from tests.model.ports import scripted
from tests.model.repair import check_repair

_FAULTS_IN_A_MOVE = 2
_HISTORIES = int(os.environ.get("SOAK_HISTORIES", "60"))


@pytest.fixture(autouse=True)
def scripted_ports() -> Iterator[None]:
    with scripted():
        yield


class History(RuleBasedStateMachine):
    """One number's life. Each rule is one thing that people, time or others do, with faults at any of its calls."""

    stores = ""

    def __init__(self) -> None:
        super().__init__()
        self.scenario = whole_life(self.stores, faults=0, length=1)
        self.state = self.scenario.begin()

    @rule(data=st.data())
    def something_happens(self, data: st.DataObject) -> None:
        moves = {move.label: move for move in self.scenario.moves(self.state)}
        move = moves[data.draw(st.sampled_from(sorted(moves)))]
        moment = begun(move, data.draw(st.integers(0, _FAULTS_IN_A_MOVE)))
        while moment.is_under_way():
            moment = self.step(move, moment, data)
        self.state = ended(move, moment)._replace(left=(1,))

    def step(self, move: Move, before: Moment, data: st.DataObject) -> Moment:
        following = dict(next_moments(before))
        after = following[data.draw(st.sampled_from(sorted(following)))]
        assert not list(broken_between(before, after, move.state.programs))
        return after

    @invariant()
    def a_run_without_faults_repairs_it(self) -> None:
        check_repair(self.state, [])


@pytest.mark.parametrize("stores", STORES)
def test_no_long_history_breaks_a_promise(stores: str) -> None:
    machine = type("HistoryOf", (History,), {"stores": stores})
    run_state_machine_as_test(
        machine,
        settings=settings(max_examples=_HISTORIES, stateful_step_count=12, database=None, print_blob=True),
    )
