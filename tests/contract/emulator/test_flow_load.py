"""Many people at a steady rate, against a Flow endpoint over real HTTP; and the command that does it."""

import contextlib
import io
import json
import os
import re
import signal
import socket
import subprocess
import sys
import threading
import time
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any

import pytest

import whatsapp_graph_emulator
from tests.contract.emulator.both_sides import APP_SECRET, Business, Meta, raw_endpoint
from tests.contract.emulator.conftest import NUMBER
from tests.pairs import new, old
from tests.servers.flow_endpoint import FlowEndpoint, Reply
from whatsapp_flow_keys.errors import FlowMessageError
from whatsapp_flow_keys.flow_protocol.message import decrypt_request
from whatsapp_graph_emulator import BadField, Emulator
from whatsapp_graph_emulator.flow_client import Exchange, FlowClient
from whatsapp_graph_emulator.flow_load import FlowLoad, Report
from whatsapp_graph_emulator.flow_load.__main__ import _Progress, main

RATE = 200.0


def run(reply: Callable[[bytes], Reply], meta: Meta | None = None, **options: Any) -> Report:
    """A load to its end; 20 requests where `options` say nothing else."""
    meta = meta or Meta()
    options = {"rate": RATE, "total": 20, "devices": 4} | options
    with FlowEndpoint(reply=reply) as endpoint, FlowLoad(lambda: FlowClient(endpoint.url, meta), **options) as load:
        assert load.wait(60)
        return load.report()


def test_each_request_is_sent_and_counted() -> None:
    business = Business()
    report = run(business)
    assert (report.requests, report.answered, report.failed, report.under_way) == (20, 20, 0, 0)
    assert len(business.payloads) == 20
    assert report.latency_ms is not None
    assert 0 < report.latency_ms.p50 <= report.latency_ms.p90 <= report.latency_ms.p99 <= report.latency_ms.max


def test_the_rate_is_kept() -> None:
    report = run(Business(), rate=50.0, total=26)
    assert 0.5 <= report.seconds < 5


def test_flows_are_opened_each_with_a_flow_token_of_its_own() -> None:
    business = Business()
    run(business)
    assert {payload["action"] for payload in business.payloads} == {"INIT"}
    assert len({payload["flow_token"] for payload in business.payloads}) == 20


def test_what_is_sent_and_what_is_right_can_be_given() -> None:
    asked: list[tuple[object, object]] = []

    def judge(payload: Mapping[str, object], answer: Mapping[str, Any]) -> bool:
        asked.append((payload, answer))
        return len(asked) > 3

    report = run(Business(), payload=lambda: {"action": "BACK"}, judge=judge)
    assert asked == [({"action": "BACK"}, {"screen": "SUCCESS"})] * 20
    assert report.failures == {"wrong answer": 3}
    assert (report.answered, report.failed) == (17, 3)


def test_failures_are_counted_by_their_outcome_and_their_status() -> None:
    business, lock, replies = Business(), threading.Lock(), [503, 432, 503, 427]

    def some_fail(body: bytes) -> Reply:
        with lock:
            return (replies.pop(), b"") if replies else business(body)

    report = run(some_fail)
    assert report.failures == {
        "unexpected_http_status_code": 2,
        "signature refused": 1,
        "flow token no longer valid": 1,
    }
    assert report.statuses == {503: 2, 432: 1, 427: 1}
    assert (report.answered, report.failed) == (16, 4)


def test_an_endpoint_with_another_key_fails_each_form_with_two_421s() -> None:
    report = run(Business([new()]))
    assert report.failures == {"business-decryption-error": 20}
    assert report.answers_421 == 40
    assert report.latency_ms is None


def test_devices_with_old_and_with_new_keys_are_in_use_together() -> None:
    meta, business, opened = Meta(), Business([old(), new()]), ""

    def note_the_key(body: bytes) -> Reply:
        nonlocal opened
        with contextlib.suppress(FlowMessageError):
            decrypt_request([new()], json.loads(body))
            opened += "n"
        with contextlib.suppress(FlowMessageError):
            decrypt_request([old()], json.loads(body))
            opened += "o"
        return business(body)

    with FlowEndpoint(reply=note_the_key) as endpoint:
        load = FlowLoad(lambda: FlowClient(endpoint.url, meta), rate=RATE, devices=4, requests_per_device=40)
        with load:
            wait_for(load, lambda: "o" in opened)
            meta.pem = new().public_key_pem
            wait_for(load, lambda: "no" in opened)
            business.keys = [new()]
            wait_for(load, lambda: load.report().answers_421 > 0)
        report = load.report()
    assert (report.failures, report.under_way) == ({}, 0)


