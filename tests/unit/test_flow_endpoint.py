"""The endpoint kit: what it answers to a request, and what it logs; no HTTP."""

import json
import logging
from decimal import Decimal
from pathlib import Path
from types import MappingProxyType
from typing import Any

import pytest

from tests.forms import APP_SECRET, FORM, PING, TYPED_IN, endpoint_of, key, ring, sent
from whatsapp_flow_endpoint import FlowEndpoint, FlowRequest, FlowTokenNoLongerValid, complete, show
from whatsapp_flow_keys import document
from whatsapp_flow_keys.errors import InputError, StoreError
from whatsapp_flow_keys.flow_protocol.signature import HEADER, sign

ACTIVE = {"data": {"status": "active"}}
NOTICE = {**FORM, "data": {"error": "invalid-screen-transition", "error_message": TYPED_IN}}


def book(request: FlowRequest) -> dict[str, Any]:
    return show("TIME", {"day": request.data["day"]})


def never(_: FlowRequest) -> dict[str, Any]:
    raise AssertionError("no handler should have been called")


class Kept:
    """A handler that keeps what it got."""

    def __init__(self) -> None:
        self.got: list[FlowRequest] = []

    def __call__(self, request: FlowRequest) -> dict[str, Any]:
        self.got.append(request)
        return {"data": {}}


def test_a_form_is_decrypted_handled_and_answered() -> None:
    form = sent()
    answer = endpoint_of(book).answer(form.signed, form.body)
    assert answer.status == 200
    assert form.decrypt(answer) == {"screen": "TIME", "data": {"day": TYPED_IN}}


def test_a_handler_gets_the_request_typed() -> None:
    keep = Kept()
    form = sent({**FORM, "flow_token_signature": "a.jwt.text", "unknown": [1]})
    endpoint_of(keep).answer(form.signed, form.body)
    assert keep.got == [
        FlowRequest("3.0", "data_exchange", "DAY", {"day": TYPED_IN}, "token-of-the-form", "a.jwt.text")
    ]


def test_repr_shows_nothing_that_was_typed_in() -> None:
    shown = repr(FlowRequest.read(FORM))
    assert shown == "FlowRequest(version='3.0', action='data_exchange', screen='DAY', phone_number_id=None)"


def test_a_final_answer_carries_the_token_of_the_form() -> None:
    request = FlowRequest.read(FORM)
    assert complete(request, {"day": "Monday"}) == {
        "screen": "SUCCESS",
        "data": {"extension_message_response": {"params": {"day": "Monday", "flow_token": "token-of-the-form"}}},
    }


def test_a_ping_is_answered_without_the_handler() -> None:
    ping = sent(PING)
    assert ping.decrypt(endpoint_of(never).answer(ping.signed, ping.body)) == ACTIVE


def test_a_handler_may_want_the_pings() -> None:
    ping = sent(PING)
    endpoint = endpoint_of(never, on_ping=lambda request: {"data": {"status": request.action}})
    assert ping.decrypt(endpoint.answer(ping.signed, ping.body)) == {"data": {"status": "ping"}}


@pytest.mark.parametrize("action", ["INIT", "data_exchange"])
def test_an_error_notice_is_acknowledged_and_logged_by_its_name(action: str, caplog: pytest.LogCaptureFixture) -> None:
    notice = sent({**NOTICE, "action": action})
    answer = endpoint_of(never).answer(notice.signed, notice.body)
    assert notice.decrypt(answer) == {"data": {"acknowledged": True}}
    assert "screen 'DAY': invalid-screen-transition" in caplog.text
    assert TYPED_IN not in caplog.text


def test_a_handler_may_want_the_error_notices() -> None:
    notice, keep = sent(NOTICE), Kept()
    endpoint = endpoint_of(never, on_error_notice=keep)
    assert notice.decrypt(endpoint.answer(notice.signed, notice.body)) == {"data": {}}
    assert [request.error for request in keep.got] == ["invalid-screen-transition"]


def test_a_field_that_is_called_error_makes_no_error_notice() -> None:
    form = sent({**FORM, "data": {"error": "a field of the form"}})
    answer = endpoint_of(lambda request: {"seen": request.data}).answer(form.signed, form.body)
    assert form.decrypt(answer) == {"seen": {"error": "a field of the form"}}


