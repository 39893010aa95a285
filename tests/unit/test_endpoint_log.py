"""The endpoint's log: nothing that was typed into a form, and no flood."""

import sys
from concurrent.futures import ThreadPoolExecutor
from decimal import Decimal
from typing import Any

import pytest

from tests.forms import APP_SECRET, FORM, TYPED_IN, endpoint_of, key, ring, sent
from tests.stopped_clock import StoppedClock
from whatsapp_flow_endpoint import FlowEndpoint, FlowRequest
from whatsapp_flow_endpoint.log_lines import LogLines
from whatsapp_flow_keys import document

_SECONDS = 20
NO_SECRET = "this endpoint has no app secret, so it answers requests that nobody signed: anybody can send them"
TYPED = {"error": TYPED_IN, "error_message": TYPED_IN}


def echo(request: FlowRequest) -> dict[str, Any]:
    return {"seen": dict(request.data)}


def of_payload(payload: dict[str, Any]) -> Any:
    """What the endpoint's handler, if it is asked, and the rest of it make of a payload."""
    form = sent(payload)
    return form.decrypt(endpoint_of(echo).answer(form.signed, form.body))


def test_a_form_with_a_field_called_error_message_is_not_taken_for_an_error_notice(
    caplog: pytest.LogCaptureFixture,
) -> None:
    data = {**TYPED, "day": "Monday"}
    assert of_payload({**FORM, "data": data}) == {"seen": data}
    assert caplog.text == ""


def test_what_was_typed_into_the_fields_of_an_error_notice_is_not_logged(caplog: pytest.LogCaptureFixture) -> None:
    """With these two fields alone a form looks like a notice."""
    assert of_payload({**FORM, "data": TYPED}) == {"data": {"acknowledged": True}}
    assert "screen 'DAY': an error that Meta doesn't list; on_error_notice= gets its name" in caplog.text
    assert TYPED_IN not in caplog.text


def test_going_back_is_not_taken_for_an_error_notice() -> None:
    assert of_payload({**FORM, "action": "BACK", "data": TYPED}) == {"seen": TYPED}


def test_a_notice_with_a_field_more_is_known_by_metas_name_of_the_error(caplog: pytest.LogCaptureFixture) -> None:
    notice = {"error": "payload-schema-error", "error_message": TYPED_IN, "new": TYPED_IN}
    assert of_payload({**FORM, "data": notice}) == {"data": {"acknowledged": True}}
    assert "screen 'DAY': payload-schema-error" in caplog.text
    assert TYPED_IN not in caplog.text


def test_a_name_in_an_answer_that_was_typed_is_not_logged(caplog: pytest.LogCaptureFixture) -> None:
    form = sent({**FORM, "data": {"guests": [{"name": "Smith"}]}})
    answer = {"data": {"Smith": {"price": Decimal(1)}}}
    assert endpoint_of(lambda _: answer).answer(form.signed, form.body).status == 500
    assert "the answer.data[a name].price is a Decimal" in caplog.text
    assert "Smith" not in caplog.text


def leaves(request: FlowRequest) -> dict[str, Any]:
    sys.exit(request.data["day"])


def test_a_handler_that_would_end_the_process_gets_500_and_is_not_quoted(caplog: pytest.LogCaptureFixture) -> None:
    """In the main thread it may be a server's signal, which ends it."""
    endpoint, form = endpoint_of(leaves), sent()
    with ThreadPoolExecutor(1) as thread:
        answer = thread.submit(endpoint.answer, form.signed, form.body).result(_SECONDS)
    assert answer.status == 500
    assert "the handler raised SystemExit" in caplog.text
    assert TYPED_IN not in caplog.text
    with pytest.raises(SystemExit):
        endpoint.answer(form.signed, form.body)


class Odd(dict[str, Any]):
    """A dict of the handler's own."""

    def items(self) -> Any:
        raise LookupError(TYPED_IN)


def test_an_answer_that_fails_when_it_is_read_gets_500_and_is_not_quoted(caplog: pytest.LogCaptureFixture) -> None:
    form = sent()
    assert endpoint_of(lambda _: {"data": Odd(day=1)}).answer(form.signed, form.body).status == 500
    assert "the answer raised LookupError when it was read" in caplog.text
    assert TYPED_IN not in caplog.text


