"""`make bench ARGS=stacks`: what it computes, says and writes, from figures that are made up. No time is tested."""

from __future__ import annotations

import json
import os
import re
import subprocess
import sys
from dataclasses import replace
from pathlib import Path

import pytest

from tools.bench import stack
from tools.bench.engine import peaks_of_providers
from tools.bench.stack_advice import Growth, advice
from tools.bench.stack_figures import (
    CREATE,
    FAR,
    FLOOR,
    FOUR_PROVIDERS,
    IN_OPENBAO,
    IN_STACK,
    NATIVE,
    NATIVE_FAR,
    NATIVE_FLOOR,
    NEAR,
    NO_OP_PREVIEW,
    NO_OP_UP,
    OPERATIONS,
    ROTATION,
    SKIPPING,
    SKIPPING_FLOOR,
    STORES,
    Case,
    Contender,
    Figures,
    Machine,
    Sample,
)
from tools.bench.stack_page import (
    curves,
    goals,
    native_goals,
    native_times,
    on_what,
    page,
    parts,
    rounds,
    sizes,
    times,
    variants,
)
from tools.bench.template import template
from tools.stop import Stop

ROOT = Path(__file__).resolve().parents[2]

MACHINE = Machine("Linux on x86_64", 2, "3.11.7", "3.259.0", "3.272.0", "2.7.2")
COSTS = {FLOOR: 1.0, NEAR: 1.2, FAR: 3.0, FOUR_PROVIDERS: 2.0, SKIPPING_FLOOR: 0.25, SKIPPING: 1.0}
COSTS |= {NATIVE_FLOOR: 0.8, NATIVE: 1.0, NATIVE_FAR: 3.6}
"""In units of the floor's time."""
NO_OPS = (NO_OP_UP, NO_OP_PREVIEW)