def test_a_token_that_is_no_longer_valid_closes_the_form_with_a_message() -> None:
    def closed(_: FlowRequest) -> dict[str, Any]:
        raise FlowTokenNoLongerValid("The day is booked out.")

    form = sent()
    answer = endpoint_of(closed).answer(form.signed, form.body)
    assert answer.status == 427
    assert form.decrypt(answer) == {"error_msg": "The day is booked out."}


@pytest.mark.parametrize("app_secrets", [("another", APP_SECRET), (APP_SECRET, "another")], ids=["old", "new"])
def test_the_old_and_the_new_app_secret_are_both_accepted(app_secrets: tuple[str, ...]) -> None:
    form = sent()
    assert endpoint_of(book, app_secrets=app_secrets).answer(form.signed, form.body).status == 200


@pytest.mark.parametrize("name", [HEADER, HEADER.lower(), HEADER.upper()])
def test_the_signature_header_may_be_written_in_any_case(name: str) -> None:
    form = sent()
    assert endpoint_of(book).answer({name: form.signed[HEADER]}, form.body).status == 200


RIGHT = sign(APP_SECRET, b"{}")


@pytest.mark.parametrize(
    "signature",
    [
        sign("another", b"{}"),
        sign(APP_SECRET, b"{ }"),
        RIGHT.upper(),
        RIGHT[:-1],
        RIGHT + "0",
        RIGHT.removeprefix("sha256="),
        "",
        "sha256=",
        "é" * 71,
        "\udcff",
        f"{RIGHT},{RIGHT}",
    ],
)
def test_a_wrong_signature_gets_432_before_anything_is_read(signature: str, caplog: pytest.LogCaptureFixture) -> None:
    answer = endpoint_of(never).answer({HEADER: signature}, b"{}")
    assert (answer.status, answer.body) == (432, "")
    assert "answered 432: the signature is not by WHATSAPP_APP_SECRET" in caplog.text


def test_the_right_signature_of_that_body_goes_on_to_its_shape() -> None:
    assert endpoint_of(never).answer({HEADER: RIGHT}, b"{}").status == 400


def test_an_unsigned_request_gets_432(caplog: pytest.LogCaptureFixture) -> None:
    form = sent()
    assert endpoint_of(never).answer({"Content-Type": "application/json"}, form.body).status == 432
    assert "the request has no X-Hub-Signature-256" in caplog.text


@pytest.mark.parametrize(
    ("body", "said"),
    [
        (b"", "the body is not JSON"),
        (b"not JSON", "the body is not JSON"),
        (b"\xff\xfe", "the body is not JSON"),
        (b"[" * 200_000, "the body is not JSON"),
        (b'{"encrypted_aes_key": NaN}', "the body is not JSON"),
        (b"[]", "the body is JSON, but no object"),
        (b"{}", "encrypted_aes_key: is missing"),
        (b'{"encrypted_aes_key": 7}', "encrypted_aes_key: is not a string"),
        (b'{"encrypted_aes_key": "AA\\nAA"}', "encrypted_aes_key: is base64 broken into lines"),
    ],
)
def test_a_body_that_is_no_flow_request_gets_400_and_a_log_line(
    body: bytes, said: str, caplog: pytest.LogCaptureFixture
) -> None:
    answer = endpoint_of(never).answer({HEADER: sign(APP_SECRET, body)}, body)
    assert (answer.status, answer.body) == (400, "")
    assert f"answered 400: {said}" in caplog.text


@pytest.mark.parametrize(
    ("payload", "said"),
    [
        ([], "the decrypted data is an array, not an object"),
        (7, "the decrypted data is a number, not an object"),
        ({}, "action: is missing"),
        ({**FORM, "action": None}, "action: is missing"),
        ({**FORM, "action": ""}, "action: is missing"),
        ({**FORM, "version": 3.0}, "version: is a number, not a string"),
        ({**FORM, "screen": True}, "screen: is true or false, not a string"),
        ({**FORM, "flow_token": 4711}, "flow_token: is a number, not a string"),
        ({**FORM, "data": [TYPED_IN]}, "data: is an array, not an object"),
        ({**FORM, "data": TYPED_IN}, "data: is a string, not an object"),
    ],
)
def test_a_decrypted_field_of_the_wrong_type_gets_400_and_is_named(
    payload: object, said: str, caplog: pytest.LogCaptureFixture
) -> None:
    form = sent(payload)
    assert endpoint_of(never).answer(form.signed, form.body).status == 400
    assert f"answered 400: {said}" in caplog.text
    assert TYPED_IN not in caplog.text


