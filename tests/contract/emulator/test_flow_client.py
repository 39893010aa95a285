"""One person's WhatsApp against a Flow endpoint over real HTTP."""

import json
import socket
from collections.abc import Callable
from pathlib import Path

import pytest

from tests.contract.emulator.both_sides import APP_SECRET, Business, Meta, raw_endpoint
from tests.contract.emulator.conftest import NUMBER
from tests.pairs import new, old
from tests.servers.flow_endpoint import HANGS_UP, FlowEndpoint, Reply
from whatsapp_flow_keys.flow_protocol.message import Session, decrypt_request
from whatsapp_graph_emulator import BadField, Emulator, flow_client
from whatsapp_graph_emulator.errors import NotRunning, UnknownNumber
from whatsapp_graph_emulator.flow_client import Exchange, FlowClient, Outcome

ACTIVE = {"data": {"status": "active"}}


def ping(reply: Callable[[bytes], Reply], meta: Callable[[], str | None] | None = None) -> Exchange:
    with FlowEndpoint(reply=reply) as endpoint:
        return FlowClient(endpoint.url, meta or Meta()).ping()


def session_of(body: bytes) -> Session:
    return decrypt_request([old()], json.loads(body))[1]


def test_a_ping_is_answered() -> None:
    with FlowEndpoint(lambda: [old()]) as endpoint:
        exchange = FlowClient(endpoint.url, Meta()).ping()
    assert (exchange.outcome, exchange.status, exchange.answer) == (Outcome.ANSWERED, 200, ACTIVE)
    assert (exchange.answers_421, exchange.key_fetches) == (0, 1)
    assert 0 < exchange.seconds < 10


def test_what_is_sent_is_json_and_unsigned_without_an_app_secret() -> None:
    with FlowEndpoint(lambda: [old()]) as endpoint:
        FlowClient(endpoint.url, Meta()).ping()
    (headers,) = endpoint.requests
    assert headers["Content-Type"] == "application/json"
    assert "X-Hub-Signature-256" not in headers


def test_the_raw_body_is_signed_with_the_app_secret() -> None:
    with FlowEndpoint(lambda: [old()], app_secret=APP_SECRET) as endpoint:
        assert FlowClient(endpoint.url, Meta(), app_secret=APP_SECRET).ping().answer == ACTIVE


@pytest.mark.parametrize(
    ("do", "payload"),
    [
        (lambda client: client.open_flow("a-token"), {"version": "3.0", "action": "INIT", "flow_token": "a-token"}),
        (
            lambda client: client.submit("CONTACT", {"name": "Zoë"}, flow_token="a-token"),
            {
                "version": "3.0",
                "action": "data_exchange",
                "screen": "CONTACT",
                "data": {"name": "Zoë"},
                "flow_token": "a-token",
            },
        ),
        (lambda client: client.send({"action": "BACK"}), {"action": "BACK"}),
    ],
    ids=["open", "submit", "send"],
)
def test_an_action_is_sent_as_meta_documents_it(
    do: Callable[[FlowClient], Exchange], payload: dict[str, object]
) -> None:
    business = Business()
    with FlowEndpoint(reply=business) as endpoint:
        exchange = do(FlowClient(endpoint.url, Meta()))
    assert exchange.answer == {"screen": "SUCCESS"}
    assert business.payloads == [payload]


def test_the_key_is_fetched_once_and_kept() -> None:
    meta = Meta()
    with FlowEndpoint(lambda: [old()]) as endpoint:
        client = FlowClient(endpoint.url, meta)
        exchanges = [client.ping() for _ in range(3)]
    assert [exchange.key_fetches for exchange in exchanges] == [1, 0, 0]
    assert meta.fetches == 1


def test_a_key_that_meta_no_longer_serves_stays_in_use_while_the_endpoint_holds_it() -> None:
    meta, business = Meta(), Business()
    with FlowEndpoint(reply=business) as endpoint:
        client = FlowClient(endpoint.url, meta)
        client.ping()
        meta.pem, business.keys = new().public_key_pem, [new(), old()]
        assert client.ping().outcome is Outcome.ANSWERED
    assert (meta.fetches, business.answers_421) == (1, 0)


