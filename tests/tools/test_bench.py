"""`make bench`: what it reads, computes and shows, and that it refuses a contender that is wrong. No time is tested."""

from __future__ import annotations

import json
import os
import re
import subprocess
import sys
from dataclasses import replace
from pathlib import Path

import pytest

from tools.bench import openssl
from tools.bench.contender import Contender, cores, on_one_core, running
from tools.bench.endpoint import (
    FULL,
    KIT_ANSWER,
    KIT_EXCHANGE,
    PYWA,
    REFERENCE,
    Cold,
    Machine,
    Measured,
    Threads,
)
from tools.bench.endpoint_page import bars, cold_starts, exchanges, goals, page, threads
from tools.bench.environments import requirements
from tools.bench.rates import Rates, ratio
from tools.bench.server_figures import (
    ASYNC_KIT,
    EXCHANGE,
    FASTAPI,
    GUNICORN,
    IN_ENVIRONMENT,
    IN_STORE,
    KIT,
    MANY_KEYS,
    READS,
    SERVED_PYWA,
    UVICORN,
)
from tools.bench.table import table
from tools.bench.task import PAYLOAD_BYTES, Task, payload
from tools.stop import Stop

ROOT = Path(__file__).resolve().parents[2]

OPENSSL_3 = "+DTP:2048:private:rsa:3\n+R1:12402:2048:3.00\n+R2:179928:2048:3.00\n+F2:2:2048:4134.0:59976.0\n"
OPENSSL_1_0 = "+DTP:2048:private:rsa:10\n+R1:12402:2048:3.00\n+R2:179928:2048:3.00\n+F2:2:2048:0.000242:0.000017\n"


@pytest.fixture(scope="module")
def task() -> Task:
    return Task.make(2)


@pytest.fixture
def measured() -> Measured:
    machine = Machine("Linux on x86_64", 2, True, "3.11.7", "50.0.2", "OpenSSL 4.0.3", "OpenSSL 3.0.19")
    rates = (
        Rates(REFERENCE, (3700.0, 3600.0, 3800.0)),
        Rates(KIT_EXCHANGE, (3626.0, 3528.0, 3724.0)),
        Rates(KIT_ANSWER, (3400.0, 3300.0, 3500.0)),
        Rates(PYWA, (3500.0, 3400.0, 3600.0)),
    )
    cold = (Cold(REFERENCE, 59.4, 22.41), Cold(KIT_ANSWER, 85.2, 28.16))
    return Measured(machine, FULL, 4000.0, rates, (Threads(REFERENCE, 1.93), Threads(KIT_ANSWER, 1.82)), cold)


@pytest.mark.parametrize("printed", [OPENSSL_3, OPENSSL_1_0], ids=["rates at the end", "times at the end"])
def test_the_rate_of_private_operations_is_read_from_any_openssl(printed: str) -> None:
    assert openssl.read_rate(printed) == pytest.approx(4134)


@pytest.mark.parametrize("printed", ["", "speed: unknown option", "+R1:0:2048:0.00", "+R1:12402:4096:3.00"])
def test_output_without_a_rate_gives_none(printed: str) -> None:
    assert openssl.read_rate(printed) is None