@pytest.mark.parametrize("absent", ["version", "screen", "data", "flow_token"])
@pytest.mark.parametrize("as_null", [True, False], ids=["null", "left out"])
def test_a_request_may_lack_all_but_its_action(absent: str, as_null: bool) -> None:
    payload = {**FORM, absent: None} if as_null else {name: FORM[name] for name in FORM if name != absent}
    form = sent(payload)
    answer = endpoint_of(lambda request: {"data": dict(request.data)}).answer(form.signed, form.body)
    assert answer.status == 200


def test_a_request_for_a_key_that_is_not_held_gets_421(caplog: pytest.LogCaptureFixture) -> None:
    form = sent(to=key("a stranger's"))
    answer = endpoint_of(never).answer(form.signed, form.body)
    assert (answer.status, answer.body) == (421, "")
    assert "answered 421: none of the private keys opens the request" in caplog.text


def fails(request: FlowRequest) -> dict[str, Any]:
    try:
        return {"day": int(request.data["day"])}
    except ValueError as error:
        raise KeyError(request.data["day"]) from error


def test_a_handler_that_fails_gets_500_without_a_detail_and_a_log_line_without_form_data(
    caplog: pytest.LogCaptureFixture,
) -> None:
    form = sent()
    answer = endpoint_of(fails).answer(form.signed, form.body)
    assert (answer.status, answer.body) == (500, "")
    assert "the handler raised KeyError" in caplog.text
    assert f"{Path(__file__).name}:" in caplog.text
    assert "in fails" in caplog.text
    assert "ValueError" in caplog.text
    assert TYPED_IN not in caplog.text
    assert caplog.text.count("in fails") == 2
    assert "exchange.py:" not in caplog.text.partition("the handler raised")[2]
    assert not [record for record in caplog.records if record.exc_info]


def blames_itself(request: FlowRequest) -> dict[str, Any]:
    error = ValueError(request.data["day"])
    raise error from error


def blames_thousands(request: FlowRequest) -> dict[str, Any]:
    error = ValueError(request.data["day"])
    for _ in range(3000):
        cause, error = error, ValueError(request.data["day"])
        error.__cause__ = cause
    raise error


def never_ends(request: FlowRequest) -> dict[str, Any]:
    return never_ends(request)


@pytest.mark.parametrize("handler", [blames_itself, blames_thousands, never_ends])
def test_a_handler_that_fails_at_length_gets_500_and_a_log_line_of_some_length(
    handler: Any, caplog: pytest.LogCaptureFixture
) -> None:
    form = sent()
    assert endpoint_of(handler).answer(form.signed, form.body).status == 500
    assert f"in {handler.__name__}" in caplog.text
    assert len(caplog.text.splitlines()) < 150
    assert TYPED_IN not in caplog.text


@pytest.mark.parametrize(
    ("answer", "said"),
    [
        (None, "the handler returned a NoneType, not a dict"),
        ([], "the handler returned a list, not a dict"),
        ("text", "the handler returned a str, not a dict"),
        ({"data": {"price": Decimal("9.99")}}, "the answer.data.price is a Decimal, which JSON can't represent"),
        ({"data": {"price": float("nan")}}, "the answer.data.price is nan, which JSON can't represent"),
        ({"data": [1, float("-inf")]}, "the answer.data[1] is -inf, which JSON can't represent"),
        ({"data": {"days": {"Monday"}}}, "the answer.data.days is a set, which JSON can't represent"),
        ({"data": b"bytes"}, "the answer.data is a bytes, which JSON can't represent"),
        ({"data": {(1, 2): 3}}, "the answer.data has a name that is a tuple, not a string"),
        ({"data": MappingProxyType({})}, "the answer.data is a mappingproxy, not a dict"),
    ],
)
def test_an_answer_that_is_no_json_gets_500_and_says_where(
    answer: Any, said: str, caplog: pytest.LogCaptureFixture
) -> None:
    form = sent()
    assert endpoint_of(lambda _: answer).answer(form.signed, form.body).status == 500
    assert said in caplog.text


