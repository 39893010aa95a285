"""The audit log: what a line holds, that it stays silent unless it is asked for, and that no sink stops the work."""

import ctypes
import errno
import json
import logging
import os
import subprocess
import sys
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from datetime import UTC, datetime
from pathlib import Path
from tempfile import TemporaryDirectory

import pytest

from tests.secret_forms import forms_of, leaks
from whatsapp_flow_keys.audit import AuditLog, Event, Operation
from whatsapp_flow_keys.errors import StoreError
from whatsapp_flow_keys.keys import PrivateKey
from whatsapp_flow_keys.lifecycle.trail import RULES, Trail
from whatsapp_flow_keys.registrars.meta_graph.errors import AnswerLostError, ErrorAnswer, ServiceUnavailableError

NUMBER, STACK, KEY = "106540352242922", "org/flows/prod", "ab" * 32
EVENT = Event(Operation.PUBLISHED, NUMBER, STACK, KEY, trace_id="AbC1")
ACTOR = "deploy@build-7"
FULL_DISK = Path("/dev/full")
NOBODY = 65534


@pytest.fixture(autouse=True)
def _acts(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("WHATSAPP_AUDIT_ACTOR", ACTOR)


class Noon:
    def now(self) -> datetime:
        return datetime(2026, 11, 24, 12, tzinfo=UTC)

    def monotonic(self) -> float:
        return 0.0

    def sleep(self, _seconds: float) -> None:
        raise AssertionError("an audit log waits for nobody")


class Told:
    def __init__(self) -> None:
        self.events: list[Event] = []

    def record(self, event: Event) -> None:
        self.events.append(event)


def failed(error: Exception, operation: Operation = Operation.PUBLISHED) -> Event:
    """What is told when a step ends with this error."""
    told = Told()
    with pytest.raises(type(error)), Trail(told, NUMBER, STACK).step(operation, KEY):
        raise error
    (event,) = told.events
    return event


def test_a_line_holds_every_field_and_null_where_something_is_not_known() -> None:
    assert json.loads(EVENT.line(Noon().now(), ACTOR)) == {
        "time": "2026-11-24T12:00:00+00:00",
        "operation": "published",
        "phone_number_id": NUMBER,
        "fingerprint": KEY,
        "stack": STACK,
        "actor": ACTOR,
        "outcome": "ok",
        "reason": None,
        "store": None,
        "trace_id": "AbC1",
    }


def test_an_event_is_one_line_whatever_its_reason_holds(tmp_path: Path) -> None:
    path = tmp_path / "audit.jsonl"
    AuditLog(str(path)).record(Event(Operation.STAGED, NUMBER, STACK, reason="one\ntwo\u2028three \ud800"))
    assert len(path.read_bytes().splitlines()) == 1
    assert json.loads(path.read_bytes())["reason"] == "one\ntwo\u2028three \ud800"


def test_a_file_is_made_for_its_owner_alone_and_grows_by_a_line_for_each_event(tmp_path: Path) -> None:
    path = tmp_path / "audit.jsonl"
    log = AuditLog(str(path), clock=Noon())
    log.record(EVENT)
    log.record(EVENT)
    assert path.stat().st_mode & 0o777 == 0o600
    assert path.read_text() == f"{EVENT.line(Noon().now(), ACTOR)}\n" * 2


def test_the_lines_of_many_writers_do_not_mix(tmp_path: Path) -> None:
    path = tmp_path / "audit.jsonl"
    event = Event(Operation.STAGED, NUMBER, STACK, reason="x" * 10_000)
    with ThreadPoolExecutor(8) as writers:
        list(writers.map(lambda _: AuditLog(str(path), clock=Noon()).record(event), range(200)))
    assert path.read_text().splitlines() == [event.line(Noon().now(), ACTOR)] * 200


def test_each_event_goes_through_logging_where_somebody_listens(caplog: pytest.LogCaptureFixture) -> None:
    with caplog.at_level(logging.INFO, "whatsapp_flow_keys.audit"):
        AuditLog(clock=Noon()).record(EVENT)
    assert [record.getMessage() for record in caplog.records] == [EVENT.line(Noon().now(), ACTOR)]


@pytest.mark.parametrize("level", ["WARNING", "INFO"])
def test_nothing_reaches_a_terminal_uninvited(level: str) -> None:
    program = f"""
import logging
from whatsapp_flow_keys.audit import AuditLog, Event, Operation
logging.getLogger().setLevel(logging.{level})
AuditLog().record(Event(Operation.STAGED, "1", "a/b/c"))
"""
    run = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True, check=True)
    assert run.stdout + run.stderr == ""


