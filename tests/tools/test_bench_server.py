"""`make bench ARGS=endpoint`, its servers: what is sent, checked, computed and shown. No time is tested."""

from __future__ import annotations

import os
import socket
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import replace
from socketserver import StreamRequestHandler, ThreadingTCPServer
from textwrap import fill
from threading import Event, Thread

import pytest

from tools.bench import server
from tools.bench.contender import cores, off_that_core, on_one_core, process_of
from tools.bench.flood import Sender
from tools.bench.http_load import burst, paced
from tools.bench.server import Started
from tools.bench.server_contenders import Server, kit_behind, with_one_key
from tools.bench.server_figures import (
    ALL_SENDERS,
    FASTAPI,
    GUNICORN,
    IN_ENVIRONMENT,
    IN_STORE,
    KIT,
    MANY_KEYS,
    READS,
    SERVED_PYWA,
    TEN_KEYS,
    THREE_KEYS,
    UVICORN,
    Figures,
    Flooded,
    Round,
    Served,
    percentile,
)
from tools.bench.server_page import Kind, floods, goals, many_keys, page, side_by_side
from tools.bench.servers.reads_only import ANSWER_BYTES
from tools.bench.task import Asked, ask, payload, ring_of
from tools.checkout import Checkout
from tools.stop import Stop
from whatsapp_flow_keys import document
from whatsapp_flow_keys.keys import PrivateKey

FLOODS = (
    Flooded(UVICORN, IN_ENVIRONMENT, quiet=2.0, beside=4.0, slowest_at_first=9.0, failed=0),
    Flooded(GUNICORN, IN_STORE, quiet=2.0, beside=5.0, slowest_at_first=3100.0, failed=3),
)
CHECKOUT = Checkout.this()
_SECONDS = 60


@pytest.fixture(scope="module")
def key() -> PrivateKey:
    return PrivateKey.generate()


def figures(host: str, application: str, *cpu: float, per_second: float = 1000.0) -> Figures:
    """With one round for each figure."""
    rounds = tuple(Round(per_second, one, p50=10.0, p99=20.0, senders_share=0.25) for one in cpu)
    return Figures(host, application, rounds, 20_032, 40.04)


@pytest.fixture
def made_up() -> Served:
    return Served(
        pinned=True,
        apart=True,
        exchange=(0.25, 0.5, 0.25),
        figures=(
            figures(UVICORN, READS, 0.3, 0.6, 0.3, per_second=3000.0),
            figures(UVICORN, KIT, 0.6, 1.2, 0.6, per_second=1500.0),
            figures(FASTAPI, READS, 0.4, 0.8, 0.4),
            figures(FASTAPI, KIT, 0.8, 1.6, 0.8, per_second=1200.0),
            figures(FASTAPI, SERVED_PYWA, 1.0, 2.0, 1.0),
            figures(GUNICORN, READS, 0.3, 0.6, 0.3),
            figures(GUNICORN, KIT, 0.6, 1.2, 0.6, per_second=1330.0),
            figures(UVICORN, THREE_KEYS, 0.6, 1.2, 0.6),
            figures(UVICORN, TEN_KEYS, 1.2, 2.4, 1.2),
            figures(UVICORN, ALL_SENDERS, 6.0, 12.0, 6.0),
        ),
    )


def rows(table: str) -> dict[str, list[str]]:
    """By the first cell."""
    cells = [[cell.strip() for cell in line.split("|")[1:-1]] for line in table.splitlines()]
    return {first: rest for first, *rest in cells}


class Answering(StreamRequestHandler):
    """Sends a body back, the first one only after another came."""

    another_came = Event()

    def handle(self) -> None:
        while head := self.rfile.readline():
            while (line := self.rfile.readline()) != b"\r\n":
                head += line
            body = self.rfile.read(int(head.partition(b"Content-Length: ")[2].partition(b"\r\n")[0]))
            if body == b"first":
                assert self.another_came.wait(_SECONDS)
            else:
                self.another_came.set()
            for part in (b"HTTP/1.1 421 Misdirected Request\r\nconTENT-length: %d\r\n" % len(body), b"\r\n", body):
                self.wfile.write(part)


class Closing(StreamRequestHandler):
    """Reads a line and says nothing."""

    def handle(self) -> None:
        self.rfile.readline()


@contextmanager
def tcp_server(handler: type[StreamRequestHandler]) -> Iterator[int]:
    """Its port."""
    with ThreadingTCPServer(("127.0.0.1", 0), handler) as serving:
        thread = Thread(target=serving.serve_forever, daemon=True)
        thread.start()
        try:
            yield serving.server_address[1]
        finally:
            serving.shutdown()
            thread.join()