def wait_for(load: FlowLoad, seen: Callable[[], bool]) -> None:
    for _ in range(1000):
        if seen():
            return
        load.wait(0.01)
    raise AssertionError(str(load.report()))


class CountingClient(FlowClient):
    """A device that counts what it sends."""

    sent = 0

    def send(self, payload: Mapping[str, object]) -> Exchange:
        self.sent += 1
        return super().send(payload)


def test_a_device_is_replaced_after_its_requests_and_the_first_ones_earlier() -> None:
    devices: list[CountingClient] = []

    def new_device() -> FlowClient:
        devices.append(CountingClient(endpoint.url, Meta()))
        return devices[-1]

    with (
        FlowEndpoint(reply=Business()) as endpoint,
        FlowLoad(new_device, rate=RATE, total=40, devices=2, requests_per_device=8) as load,
    ):
        load.wait(60)
    sent = [device.sent for device in devices]
    assert sum(sent) == 40
    assert sent[0] <= 4
    assert max(sent) <= 8
    report = load.report()
    assert report.devices_used == report.key_fetches == len([count for count in sent if count])


def test_a_slow_answer_delays_nobody_else() -> None:
    business, lock, slow = Business(), threading.Lock(), [True]
    others_done = threading.Event()

    def first_waits_for_the_others(body: bytes) -> Reply:
        with lock:
            waits = slow.pop() if slow else False
        if waits:
            assert others_done.wait(30)
        reply = business(body)
        if len(business.payloads) == 19:
            others_done.set()
        return reply

    report = run(first_waits_for_the_others, devices=1)
    assert (report.answered, report.failed) == (20, 0)
    assert report.devices_used >= 2


def test_a_request_that_the_load_generator_starts_late_is_sent_and_counted() -> None:
    business, made = Business(), [0]

    def slow_to_make() -> FlowClient:
        made[0] += 1
        if made[0] == 2:
            threading.Event().wait(0.3)  # the generator's own delay, while others are due
        return FlowClient(endpoint.url, Meta())

    with FlowEndpoint(reply=business) as endpoint:
        load = FlowLoad(slow_to_make, rate=RATE, total=40, devices=1, requests_per_device=1)
        with load:
            assert load.wait(60)
        report = load.report()
    assert (report.requests, report.failures) == (40, {})
    assert 1 <= report.late < 40
    assert report.longest_late_ms > 100


def test_a_request_that_is_due_when_the_load_is_stopped_is_sent() -> None:
    made: list[FlowClient] = []
    behind, go_on = threading.Event(), threading.Event()

    def slow_to_make() -> FlowClient:
        made.append(FlowClient(endpoint.url, Meta()))
        if len(made) == 2:
            behind.set()
            go_on.wait(30)  # the generator's own delay, while others are due
        return made[-1]

    with FlowEndpoint(reply=Business()) as endpoint:
        load = FlowLoad(slow_to_make, rate=RATE, devices=1, requests_per_device=1)
        load.start()
        since = time.monotonic()
        assert behind.wait(30)
        threading.Timer(0.3, go_on.set).start()
        go_on.wait(0.2)
        elapsed = time.monotonic() - since
        assert load.stop().requests >= RATE * elapsed


def test_stop_waits_for_what_is_under_way_and_starts_no_more() -> None:
    business = Business()
    with FlowEndpoint(reply=business) as endpoint:
        load = FlowLoad(lambda: FlowClient(endpoint.url, Meta()), rate=RATE)
        load.start()
        wait_for(load, lambda: load.report().answered >= 5)
        report = load.stop()
        assert report.under_way == 0
        assert report.requests == report.answered == len(business.payloads)
        load.wait(0.05)
        assert load.report() == report


def test_what_a_payload_raises_ends_the_load_and_is_raised() -> None:
    def broken() -> Mapping[str, object]:
        raise LookupError("no such order")

    with (
        FlowEndpoint(reply=Business()) as endpoint,
        pytest.raises(LookupError, match="no such order"),
        FlowLoad(lambda: FlowClient(endpoint.url, Meta()), payload=broken) as load,
    ):
        load.wait(60)


@pytest.mark.parametrize(
    "options",
    [{"rate": 0}, {"rate": -1}, {"rate": float("nan")}, {"rate": float("inf")}, {"devices": 0}],
)
def test_a_number_out_of_range_is_refused(options: dict[str, Any]) -> None:
    (name,) = options
    with pytest.raises(BadField, match=f"^{name}: must be"):
        FlowLoad(lambda: FlowClient("http://127.0.0.1:1/", Meta()), **options)