def test_a_handler_that_raises_stops_nothing_and_the_file_gets_its_line(tmp_path: Path) -> None:
    class Broken(logging.Handler):
        def emit(self, record: logging.LogRecord) -> None:
            raise RuntimeError("words of another's library, which may be secret")

    warnings: list[str] = []
    path, logger = tmp_path / "audit.jsonl", logging.getLogger("whatsapp_flow_keys.audit")
    broken = Broken()
    logger.addHandler(broken)
    logger.setLevel(logging.INFO)
    try:
        AuditLog(str(path), warn=warnings.append).record(EVENT)
    finally:
        logger.removeHandler(broken)
        logger.setLevel(logging.NOTSET)
    assert len(path.read_text().splitlines()) == 1
    (warning,) = warnings
    assert "a handler of the logger whatsapp_flow_keys.audit failed: RuntimeError" in warning
    assert "secret" not in warning


def missing_folder(folder: Path) -> Path:
    return folder / "missing" / "audit.jsonl"


def a_folder(folder: Path) -> Path:
    return folder


def fifo_without_a_reader(folder: Path) -> Path:
    os.mkfifo(folder / "fifo")
    return folder / "fifo"


def full_disk(_folder: Path) -> Path:
    if not FULL_DISK.exists():
        pytest.skip("this system has no /dev/full")
    return FULL_DISK


def a_key_ring(folder: Path) -> Path:
    (folder / "ring.json").write_text('{"format": "whatsapp-flow-keys/1"}')
    return folder / "ring.json"


SINKS = {
    missing_folder: "No such file or directory",
    a_folder: "Is a directory",
    fifo_without_a_reader: os.strerror(errno.ENXIO),
    full_disk: "No space left on device",
    a_key_ring: "it is another file than an audit log, and was not touched",
}


@pytest.mark.parametrize(("sink", "why"), SINKS.items(), ids=[sink.__name__ for sink in SINKS])
def test_a_file_that_can_not_be_written_stops_nothing_and_is_reported_once(
    sink: Callable[[Path], Path], why: str, tmp_path: Path
) -> None:
    warnings: list[str] = []
    path = sink(tmp_path)
    log = AuditLog(str(path), warn=warnings.append)
    log.record(EVENT)
    log.record(EVENT)
    (warning,) = warnings
    assert warning.startswith(f"warning: the audit log {path} can't be written: {why}")


@contextmanager
def without_roots_rights() -> Iterator[None]:
    """For this thread, root is nobody at the file system: else it writes into any folder."""
    if os.geteuid() != 0:
        yield
        return
    libc = ctypes.CDLL(None)
    libc.setfsuid(NOBODY)
    try:
        yield
    finally:
        libc.setfsuid(0)


def test_a_folder_that_the_user_may_not_write_to_stops_nothing_and_is_reported_once() -> None:
    warnings: list[str] = []
    with TemporaryDirectory() as reachable:
        folder = Path(reachable)
        folder.chmod(0o777)
        with without_roots_rights():
            closed = folder / "closed"
            closed.mkdir(mode=0o500)
            log = AuditLog(str(closed / "audit.jsonl"), warn=warnings.append)
            log.record(EVENT)
            log.record(EVENT)
            AuditLog(str(folder / "open.jsonl"), warn=warnings.append).record(EVENT)
        assert len((folder / "open.jsonl").read_text().splitlines()) == 1
        assert list(closed.iterdir()) == []
    (warning,) = warnings
    assert warning.startswith(f"warning: the audit log {closed}/audit.jsonl can't be written: Permission denied")