def test_a_421_has_the_key_fetched_anew_and_the_payload_sent_once_more_with_a_new_aes_key() -> None:
    meta, business = Meta(), Business()
    with FlowEndpoint(reply=business) as endpoint:
        client = FlowClient(endpoint.url, meta)
        client.open_flow("a-token")
        meta.pem, business.keys = new().public_key_pem, [new()]
        exchange = client.open_flow("a-token")
        after = client.ping()
    assert (exchange.outcome, exchange.status) == (Outcome.ANSWERED, 200)
    assert (exchange.answers_421, exchange.key_fetches) == (1, 1)
    assert business.payloads[0] == business.payloads[1]
    assert business.aes_keys[0] != business.aes_keys[1]
    assert (after.answers_421, after.key_fetches) == (0, 0)


def test_a_421_after_the_refresh_is_a_business_decryption_error() -> None:
    business = Business([new()])
    exchange = ping(business)
    assert exchange.outcome.value == "business-decryption-error"
    assert (exchange.status, exchange.answer) == (421, None)
    assert (exchange.answers_421, exchange.key_fetches) == (2, 2) == (business.answers_421, 2)


def test_a_key_that_is_gone_when_it_is_fetched_anew_is_missing() -> None:
    served = [old().public_key_pem, None]
    exchange = ping(Business([new()]), lambda: served.pop(0))
    assert (exchange.outcome, exchange.status) == (Outcome.KEY_MISSING, None)
    assert (exchange.answers_421, exchange.key_fetches) == (1, 2)


def test_without_a_key_nothing_is_sent_until_there_is_one() -> None:
    meta = Meta(None)
    with FlowEndpoint(lambda: [old()]) as endpoint:
        client = FlowClient(endpoint.url, meta)
        missing = client.ping()
        meta.pem = old().public_key_pem
        found = client.ping()
    assert (missing.outcome.value, missing.key_fetches) == ("public-key-missing", 1)
    assert found.outcome is Outcome.ANSWERED
    assert len(endpoint.requests) == 1


def test_a_key_that_cannot_be_fetched_is_not_the_endpoints_failure() -> None:
    def unreachable() -> None:
        raise ConnectionRefusedError

    assert ping(Business(), unreachable).outcome is Outcome.KEY_NOT_FETCHED


def encrypted(answer: object) -> Callable[[bytes], Reply]:
    return lambda body: (200, session_of(body).encrypt_answer(answer).encode())


def with_the_iv_of_the_request(body: bytes) -> Reply:
    session = session_of(body)
    return 200, Session(session.aes_key, bytes(byte ^ 0xFF for byte in session.iv)).encrypt_answer(ACTIVE).encode()


@pytest.mark.parametrize(
    "reply",
    [
        with_the_iv_of_the_request,
        lambda _: (200, json.dumps(ACTIVE).encode()),
        lambda _: (200, b"<html>hello</html>"),
        lambda _: (200, b""),
        lambda _: (200, b"\xff\xfe"),
        encrypted([]),
        encrypted("text"),
        encrypted(None),
    ],
    ids=["IV not flipped", "clear JSON", "a page", "nothing", "bytes", "a list", "a string", "null"],
)
def test_an_answer_that_is_no_encrypted_object_is_a_response_decryption_error(reply: Callable[[bytes], Reply]) -> None:
    exchange = ping(reply)
    assert exchange.outcome.value == "response-decryption-error"
    assert (exchange.status, exchange.answer) == (200, None)