@pytest.mark.parametrize("name", [TYPED_IN, "line\nERROR another", "", "x" * 41])
def test_a_name_in_an_answer_that_no_screen_declares_is_not_logged(name: str, caplog: pytest.LogCaptureFixture) -> None:
    form = sent()
    assert endpoint_of(lambda _: {"data": {name: {"price": Decimal(1)}}}).answer(form.signed, form.body).status == 500
    assert "the answer.data[a name].price is a Decimal" in caplog.text


def test_an_answer_that_contains_itself_gets_500() -> None:
    endless: dict[str, Any] = {}
    endless["data"] = endless
    form = sent()
    assert endpoint_of(lambda _: endless).answer(form.signed, form.body).status == 500


@pytest.mark.parametrize("more", [{}, {"on_ping": 7}, {"on_error_notice": 7}])
def test_what_can_not_be_called_is_no_handler(more: dict[str, Any]) -> None:
    handler: Any = book if more else 7
    with pytest.raises(InputError, match="a handler must be a function, plain or async; it is int"):
        endpoint_of(handler, **more)


def environment(**more: str) -> dict[str, str]:
    return {"WHATSAPP_FLOW_KEYS": document.dump(ring(key())), **more}


def test_from_the_environment() -> None:
    form = sent()
    endpoint = FlowEndpoint.from_env(book, environment(WHATSAPP_APP_SECRET=f"{APP_SECRET}\n"))
    assert endpoint.fingerprints == (key().fingerprint,)
    assert endpoint.answer(form.signed, form.body).status == 200
    assert endpoint.answer({}, form.body).status == 432


def test_the_former_app_secret_comes_from_the_environment() -> None:
    form = sent()
    secrets = {"WHATSAPP_APP_SECRET": "new", "WHATSAPP_FORMER_APP_SECRET": APP_SECRET}
    assert FlowEndpoint.from_env(book, environment(**secrets)).answer(form.signed, form.body).status == 200


@pytest.mark.parametrize("secret", [{}, {"WHATSAPP_APP_SECRET": ""}, {"WHATSAPP_APP_SECRET": " \n"}])
def test_without_an_app_secret_it_does_not_start(secret: dict[str, str]) -> None:
    with pytest.raises(InputError, match="WHATSAPP_APP_SECRET: is not set, so anybody could send requests"):
        FlowEndpoint.from_env(book, environment(**secret))


@pytest.mark.parametrize("secret", ["", "é", "\udcff"])
def test_an_app_secret_that_can_be_none_is_refused_at_the_start(secret: str) -> None:
    with pytest.raises(InputError, match="app_secrets: one of them is empty, or not ASCII"):
        endpoint_of(book, app_secrets=(secret,))


def test_an_app_secret_that_is_no_tuple_is_refused_since_each_letter_would_be_one() -> None:
    with pytest.raises(InputError, match=r"^app_secrets: is a string; write it as a tuple, \(secret,\)") as refused:
        endpoint_of(book, app_secrets=APP_SECRET)
    assert APP_SECRET not in str(refused.value)


def test_it_starts_without_an_app_secret_if_told_so_in_words() -> None:
    form = sent()
    endpoint = FlowEndpoint.from_env(book, environment(), accept_unsigned_requests=True)
    assert endpoint.answer({}, form.body).status == 200


def test_told_so_it_still_checks_the_signature_where_there_is_a_secret() -> None:
    form = sent()
    given = environment(WHATSAPP_APP_SECRET=APP_SECRET)
    assert FlowEndpoint.from_env(book, given, accept_unsigned_requests=True).answer({}, form.body).status == 432


def test_without_keys_it_does_not_start(tmp_path: Path) -> None:
    nowhere = (tmp_path / "ring.json").as_uri()
    with pytest.raises(StoreError, match="there is no key ring at"):
        FlowEndpoint.from_env(book, {"WHATSAPP_FLOW_KEYS": nowhere, "WHATSAPP_APP_SECRET": APP_SECRET})


def test_the_log_of_a_whole_exchange_is_empty(caplog: pytest.LogCaptureFixture) -> None:
    caplog.set_level(logging.DEBUG)
    form = sent()
    assert endpoint_of(book).answer(form.signed, form.body).status == 200
    assert caplog.text == ""


def test_a_request_is_json_to_the_letter() -> None:
    form = sent()
    body = json.dumps(json.loads(form.body)).encode("utf-16")
    assert endpoint_of(never).answer({HEADER: sign(APP_SECRET, body)}, body).status == 400
