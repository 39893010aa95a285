"""`make bench ARGS=custody`: what is sent, counted, computed and shown. No time is tested."""

from dataclasses import replace

import pytest

from tools.bench import custody
from tools.bench.custody import AT_ONCE, CALL, CONTENDERS, KMS, KMS_CALL, LOCAL, TRANSIT, Measured, Plan, Turn
from tools.bench.custody_page import forms, goals, page
from tools.bench.task import ask
from tools.stop import Stop
from whatsapp_flow_keys.keys import PrivateKey

ONE, MANY = AT_ONCE


def turns(per_second: float, p50: float) -> tuple[Turn, ...]:
    """Two rounds, of which the second was twice as slow."""
    return Turn(per_second, p50, 9.0), Turn(per_second / 2, 2 * p50, 9.0)


@pytest.fixture
def made_up() -> Measured:
    found = {LOCAL: turns(1000, 1), CALL: turns(200, 5), TRANSIT: turns(190, 5.4)}
    found |= {KMS_CALL: turns(100, 10), KMS: turns(90, 12)}
    calls = {(TRANSIT, ONE): 1.0, (TRANSIT, MANY): 0.4, (KMS, ONE): 1.0, (KMS, MANY): 1.0}
    return Measured({(name, at_once): found[name] for name in CONTENDERS for at_once in AT_ONCE}, calls)


def test_a_quick_run_counts_one_call_for_each_form_and_fewer_where_transit_gets_many_at_once() -> None:
    measured = custody.measure(Plan(1, 64))
    assert measured.calls_per_form[TRANSIT, ONE] == measured.calls_per_form[KMS, ONE] == 1
    assert 0 < measured.calls_per_form[TRANSIT, MANY] < 1 == measured.calls_per_form[KMS, MANY]
    assert measured.turns.keys() == {(name, at_once) for name in CONTENDERS for at_once in AT_ONCE}


def test_a_wrong_answer_ends_the_run() -> None:
    key = PrivateKey.generate()
    with pytest.raises(Stop, match="gave a wrong answer"):
        custody._turn(lambda _: False, [ask(key) for _ in range(3)], 1)


def test_a_ratio_is_that_of_the_same_round(made_up: Measured) -> None:
    assert made_up.to_the_call(TRANSIT, ONE, lambda turn: turn.p50) == pytest.approx(1.08)
    assert made_up.to_the_call(KMS, ONE, lambda turn: turn.p50) == pytest.approx(1.2)


def test_the_table_has_a_row_for_each(made_up: Measured) -> None:
    shown = forms(made_up, MANY)
    assert [line.split(" | ")[0].strip("| ") for line in shown.splitlines()[2:]] == list(CONTENDERS)
    (transit,) = [line for line in shown.splitlines() if TRANSIT in line and CALL not in line]
    assert "0.40 |" in transit


def test_each_goal_says_whether_it_was_reached(made_up: Measured) -> None:
    reached = [goal.rsplit(", ", 1)[1] for goal in goals(made_up)]
    assert reached == ["reached", "reached", "missed", "reached", "missed", "missed"]
    slow = replace(made_up, calls_per_form={**made_up.calls_per_form, (TRANSIT, ONE): 2.0})
    assert goals(slow)[0].endswith("2.00, missed")


def test_the_page_shows_both_tables_and_the_goals(made_up: Measured) -> None:
    text = page(made_up, "Linux.")
    assert all(forms(made_up, at_once) in text for at_once in AT_ONCE)
    assert all(goal in text for goal in goals(made_up))