def test_a_table_says_what_each_failure_means() -> None:
    table = str(run(Business([new()])))
    assert "forms sent         20\n" in table
    assert "answered            0  0.00 %" in table
    assert "failed             20  100.00 %" in table
    assert (
        "20  business-decryption-error: the endpoint could not decrypt (421), even with the key fetched again\n"
        in table
    )
    assert "HTTP 421: 20" in table


def test_a_report_as_json_has_every_count() -> None:
    report = run(Business())
    said = json.loads(report.as_json())
    assert (said["requests"], said["answered"], said["failed"], said["failures"]) == (20, 20, 0, {})
    assert set(said["latency_ms"]) == {"p50", "p90", "p99", "max"}


class Terminal(io.StringIO):
    """A stream that is a terminal."""

    def isatty(self) -> bool:
        return True


def test_a_terminal_has_its_line_rewritten_and_a_log_gets_lines() -> None:
    terminal, log = Terminal(), io.StringIO()
    for stream in (terminal, log):
        progress = _Progress(stream)
        progress.show("one")
        progress.show("two")
        progress.clear()
    assert terminal.getvalue() == "\r\x1b[Kone\r\x1b[Ktwo\r\x1b[K"
    assert log.getvalue() == "one\ntwo\n"


def arguments(emulator: Emulator, endpoint: FlowEndpoint, *more: str) -> list[str]:
    return ["--graph", emulator.url, "--number", NUMBER, "--endpoint", endpoint.url, "--rate", "100", *more]