def test_an_answer_that_would_fill_the_memory_is_cut(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("whatsapp_graph_emulator.flow_client.LARGEST_ANSWER_BYTES", 100)
    assert ping(encrypted({"padding": "a" * 200_000})).outcome is Outcome.ANSWER_UNDECRYPTABLE


def test_a_refused_signature_is_named() -> None:
    with FlowEndpoint(lambda: [old()], app_secret=APP_SECRET) as endpoint:
        exchange = FlowClient(endpoint.url, Meta(), app_secret="another").ping()
    assert (exchange.outcome, exchange.status) == (Outcome.SIGNATURE_REFUSED, 432)


def encrypted_427(body: bytes) -> Reply:
    return 427, session_of(body).encrypt_answer({"error_msg": "The order is closed"}).encode()


@pytest.mark.parametrize(
    "reply",
    [encrypted_427, lambda _: (427, b'{"error_msg": "The order is closed"}')],
    ids=["encrypted", "in the clear"],
)
def test_a_flow_token_that_is_no_longer_valid_comes_with_its_message(reply: Callable[[bytes], Reply]) -> None:
    exchange = ping(reply)
    assert (exchange.outcome, exchange.status) == (Outcome.FLOW_TOKEN_INVALID, 427)
    assert exchange.answer == {"error_msg": "The order is closed"}


@pytest.mark.parametrize("content", [b"", b"gone", b"[]"])
def test_a_427_without_a_message_is_taken_too(content: bytes) -> None:
    exchange = ping(lambda _: (427, content))
    assert (exchange.outcome, exchange.answer) == (Outcome.FLOW_TOKEN_INVALID, None)


@pytest.mark.parametrize("status", [201, 204, 302, 307, 400, 404, 500, 503])
def test_any_other_status_is_unexpected_and_no_redirect_is_followed(status: int) -> None:
    with FlowEndpoint(reply=lambda _: (status, b"")) as endpoint:
        exchange = FlowClient(endpoint.url, Meta()).ping()
    assert (exchange.outcome.value, exchange.status) == ("unexpected_http_status_code", status)
    assert len(endpoint.requests) == 1


def test_an_endpoint_that_hangs_up_gives_no_http_response() -> None:
    exchange = ping(lambda _: (HANGS_UP, b""))
    assert (exchange.outcome.value, exchange.status) == ("no_http_response_error", None)


def test_an_endpoint_that_is_not_there_gives_no_http_response() -> None:
    with socket.socket() as nobody:
        nobody.bind(("127.0.0.1", 0))
        client = FlowClient(f"http://127.0.0.1:{nobody.getsockname()[1]}/flows", Meta())
        assert client.ping().outcome is Outcome.NO_HTTP_RESPONSE


@pytest.mark.parametrize("host", ["nobody.invalid", "a" * 70 + ".invalid", "a..invalid"])
def test_a_name_that_nobody_knows_gives_no_http_response(host: str) -> None:
    assert FlowClient(f"http://{host}/flows", Meta()).ping().outcome is Outcome.NO_HTTP_RESPONSE


def test_an_untrusted_certificate_gives_no_http_response(tmp_path: Path) -> None:
    with FlowEndpoint(lambda: [old()], tls=tmp_path) as endpoint:
        assert FlowClient(endpoint.url, Meta()).ping().outcome is Outcome.NO_HTTP_RESPONSE


@pytest.mark.parametrize(
    "answer",
    [
        b"220 ready\r\n",
        b"HTTP/1.1 200 OK\r\nContent-Length: 10\r\n\r\nAAAA",
        b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\nxyz\r\n",
        b"HTTP/1.1 200 OK\r\nContent-Encoding: gzip\r\nContent-Length: 4\r\n\r\nAAAA",
        b"HTTP/1.1 abc OK\r\n\r\n",
        b"HTTP/1.1 200 OK\r\n" + b"a: b\r\n" * 200,
        b"HTTP/1.1 200 OK\r\nX: " + b"a" * 100_000,
    ],
    ids=["no HTTP", "cut", "wrong chunk", "wrong gzip", "no status", "many headers", "long header"],
)
def test_an_answer_that_is_no_http_gives_no_http_response(answer: bytes) -> None:
    with raw_endpoint(answer) as url:
        assert FlowClient(url, Meta()).ping().outcome is Outcome.NO_HTTP_RESPONSE


@pytest.mark.parametrize(
    ("at_once", "drip"),
    [
        (b"HTTP/1.1 200 OK\r\nX-Drip: ", b"a"),
        (b"HTTP/1.1 200 OK\r\nContent-Length: 100000\r\n\r\n", b"A"),
        (b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n", b"1\r\nA\r\n"),
    ],
    ids=["in the headers", "in the body", "in chunks"],
)
def test_an_answer_in_drips_is_given_up_at_the_limit(
    monkeypatch: pytest.MonkeyPatch, at_once: bytes, drip: bytes
) -> None:
    monkeypatch.setattr("whatsapp_graph_emulator.flow_client.LIMIT_SECONDS", 0.3)
    with raw_endpoint(at_once, drip) as url:
        exchange = FlowClient(url, Meta()).ping()
    assert (exchange.outcome.value, exchange.status) == ("timeout_error", None)
    assert 0.3 <= exchange.seconds < 3


def test_an_endpoint_that_does_not_answer_is_given_up_and_the_next_request_is_well(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr("whatsapp_graph_emulator.flow_client.LIMIT_SECONDS", 1.0)
    hanging = [True]

    def hang_once(body: bytes) -> Reply:
        if hanging.pop():
            endpoint.released.wait()
        return 200, session_of(body).encrypt_answer(ACTIVE).encode()

    with FlowEndpoint(reply=hang_once) as endpoint:
        client = FlowClient(endpoint.url, Meta())
        assert client.ping().outcome is Outcome.TIMEOUT
        hanging.append(False)
        assert client.ping().outcome is Outcome.ANSWERED


def test_each_attempt_has_the_whole_limit(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("whatsapp_graph_emulator.flow_client.LIMIT_SECONDS", 1.0)
    refused = [True]

    def refuse_then_hang(_body: bytes) -> Reply:
        if not refused:
            endpoint.released.wait()
        refused.clear()
        return 421, b""

    with FlowEndpoint(reply=refuse_then_hang) as endpoint:
        exchange = FlowClient(endpoint.url, Meta()).ping()
    assert (exchange.outcome, exchange.answers_421) == (Outcome.TIMEOUT, 1)
    assert exchange.seconds >= 1.0


def test_the_limit_is_metas() -> None:
    assert flow_client.LIMIT_SECONDS == 10
    assert "within 10 s" in Outcome.TIMEOUT.meaning


@pytest.mark.parametrize(
    "url",
    [
        *(
            "",
            "flows.example.com",
            "ftp://flows.example.com",
            "https://",
            "http://[::1",
            "http://h:port/",
            "http://a b/",
        ),
        *("https://me:hunter2@flows.example.com/", "https://flows.example.com/#hunter2"),
    ],
)
def test_a_wrong_url_is_refused_and_never_quoted(url: str) -> None:
    with pytest.raises(BadField, match=r"^endpoint_url: must ") as refused:
        FlowClient(url, Meta())
    assert "hunter2" not in str(refused.value)


def test_the_emulator_gives_a_client_that_follows_the_key_it_serves(emulator: Emulator) -> None:
    business = Business()
    emulator.set_key(NUMBER, old().public_key_pem)
    with FlowEndpoint(reply=business) as endpoint:
        client = emulator.flow_client(NUMBER, endpoint.url)
        assert client.ping().outcome is Outcome.ANSWERED
        emulator.set_key(NUMBER, new().public_key_pem)
        business.keys = [new()]
        assert client.ping().answers_421 == 1
    assert len(business.payloads) == 2


def test_the_emulators_client_signs_with_the_app_secret_it_is_given(emulator: Emulator) -> None:
    emulator.set_key(NUMBER, old().public_key_pem)
    with FlowEndpoint(lambda: [old()], app_secret=APP_SECRET) as endpoint:
        assert emulator.flow_client(NUMBER, endpoint.url, APP_SECRET).ping().outcome is Outcome.ANSWERED


def test_a_number_without_a_key_has_none_for_a_client(emulator: Emulator) -> None:
    assert emulator.flow_client(NUMBER, "http://127.0.0.1:1/").ping().outcome is Outcome.KEY_MISSING


def test_the_emulator_has_no_client_for_a_number_it_does_not_know(emulator: Emulator) -> None:
    with pytest.raises(UnknownNumber):
        emulator.flow_client("1", "http://127.0.0.1:1/")


def test_a_client_of_an_emulator_that_was_stopped_says_so() -> None:
    with Emulator(tokens=["a-token"], numbers=[NUMBER]) as emulator:
        client = emulator.flow_client(NUMBER, "http://127.0.0.1:1/")
    with pytest.raises(NotRunning):
        client.ping()