def request(body: bytes) -> bytes:
    return b"POST / HTTP/1.1\r\nContent-Length: %d\r\n\r\n%s" % (len(body), body)


def test_answers_come_in_the_order_of_their_requests() -> None:
    bodies = [b"%d" % number for number in range(40)]
    with tcp_server(Answering) as port:
        sent = burst(port, [request(body) for body in bodies], at_once=3)
    assert [(answered.status, answered.body.encode()) for answered in sent.answers] == [(421, body) for body in bodies]


def test_what_is_due_is_sent_while_what_came_before_is_not_answered() -> None:
    Answering.another_came.clear()
    with tcp_server(Answering) as port:
        answers = paced(port, [(0.0, request(b"first")), (0.01, request(b"second"))], _SECONDS)
    assert [answered and answered.body for answered in answers] == ["first", "second"]


def test_what_is_not_answered_in_time_is_given_up_and_the_rest_goes_on() -> None:
    Answering.another_came.clear()
    with tcp_server(Answering) as port:
        (first,) = paced(port, [(0.0, request(b"first"))], 0.01)
        (second,) = paced(port, [(0.0, request(b"second"))], _SECONDS)
    assert first is None
    assert second is not None
    assert second.body == "second"


@pytest.mark.parametrize("is_paced", [True, False])
def test_a_server_that_gives_no_answer_ends_the_bench(is_paced: bool) -> None:
    with tcp_server(Closing) as port, pytest.raises(Stop, match=r"^A server gave no answer: it closed the connection"):
        paced(port, [(0.0, b"\n")], _SECONDS) if is_paced else burst(port, [b"\n"], at_once=1)


@pytest.mark.skipif(sys.platform != "linux", reason="a process can't be kept on one core")
def test_who_sends_keeps_off_the_servers_core() -> None:
    before = cores()
    with on_one_core():
        servers = os.sched_getaffinity(0)
    with off_that_core() as apart:
        assert apart == (before > 1)
        assert not apart or not servers & os.sched_getaffinity(0)
    assert cores() == before


@pytest.mark.parametrize(("percent", "found"), [(50, 2), (99, 4), (100, 4), (1, 1)])
def test_a_percentile_is_one_of_the_figures(percent: int, found: int) -> None:
    assert percentile([3, 1, 4, 2], percent) == found


def test_ninety_nine_of_a_hundred_are_no_longer_than_the_99th_percentile() -> None:
    assert percentile(range(1, 101), 99) == 99


def test_an_applications_own_cpu_is_taken_within_each_round(made_up: Served) -> None:
    kit = made_up.of(UVICORN, KIT)
    assert made_up.own_cpu(kit) == pytest.approx(0.3)
    assert made_up.own_cpu_to_exchange(kit) == pytest.approx(1.2)


def test_each_application_stands_beside_the_one_that_only_reads_at_its_server(made_up: Served) -> None:
    shown = rows(side_by_side(made_up))
    assert shown[f"{UVICORN}: {KIT}"] == ["1,500", "0.500", "0.600", "0.300", "10.0", "20.0", "40.0"]
    assert shown[f"{FASTAPI}: {SERVED_PYWA}"] == ["1,000", "1.000", "1.000", "0.600", "10.0", "20.0", "40.0"]
    assert not any(application in first for application in MANY_KEYS for first in shown)


def test_more_keys_stand_beside_one(made_up: Served) -> None:
    shown = rows(many_keys(made_up))
    assert (shown["1 key"], shown[TEN_KEYS]) == (["0.60", "1.00"], ["1.20", "2.00"])


def test_a_flood_shows_what_it_did_to_forms() -> None:
    assert rows(floods(FLOODS))[f"{GUNICORN}, keys {IN_STORE}"] == ["2.0", "5.0", "2.5", "3,100", "3"]


def test_no_goal_is_for_forms_of_many_numbers_that_nothing_names(made_up: Served) -> None:
    assert rows(many_keys(made_up))[ALL_SENDERS] == ["6.00", "10.00"]
    assert not any(ALL_SENDERS in goal.what for goal in goals(made_up, FLOODS))


def test_each_goal_is_reached_or_missed_with_its_figure(made_up: Served) -> None:
    assert [str(goal) for goal in goals(made_up, FLOODS)] == [
        f"{UVICORN}: 1.33 times the forms a second of {SERVED_PYWA} in FastAPI: 1.50, reached",
        f"{FASTAPI}: 1.33 times the forms a second of {SERVED_PYWA} in FastAPI: 1.20, missed",
        f"{GUNICORN}: 1.33 times the forms a second of {SERVED_PYWA} in FastAPI: 1.33, reached",
        f"{UVICORN}: own CPU at most 1.25 times the exchange alone: 1.20, reached",
        f"{FASTAPI}: own CPU at most 1.25 times the exchange alone: 1.60, missed",
        f"{GUNICORN}: own CPU at most 1.25 times the exchange alone: 1.20, reached",
        f"{THREE_KEYS}: CPU at most 1.05 times that with one key: 1.00, reached",
        f"{TEN_KEYS}: CPU at most 1.05 times that with one key: 2.00, missed",
        f"{UVICORN}, keys {IN_ENVIRONMENT}: p99 in the flood at most 2.0 times that without it: 2.00, reached",
        f"{GUNICORN}, keys {IN_STORE}: p99 in the flood at most 2.0 times that without it: 2.50, missed",
    ]