def test_an_endpoint_that_accepts_unsigned_requests_says_so_when_it_starts(caplog: pytest.LogCaptureFixture) -> None:
    environ = {"WHATSAPP_FLOW_KEYS": document.dump(ring(key()))}
    FlowEndpoint.from_env(echo, environ, accept_unsigned_requests=True)
    assert NO_SECRET in caplog.text


def test_one_that_has_an_app_secret_says_nothing_of_unsigned_requests(caplog: pytest.LogCaptureFixture) -> None:
    environ = {"WHATSAPP_FLOW_KEYS": document.dump(ring(key())), "WHATSAPP_APP_SECRET": APP_SECRET}
    FlowEndpoint.from_env(echo, environ, accept_unsigned_requests=True)
    assert caplog.text == ""


def test_unsigned_requests_have_one_line_a_second_and_are_counted(caplog: pytest.LogCaptureFixture) -> None:
    clock = StoppedClock()
    endpoint = endpoint_of(echo, clock=clock)
    for _ in range(313):
        assert endpoint.answer({}, b"{}").status == 432
    clock.move(1.0)
    endpoint.answer({}, b"{}")
    first, second = [record.getMessage() for record in caplog.records]
    assert first.startswith("answered 432: the request has no X-Hub-Signature-256")
    assert second == f"{first} (and 312 more since the last such line)"


def test_what_is_said_for_another_reason_has_a_line_of_its_own(caplog: pytest.LogCaptureFixture) -> None:
    log = LogLines(StoppedClock())
    for why in ("one", "another", "one"):
        log.say("answered 400", why)
    assert [record.getMessage() for record in caplog.records] == ["answered 400: one", "answered 400: another"]


def test_reasons_that_differ_in_numbers_only_are_the_same(caplog: pytest.LogCaptureFixture) -> None:
    log = LogLines(clock := StoppedClock())
    for count in range(100):
        log.say("answered 421", f"initial_vector: has {count} bytes")
    clock.move(1.0)
    log.say("answered 421", "initial_vector: has 7 bytes\nand a second line")
    assert [record.getMessage() for record in caplog.records] == [
        "answered 421: initial_vector: has 0 bytes",
        "answered 421: initial_vector: has 7 bytes\nand a second line",
    ]


def test_ever_other_reasons_have_some_lines_a_second_and_no_more(caplog: pytest.LogCaptureFixture) -> None:
    log = LogLines(clock := StoppedClock())
    for at in range(1000):
        log.say("answered 500", "x" * at + "y")
    assert len(caplog.records) == 21
    clock.move(1.0)
    log.say("answered 500", "yet another")
    assert caplog.messages[-1] == "answered 500: yet another (and 979 more since the last such line)"


def say_each(log: LogLines, whys: str) -> None:
    for why in whys:
        log.say("answered 500", why)


def test_after_a_minute_without_them_other_reasons_have_lines_of_their_own(caplog: pytest.LogCaptureFixture) -> None:
    log = LogLines(clock := StoppedClock())
    say_each(log, "abcdefghijklmnopqrst")
    clock.move(59.0)
    say_each(log, "UV")
    assert caplog.messages[20:] == ["answered 500: U"]
    clock.move(1.0)
    say_each(log, "XYZ")
    assert caplog.messages[21:] == ["answered 500: X", "answered 500: Y", "answered 500: Z"]


def test_a_reason_that_is_said_again_and_again_keeps_its_place(caplog: pytest.LogCaptureFixture) -> None:
    log = LogLines(clock := StoppedClock())
    say_each(log, "abcdefghijklmnopqrst")
    clock.move(59.5)
    say_each(log, "a")
    clock.move(0.5)
    say_each(log, "ABCDEFGHIJKLMNOPQRSTU")
    assert [message[-1] for message in caplog.messages[21:]] == list("ABCDEFGHIJKLMNOPQRST")


def test_of_several_reasons_the_one_that_was_said_longest_ago_goes(caplog: pytest.LogCaptureFixture) -> None:
    log = LogLines(clock := StoppedClock())
    say_each(log, "bbb")
    clock.move(0.1)
    say_each(log, "acdefghijklmnopqrstaaa")
    clock.move(60.0)
    say_each(log, "Za")
    assert caplog.messages[20:] == [
        "answered 500: Z",
        "answered 500: a (and 3 more since the last such line)",
    ]
    say_each(log, "b")
    assert caplog.messages[22:] == ["answered 500: b"]