@pytest.fixture(autouse=True)
def no_app_secret(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("WHATSAPP_APP_SECRET", raising=False)


def test_the_command_ends_with_a_table_and_0_where_no_form_failed(
    emulator: Emulator, capsys: pytest.CaptureFixture[str]
) -> None:
    emulator.set_key(NUMBER, old().public_key_pem)
    with FlowEndpoint(reply=Business()) as endpoint:
        assert main(arguments(emulator, endpoint, "--seconds", "0.2", "--devices", "3")) == 0
    table = capsys.readouterr().out
    assert "at 100 forms a second, 3 devices at a time" in table
    assert re.search(r"answered +20 +100\.00 %", table)


def test_the_command_ends_with_1_where_a_form_failed(emulator: Emulator, capsys: pytest.CaptureFixture[str]) -> None:
    emulator.set_key(NUMBER, old().public_key_pem)
    with FlowEndpoint(reply=Business([new()])) as endpoint:
        assert main(arguments(emulator, endpoint, "--seconds", "0.2", "--json")) == 1
    assert json.loads(capsys.readouterr().out)["failures"] == {"business-decryption-error": 20}


def test_the_command_shows_how_far_it_is(
    emulator: Emulator, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("whatsapp_graph_emulator.flow_load.__main__.LOG_PROGRESS_SECONDS", 0.05)
    emulator.set_key(NUMBER, old().public_key_pem)
    with FlowEndpoint(reply=Business([new()])) as endpoint:
        main(arguments(emulator, endpoint, "--seconds", "0.3"))
    assert re.search(r"^0\.\d s  \d+ sent  0 answered  \d+ failed \(business-decryption-error\)", said(capsys), re.M)


def said(capsys: pytest.CaptureFixture[str]) -> str:
    return capsys.readouterr().err


def test_the_command_signs_with_the_app_secret_of_the_environment(
    emulator: Emulator, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    emulator.set_key(NUMBER, old().public_key_pem)
    monkeypatch.setenv("WHATSAPP_APP_SECRET", APP_SECRET)
    business = Business()
    with FlowEndpoint(reply=business) as endpoint:
        assert main(arguments(emulator, endpoint, "--seconds", "0.1")) == 0
    assert {"X-Hub-Signature-256"} <= set(endpoint.requests[0])
    assert APP_SECRET not in str(capsys.readouterr())


def test_a_number_without_a_key_fails_each_form(emulator: Emulator, capsys: pytest.CaptureFixture[str]) -> None:
    with FlowEndpoint(reply=Business()) as endpoint:
        assert main(arguments(emulator, endpoint, "--seconds", "0.1")) == 1
    assert "10  public-key-missing: the phone number has no public key\n" in capsys.readouterr().out


def refused(capsys: pytest.CaptureFixture[str], graph: str, number: str = NUMBER) -> str:
    """The one sentence."""
    assert main(["--graph", graph, "--number", number, "--endpoint", "http://127.0.0.1:1/"]) == 2
    output = capsys.readouterr()
    assert output.out == ""
    (sentence,) = output.err.splitlines()
    return sentence


def test_a_graph_that_is_not_there_is_one_sentence(capsys: pytest.CaptureFixture[str]) -> None:
    with socket.socket() as nobody:
        nobody.bind(("127.0.0.1", 0))
        graph = f"http://127.0.0.1:{nobody.getsockname()[1]}"
        assert refused(capsys, graph) == f"No Graph API emulator answers at {graph}: start it, or correct --graph."


def test_a_number_that_the_emulator_does_not_have_is_one_sentence(
    emulator: Emulator, capsys: pytest.CaptureFixture[str]
) -> None:
    assert f"The emulator at {emulator.url} has no phone number 7" in refused(capsys, emulator.url, "7")


@pytest.mark.parametrize(("status", "body"), [(200, "{}"), (200, "[]"), (200, "<html>"), (404, "{}"), (500, "")])
def test_something_else_than_the_emulator_is_one_sentence(
    capsys: pytest.CaptureFixture[str], status: int, body: str
) -> None:
    answer = f"HTTP/1.1 {status} Whatever\r\nContent-Length: {len(body)}\r\n\r\n{body}"
    with raw_endpoint(answer.encode()) as url:
        assert "is not the Graph API emulator: correct --graph." in refused(capsys, url.removesuffix("/flows"))


@pytest.mark.parametrize(
    ("wrong", "sentence"),
    [
        (["--endpoint", "127.0.0.1:1"], "argument --endpoint: must be a URL like http://127.0.0.1:8080/flows"),
        (["--graph", "here"], "argument --graph: must be a URL"),
        (["--number", "support"], "argument --number: must be a phone number ID"),
        (["--rate", "0"], "argument --rate: must be above 0"),
        (["--rate", "nan"], "argument --rate: must be a number"),
        (["--seconds", "-1"], "argument --seconds: must be a number of 0 or more"),
        (["--devices", "0"], "argument --devices: must be a whole number from 1"),
        (["--app-secret", "hunter2"], "unrecognized arguments"),
    ],
)
def test_a_wrong_argument_is_named(capsys: pytest.CaptureFixture[str], wrong: list[str], sentence: str) -> None:
    right = ["--graph", "http://127.0.0.1:1", "--number", NUMBER, "--endpoint", "http://127.0.0.1:1/"]
    with pytest.raises(SystemExit) as ended:
        main([*right, *wrong])
    assert ended.value.code == 2
    assert sentence in said(capsys)


@pytest.mark.parametrize("ending", [signal.SIGINT, signal.SIGTERM])
def test_ctrl_c_ends_the_command_with_the_table(emulator: Emulator, ending: signal.Signals) -> None:
    emulator.set_key(NUMBER, old().public_key_pem)
    business, ten = Business(), threading.Event()

    def note(body: bytes) -> Reply:
        reply = business(body)
        if len(business.payloads) == 10:
            ten.set()
        return reply

    environment = os.environ | {"PYTHONPATH": str(Path(whatsapp_graph_emulator.__file__).parents[1])}
    with FlowEndpoint(reply=note) as endpoint:
        command = [sys.executable, "-m", "whatsapp_graph_emulator.flow_load", *arguments(emulator, endpoint)]
        with subprocess.Popen(
            command, env=environment, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True
        ) as process:
            assert ten.wait(60)
            process.send_signal(ending)
            output, errors = process.communicate(timeout=60)
    assert process.returncode == 0, errors
    assert re.search(r"answered +\d+ +100\.00 %", output)
    assert "Traceback" not in errors


def test_a_second_ctrl_c_leaves_what_is_under_way_behind(emulator: Emulator) -> None:
    emulator.set_key(NUMBER, old().public_key_pem)
    asked = threading.Event()

    def hang(_body: bytes) -> Reply:
        asked.set()
        endpoint.released.wait()
        return 200, b""

    environment = os.environ | {"PYTHONPATH": str(Path(whatsapp_graph_emulator.__file__).parents[1])}
    with FlowEndpoint(reply=hang) as endpoint:
        command = [sys.executable, "-m", "whatsapp_graph_emulator.flow_load", *arguments(emulator, endpoint)]
        with subprocess.Popen(
            command, env=environment, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True
        ) as process:
            assert asked.wait(60)
            assert process.stderr is not None
            process.send_signal(signal.SIGINT)
            assert "Ctrl-C leaves it behind" in process.stderr.readline()
            process.send_signal(signal.SIGINT)
            output, errors = process.communicate(timeout=60)
    assert "left behind before they ended" in output, f"{process.returncode}: {errors}"