def test_a_fifo_whose_reader_does_not_read_hangs_nothing(tmp_path: Path) -> None:
    warnings: list[str] = []
    path = fifo_without_a_reader(tmp_path)
    reader = os.open(path, os.O_RDONLY | os.O_NONBLOCK)
    log = AuditLog(str(path), warn=warnings.append)
    try:
        while not warnings:
            log.record(Event(Operation.STAGED, NUMBER, STACK, reason="x" * 3000))
    finally:
        os.close(reader)
    assert "can't be written: Resource temporarily unavailable" in warnings[0]


def test_a_line_that_was_cut_short_is_reported(tmp_path: Path) -> None:
    warnings: list[str] = []
    path = fifo_without_a_reader(tmp_path)
    reader = os.open(path, os.O_RDONLY | os.O_NONBLOCK)
    try:
        log = AuditLog(str(path), warn=warnings.append)
        log.record(Event(Operation.STAGED, NUMBER, STACK, reason="x" * 1_000_000))  # more than any FIFO takes
    finally:
        os.close(reader)
    assert "can't be written: a line was cut short" in warnings[0]


def test_a_key_ring_that_was_named_by_mistake_stays_as_it_is(tmp_path: Path) -> None:
    path = a_key_ring(tmp_path)
    before = path.read_bytes()
    AuditLog(str(path), warn=lambda _text: None).record(EVENT)
    assert path.read_bytes() == before


def test_a_warning_that_nobody_can_hear_stops_nothing(tmp_path: Path) -> None:
    def closed(_text: str) -> None:
        raise ValueError("I/O operation on closed file")

    AuditLog(str(tmp_path), warn=closed).record(EVENT)


def test_a_failure_says_why_and_bears_metas_trace_id() -> None:
    event = failed(ServiceUnavailableError("publish", ErrorAnswer(500, 131000, trace_id="AbC1")))
    assert (event.operation, event.outcome, event.trace_id) == (Operation.PUBLISHED, "failed", "AbC1")
    assert event.reason is not None
    assert "Meta has a fault at its side" in event.reason


def test_a_lost_answer_is_an_unknown_outcome() -> None:
    assert failed(AnswerLostError("publish")).outcome == "unknown"


@pytest.mark.parametrize(("error", "rule"), RULES.items(), ids=RULES.values())
def test_what_a_rule_stops_is_refused_with_the_rule_as_outcome(error: type[Exception], rule: str) -> None:
    where = ("a store",) if issubclass(error, StoreError) else ()
    failure = error(*where, "It is not right. So it was not done.")
    event = failed(failure)
    assert (event.operation, event.outcome, event.reason) == (Operation.REFUSED, rule, str(failure))


def test_the_text_of_an_error_that_is_not_ours_is_not_told() -> None:
    event = failed(RuntimeError("-----BEGIN PRIVATE KEY-----"))
    assert (event.outcome, event.reason) == ("unknown", "Unexpected: RuntimeError")


def test_a_failure_is_told_by_the_innermost_step_only() -> None:
    told, error = Told(), StoreError("the store", "the store is down")
    trail = Trail(told, NUMBER, STACK)
    with pytest.raises(StoreError), trail.step(Operation.VERIFIED, KEY), trail.changing([(Operation.OFFERED, KEY)]):
        raise error
    assert [event.operation for event in told.events] == [Operation.OFFERED]


def test_the_search_for_secrets_finds_a_key_in_a_line() -> None:
    pem = PrivateKey.generate().to_pem()
    assert leaks(Event(Operation.STAGED, NUMBER, STACK, reason=pem).line(Noon().now(), ACTOR), forms_of(pem)) != set()