def test_the_page_shows_what_the_terminal_shows(made_up: Served) -> None:
    shown = page(made_up, FLOODS)
    for part in (side_by_side(made_up), many_keys(made_up), floods(FLOODS), *map(str, goals(made_up, FLOODS))):
        assert part in shown


def test_the_page_says_why_a_goal_is_missed_and_nothing_where_all_are_reached(made_up: Served) -> None:
    assert fill(Kind.FLOOD.value, 120) in page(made_up, FLOODS)
    assert fill(Kind.FLOOD.value, 120) not in page(made_up, FLOODS[:1])


def test_a_server_is_asked_each_of_its_forms_once_in_all_rounds_together(key: PrivateKey) -> None:
    plan = server.QUICK
    forms = [ask(key) for _ in range(plan.all_forms(3))]
    kit = Server(UVICORN, KIT, kit_behind(CHECKOUT, "uvicorn kit:asgi", document.dump(ring_of([key]))), forms)
    with process_of(kit.contender, CHECKOUT.root) as process:
        started = Started(kit, process)
        for _ in range(plan.rounds):
            started.measure(plan.rounds)
        found = started.found()
    assert (found.forms, len(found.rounds)) == (len(forms), plan.rounds)
    assert all(min(one.per_second, one.cpu, one.senders_share) > 0 and one.p50 <= one.p99 for one in found.rounds)
    assert 5 < found.peak_mib < 500


def test_an_answer_has_the_length_of_what_the_floor_sends(key: PrivateKey) -> None:
    answer = ask(key).session.encrypt_answer({"screen": "CONFIRM", "data": payload()["data"]})
    assert len(answer) == ANSWER_BYTES


def start(contender: Server) -> None:
    with process_of(contender.contender, CHECKOUT.root) as process:
        Started(contender, process)


def test_a_server_that_answers_wrongly_ends_the_bench(key: PrivateKey) -> None:
    forms = [replace(ask(key), session=ask(key).session)]
    kit = kit_behind(CHECKOUT, "uvicorn kit:asgi", document.dump(ring_of([key])))
    with pytest.raises(Stop, match=r"^`uvicorn kit:asgi` gave a wrong answer \(status 200\)"):
        start(Server(UVICORN, KIT, kit, forms))


def test_a_server_that_refuses_a_form_ends_the_bench(key: PrivateKey) -> None:
    kit = kit_behind(CHECKOUT, "gunicorn kit:wsgi", document.dump(ring_of([key])))
    with pytest.raises(Stop, match=r"^`gunicorn kit:wsgi` gave a wrong answer \(status 421\)"):
        start(Server(GUNICORN, KIT, kit, [ask(PrivateKey.generate())]))


def test_a_floor_that_has_not_read_the_body_ends_the_bench(key: PrivateKey) -> None:
    floor = with_one_key(CHECKOUT, key, [])[0]
    assert floor.application == READS
    form = ask(key)
    assert floor.is_right(form, form.body[:ANSWER_BYTES])
    assert not floor.is_right(form, form.body[1:ANSWER_BYTES])
    assert not floor.is_right(form, "")


def test_a_wrong_answer_to_the_flood_ends_the_bench(key: PrivateKey, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(Asked, "is_rightly_answered", lambda *_: False)
    kit = kit_behind(CHECKOUT, "uvicorn kit:asgi", document.dump(ring_of([key])))
    with process_of(kit, CHECKOUT.root) as process, pytest.raises(Stop, match="A form had a wrong answer"):
        Sender([key]).send(process.hear()["port"], 0.5, flood=True)


@pytest.mark.parametrize("words", ["uvicorn reads_only:asgi", "gunicorn reads_only:wsgi"])
def test_nothing_of_a_server_goes_on_after_it_was_measured(key: PrivateKey, words: str) -> None:
    with process_of(kit_behind(CHECKOUT, words, ""), CHECKOUT.root) as process:
        port = process.hear()["port"]
        burst(port, [ask(key).http], at_once=1)
    with pytest.raises(ConnectionRefusedError):
        socket.create_connection(("127.0.0.1", port))