def test_without_openssl_there_is_no_floor(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.setenv("PATH", str(tmp_path))
    assert openssl.private_operations(1) is None
    assert openssl.version() is None


def test_an_openssl_that_cannot_measure_gives_no_floor(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    program = tmp_path / "openssl"
    program.write_text("#!/bin/sh\nexit 1\n")
    program.chmod(0o755)
    monkeypatch.setenv("PATH", str(tmp_path))
    assert openssl.private_operations(1) is None


def test_the_rate_is_the_median_of_the_rounds() -> None:
    rates = Rates("one", (100.0, 1.0, 400.0))
    assert (rates.median, rates.microseconds) == (100.0, 10_000.0)


def test_a_ratio_is_taken_within_each_round() -> None:
    assert ratio((90.0, 45.0, 30.0), (100.0, 50.0, 10.0)) == 0.9


def test_rates_of_other_rounds_are_not_compared() -> None:
    with pytest.raises(ValueError, match="longer"):
        ratio((1.0,), (1.0, 2.0))


def test_the_spread_is_that_of_the_middle_half_of_the_rounds() -> None:
    assert Rates("one", (1.0, 90.0, 100.0, 110.0, 900.0)).spread == pytest.approx(0.1)


def test_the_columns_of_a_table_line_up() -> None:
    assert table(("", "a second"), [("short", "7"), ("a longer name", "1,234,567")]) == (
        "|               |  a second |\n"
        "| ------------- | --------: |\n"
        "| short         |         7 |\n"
        "| a longer name | 1,234,567 |"
    )


def test_each_contender_stands_in_the_table_beside_the_reference(measured: Measured) -> None:
    rows = [[cell.strip() for cell in line.split("|")[1:-1]] for line in exchanges(measured).splitlines()]
    assert rows[2] == ["openssl: the RSA operation alone", "4,000", "250", "1.081", ""]
    assert rows[4] == [KIT_EXCHANGE, "3,626", "276", "0.980", "2.7%"]


@pytest.mark.parametrize(("version", "said"), [(None, "not here"), ("LibreSSL 3.3.6", "can't measure")])
def test_a_missing_floor_is_said_in_its_row(measured: Measured, version: str | None, said: str) -> None:
    without = replace(measured, floor=None, machine=replace(measured.machine, openssl=version))
    assert f"| {said}" in exchanges(without).splitlines()[2]
    assert [bar.name for bar in bars(without).bars] == [rates.name for rates in measured.rates]


def test_one_core_is_said_where_two_threads_would_stand(measured: Measured) -> None:
    assert "there is one core" in threads(replace(measured, threads=()))


def test_a_cold_start_has_its_time_and_its_memory(measured: Measured) -> None:
    assert re.search(rf"\| {re.escape(KIT_ANSWER)} +\| +85 +\| +28\.2 +\|", cold_starts(measured))


def test_each_goal_is_reached_or_missed_with_its_figure(measured: Measured) -> None:
    assert goals(measured) == [
        f"decrypt and encrypt at 0.95 of {REFERENCE}: 0.980, reached",
        f"decrypt and encrypt ahead of {PYWA}: 1.036, reached",
        "two threads at 1.85 of one: 1.820, missed",
    ]


def test_the_page_shows_what_the_terminal_shows(measured: Measured) -> None:
    shown = page(measured)
    for part in (exchanges(measured), threads(measured), cold_starts(measured), *goals(measured)):
        assert part in shown


def test_the_payload_has_the_size_that_the_page_says() -> None:
    assert len(json.dumps(payload())) == PAYLOAD_BYTES


def right_answers(task: Task) -> list[str]:
    return [asked.session.encrypt_answer({"screen": "CONFIRM", "data": payload()["data"]}) for asked in task.asked]


def test_right_answers_pass(task: Task) -> None:
    task.check("one", right_answers(task))


@pytest.mark.parametrize("answers", [[], [""], ["bm90IGFuIGFuc3dlcg=="]], ids=["none", "empty", "undecryptable"])
def test_an_answer_that_does_not_decrypt_ends_the_bench(task: Task, answers: list[str]) -> None:
    with pytest.raises(Stop, match=r"^one gave "):
        task.check("one", answers)


def test_an_answer_to_another_form_ends_the_bench(task: Task) -> None:
    with pytest.raises(Stop, match=r"^one gave a wrong answer"):
        task.check("one", [task.asked[0].session.encrypt_answer({"screen": "CONFIRM", "data": {}})])


def test_an_answer_to_another_request_ends_the_bench(task: Task) -> None:
    with pytest.raises(Stop, match=r"^one gave a wrong answer"):
        task.check("one", right_answers(task)[::-1])


def test_a_contender_that_ends_early_is_named(task: Task) -> None:
    nothing = Contender("one", "tools.bench.contenders", Path(sys.executable))  # a package: it can't be run
    with pytest.raises(Stop, match=r"^one ended without an answer"), running(nothing, task, ROOT):
        pass


@pytest.mark.skipif(sys.platform != "linux", reason="a process can't be kept on one core")
def test_what_is_started_on_one_core_stays_there() -> None:
    before = cores()
    with on_one_core():
        asked = [sys.executable, "-c", "import os; print(len(os.sched_getaffinity(0)))"]
        assert subprocess.run(asked, capture_output=True, text=True).stdout == "1\n"
    assert cores() == before


def test_a_quick_run_compares_the_kit_with_cryptography_serves_it_and_writes_nothing(tmp_path: Path) -> None:
    docs = {file: file.stat().st_mtime_ns for file in (ROOT / "docs").rglob("*")}
    ran = subprocess.run(
        [sys.executable, "-m", "tools.bench", "endpoint", "--quick"],
        cwd=ROOT,
        env={**os.environ, "PATH": str(tmp_path)},
        capture_output=True,
        text=True,
    )
    assert (ran.returncode, ran.stderr) == (0, "")
    for name in (REFERENCE, KIT_EXCHANGE, KIT_ANSWER):
        assert re.search(rf"^\| {re.escape(name)} +\| +[\d,]+ \| +[\d,]+ \| +\d\.\d\d\d \|", ran.stdout, re.MULTILINE)
    with_one_key = [f"{host}: {one}" for host in (UVICORN, FASTAPI, GUNICORN) for one in (READS, KIT)]
    in_a_flood = [f"{host}, keys {where}" for host in (UVICORN, GUNICORN) for where in (IN_ENVIRONMENT, IN_STORE)]
    alone = [f"{UVICORN}: {EXCHANGE}", f"{UVICORN}: {ASYNC_KIT}", f"{FASTAPI}: {SERVED_PYWA}"]
    for name in (*with_one_key, *alone, *MANY_KEYS, *in_a_flood):
        assert re.search(rf"^\| {re.escape(name)} +\| +[\d,.]+ \| +[\d,.]+ \|", ran.stdout, re.MULTILINE)
    assert {file: file.stat().st_mtime_ns for file in (ROOT / "docs").rglob("*")} == docs


def pins(file: Path) -> dict[str, str]:
    return dict(re.findall(r"^([a-z0-9-]+)==(\S+)", file.read_text(), re.MULTILINE))


@pytest.mark.parametrize("name", ["pywa-4.5.0", "pywa-4.3.1"])
def test_every_contender_has_the_same_cryptography(name: str) -> None:
    assert pins(requirements(name))["cryptography"] == pins(ROOT / "tools" / "requirements.txt")["cryptography"]