def sample(case: Case, contender: Contender, operation: str, seconds: float) -> Sample:
    asked = 0 if operation in NO_OPS or contender.is_idle else 4 * case.numbers
    return Sample(case, contender, operation, seconds, asked, 20_000 * case.numbers, (60 + case.numbers // 10) * 2**20)


def floor_seconds(numbers: int) -> float:
    return 1 + 0.1 * numbers + 0.01 * numbers**2


@pytest.fixture
def figures() -> Figures:
    """The whole plan: ours takes so many times as long as the floor, and as long where nothing is to do."""
    samples = [
        sample(
            planned.case,
            contender,
            operation,
            floor_seconds(planned.case.numbers) * (1.0 if operation in NO_OPS else COSTS[contender]),
        )
        for planned in stack.FULL.cases
        for _ in range(planned.rounds)
        for contender in planned.contenders
        for operation in contender.operations
    ]
    return Figures(MACHINE, 0.05, tuple(samples))


def cells(shown: str, row: str) -> list[str]:
    """The cells of the only row of a table that begins so."""
    (found,) = (line for line in shown.splitlines() if line.startswith(f"| {row} "))
    return [cell.strip() for cell in found.split("|")[1:-1]]


def rounds_of(contender: Contender, *seconds: float) -> tuple[Sample, ...]:
    return tuple(sample(Case(IN_STACK, 1), contender, CREATE, each) for each in seconds)


def test_the_seconds_are_the_median_of_the_rounds() -> None:
    figures = Figures(MACHINE, 0.05, rounds_of(FLOOR, 9.0, 1.0, 2.0))
    assert figures.seconds(Case(IN_STACK, 1), FLOOR, CREATE) == 2.0
    assert figures.seconds(Case(IN_STACK, 1), NEAR, CREATE) is None


def test_a_ratio_is_taken_within_each_round() -> None:
    figures = Figures(MACHINE, 0.05, rounds_of(FLOOR, 10.0, 1.0, 2.0) + rounds_of(NEAR, 11.0, 1.1, 2.8))
    assert figures.ratio(Case(IN_STACK, 1), NEAR, CREATE) == pytest.approx(1.1)


def test_every_size_is_measured_with_both_stores_beside_the_floor_at_both_latencies() -> None:
    assert {planned.case for planned in stack.FULL.cases} == {
        Case(store, numbers) for store in STORES for numbers in (1, 10, 100)
    }
    for planned in stack.FULL.cases:
        assert planned.contenders[:6] == (FLOOR, NEAR, FAR, NATIVE_FLOOR, NATIVE, NATIVE_FAR)
        assert all(one.operations == OPERATIONS and one.checkpoints for one in planned.contenders[:6])


def test_no_contender_keeps_keys_in_the_stack_and_skips_checkpoints() -> None:
    stores = {planned.case.store for planned in stack.FULL.cases if SKIPPING in planned.contenders}
    assert stores == {IN_OPENBAO}


def test_each_operation_stands_beside_its_floor(figures: Figures) -> None:
    assert cells(times(figures, IN_STACK), "10: rotation") == ["10: rotation", "3.00", "3.60", "1.20", "9.00", "3.00"]
    assert cells(times(figures, IN_OPENBAO), "100: nothing to do")[1:] == ["111.0", "111.0", "1.00", "111.0", "1.00"]


def test_each_goal_is_reached_or_missed_with_its_figure(figures: Figures) -> None:
    said = [line for line in goals(figures) if line.startswith("keys in the stack: ")]
    assert said == [
        "keys in the stack: `up` that creates 1 number, no latency, at most 1.15 of its floor: 1.20, missed by 0.05",
        *(
            f"keys in the stack: preview of {numbers} with nothing to do at most 1.05 of its floor: 1.00, reached, "
            "and without a request"
            for numbers in (1, 10, 100)
        ),
        "keys in the stack: create of 100 numbers, 200 ms, at most 2.5 of its floor: 3.00, missed by 0.50",
        "keys in the stack: rotation of 100 numbers, 200 ms, at most 2.5 of its floor: 3.00, missed by 0.50",
        "keys in the stack: the provider's memory with 100 numbers at most 1.1 of that with 1: 1.17, missed by 0.07",
    ]


def test_the_native_provider_stands_beside_its_floor_and_beside_the_dynamic_one(figures: Figures) -> None:
    assert cells(native_times(figures, IN_STACK), "10: rotation")[1:] == [
        *("2.40", "3.00", "1.25", "0.83"),
        *("10.8", "4.50", "1.20"),
    ]
    assert [line.removeprefix("native, keys in OpenBao: ") for line in native_goals(figures)[5:]] == [
        "`up` that creates 1 number, no latency, at most 1.15 of its floor: 1.25, missed by 0.10",
        "rotation of 100 numbers, 200 ms, at most the dynamic provider's time: 1.20, missed by 0.20",
        *(
            f"preview of {numbers} with nothing to do at most 1.05 of the dynamic one's: 1.00, reached, "
            "and without a request"
            for numbers in (1, 10, 100)
        ),
    ]


def test_a_request_in_a_preview_misses_the_goal(figures: Figures) -> None:
    asking = tuple(
        replace(one, requests=3) if (one.operation, one.contender) == (NO_OP_PREVIEW, NEAR) else one
        for one in figures.samples
    )
    lines = [line for line in goals(replace(figures, samples=asking)) if "preview" in line]
    assert len(lines) == 6
    assert all("but 3 requests were made" in line for line in lines)


def test_what_was_not_measured_has_no_goal_and_no_advice(figures: Figures) -> None:
    few = replace(figures, samples=tuple(one for one in figures.samples if one.case == Case(IN_STACK, 1)))
    assert len(goals(few)) == 2
    assert [line for line in advice(few) if "costs least" in line] == []
    assert len([line for line in advice(figures) if "costs least" in line]) == len(STORES)
    assert "100" not in page(few).split("## How many numbers to a stack")[1].split("##")[0]


def test_requests_memory_and_state_are_shown_for_each_size(figures: Figures) -> None:
    assert cells(sizes(figures), "10 in OpenBao")[1:] == [
        "4 / 0 / 0 / 4",
        "61",
        "61",
        "61",
        "20.0",
        "20.0",
        "20.0",
        "20.0",
    ]


def test_memory_that_cannot_be_known_is_said_to_be_unknown(figures: Figures) -> None:
    without = replace(figures, samples=tuple(replace(one, peak_bytes=None) for one in figures.samples))
    assert cells(sizes(without), "1 in the stack")[2:5] == ["-", "-", "-"]
    assert not any("memory" in line for line in goals(without))


def test_the_variants_stand_beside_what_they_vary(figures: Figures) -> None:
    shown = variants(figures)
    assert cells(shown, "in the stack: 200 ms, 4 providers")[1:] == ["222.0", "111.0", "2.00"]
    assert cells(shown, "in OpenBao: 200 ms, no checkpoints")[1:] == ["111.0", "27.8", "4.00"]
    assert "in the stack: 200 ms, no checkpoints" not in shown


def test_the_parts_of_the_time_follow_from_the_figures(figures: Figures) -> None:
    shown = parts(figures)
    assert cells(shown, "its floor")[1:] == ["111.0", "111.0"]
    assert cells(shown, "of that floor: checkpoints")[1:] == ["83.2", "83.2"]
    assert cells(shown, "at least: requests, 4 at once")[1:] == ["20.0", "20.0"]  # 400 of 0.2 s
    assert cells(shown, "at least: making keys, on all cores")[1:] == ["2.50", "2.50"]  # 100 of 0.05 s on two


def test_one_round_is_called_no_median(figures: Figures) -> None:
    assert rounds(figures).endswith("1: 5 rounds; 10: 2 rounds; 100: one round, which is no median")


def test_the_curve_goes_through_the_three_sizes() -> None:
    growth = Growth.through([(numbers, floor_seconds(numbers)) for numbers in (1, 10, 100)])
    assert growth is not None
    assert (growth.start, growth.each, growth.square) == pytest.approx((1, 0.1, 0.01))
    assert growth.seconds(200) == pytest.approx(floor_seconds(200))


def test_the_best_sizes_are_where_a_number_costs_least_and_half_as_much_again() -> None:
    growth = Growth.through([(numbers, floor_seconds(numbers)) for numbers in (1, 10, 100)])
    assert growth is not None

    def cost(numbers: int) -> float:
        return floor_seconds(numbers) / numbers

    assert growth.cheapest == min(range(1, 500), key=cost)
    limit = cost(growth.cheapest) * 1.5
    assert growth.largest == max(numbers for numbers in range(1, 500) if cost(numbers) <= limit)


@pytest.mark.parametrize("points", [[], [(1, 1.0), (10, 2.0)], [(1, 1.0), (10, 9.0), (100, 20.0)]])
def test_times_that_do_not_grow_so_make_no_curve(points: list[tuple[int, float]]) -> None:
    assert Growth.through(points) is None


def test_the_advice_names_each_store_and_what_a_number_takes(figures: Figures) -> None:
    in_stack, in_openbao = advice(figures)
    assert in_stack.startswith(
        "Keys in the stack, 200 ms from Meta: a number takes 3.33 s in a stack of 1, 0.90 s in a "
    )
    assert "200 would take 1263 s in one stack, 666 s in two" in in_openbao


def test_the_page_shows_what_the_terminal_shows(figures: Figures) -> None:
    shown = page(figures)
    for shown_part in (
        on_what(MACHINE),
        *(times(figures, store) for store in STORES),
        *(native_times(figures, store) for store in STORES),
        *(sizes(figures), variants(figures), parts(figures), rounds(figures)),
        *(*goals(figures), *native_goals(figures), *advice(figures)),
    ):
        assert shown_part in shown


def test_the_picture_has_every_size_of_the_floor_and_of_both_latencies(figures: Figures) -> None:
    drawn = curves(figures)
    assert [panel.title for panel in drawn.panels] == [f"keys in {store}" for store in STORES]
    for panel in drawn.panels:
        assert [curve.kind for curve in panel.curves] == ["far", "near", "floor"]
        assert all([at for at, _ in curve.points] == [1, 10, 100] for curve in panel.curves)


def test_the_floors_template_holds_a_letter_for_a_secret_and_no_long_text() -> None:
    secret = {"4dabf18193072939515e22adb298388d": "1b47061264138c4ac30d75fd1eb44270", "plaintext": json.dumps("key")}
    of_list = {**secret, "plaintext": "[]"}
    resource = {
        "type": "pulumi-python:dynamic/whatsapp:EncryptionKey",
        "inputs": {"store": "stack", "public_key_pem": "p" * 451, "__provider": "pickled"},
        "outputs": {"private_key": secret, "former_passphrases": of_list},
        "additionalSecretOutputs": ["private_key"],
    }
    state = {"deployment": {"resources": [{"type": "pulumi:pulumi:Stack", "outputs": {}}, resource]}}
    expected = {
        "EncryptionKey": {
            "inputs": {"store": "stack", "public_key_pem": "p" * 64},
            "outputs": {"private_key": "x", "former_passphrases": []},
            "secrets": ["private_key"],
        }
    }
    assert template(state, state) == {"created": expected, "rotated": expected}


@pytest.mark.parametrize(
    ("operation", "before", "after"),
    [
        (CREATE, [None, None], ["a", None]),
        (ROTATION, ["a", "b"], ["c", "b"]),
        (NO_OP_UP, ["a"], ["b"]),
        (NO_OP_PREVIEW, ["a"], [None]),
    ],
)
def test_a_stack_that_serves_the_wrong_keys_ends_the_bench(
    operation: str, before: list[str | None], after: list[str | None]
) -> None:
    with pytest.raises(Stop, match="doesn't serve the keys"):
        stack.check(operation, before, after)


def test_a_stack_that_serves_the_right_keys_passes() -> None:
    stack.check(CREATE, [None], ["a"])
    stack.check(NO_OP_UP, ["a"], ["a"])
    stack.check(ROTATION, ["a"], ["b"])


ENGINE_WITH_PLUGINS = """
import subprocess, sys
held = b"x" * (200 << 20)
holds = "held = b'x' * (40 << 20); print(1, flush=True); input()"
for name in ("pulumi" + ".dynamic", "language host"):
    plugin = subprocess.Popen([sys.executable, "-c", holds, name], stdout=subprocess.PIPE)
    plugin.stdout.readline()
print(1, flush=True)
input()
"""


@pytest.mark.skipif(sys.platform != "linux", reason="the memory of another process is read from /proc")
def test_the_memory_is_that_of_the_providers_and_not_of_the_engine_around_them() -> None:
    with subprocess.Popen(
        [sys.executable, "-c", ENGINE_WITH_PLUGINS],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        stderr=subprocess.DEVNULL,  # where it says that its standard input ended
        start_new_session=True,
    ) as engine:
        assert engine.stdout is not None
        engine.stdout.readline()
        (peak,) = peaks_of_providers(engine.pid)
        engine.communicate()
    assert 40 * 2**20 < peak < 120 * 2**20


def test_a_part_that_there_is_not_is_named() -> None:
    ran = subprocess.run(
        [sys.executable, "-m", "tools.bench", "stack"], cwd=ROOT, env={**os.environ}, capture_output=True, text=True
    )
    assert ran.returncode == 2
    assert re.search(r"there is no part 'stack': give endpoint or custody or stacks, or none for all", ran.stderr)
