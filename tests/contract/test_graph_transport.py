"""The client against servers that are not Meta: redirects, proxies' pages, endless answers, false certificates."""

import http.server
import ipaddress
import json
import socket
import ssl
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.x509.oid import NameOID

from tests.contract.conftest import TestClock
from tests.hostile_words import HOSTILE, is_tame
from tests.pairs import pair
from whatsapp_flow_keys.registrars.meta_graph.client import GraphClient
from whatsapp_flow_keys.registrars.meta_graph.errors import (
    AnswerLostError,
    ClockSkewError,
    GraphError,
    PhoneNumberNotFoundError,
    ServiceUnavailableError,
    UnexpectedAnswerError,
    UnreachableError,
)
from whatsapp_flow_keys.registrars.meta_graph.settings import GraphSettings

TOKEN = "EAAtokenOfTheTransport"
NO_KEY = b'{"data": []}'
CERTIFICATE_SENTENCE = "The Graph API's certificate was not accepted. Behind a proxy that signs with your company's CA"


class Server(http.server.ThreadingHTTPServer):
    """One fixed answer on a free port of loopback; ``seen`` are the Authorization headers that came."""

    daemon_threads = True

    def __init__(self, body: bytes, status: int, headers: dict[str, str], tls: ssl.SSLContext | None) -> None:
        super().__init__(("127.0.0.1", 0), Handler)
        self.body, self.status, self.headers = body, status, headers
        self.seen: list[str | None] = []
        self.url = f"{'https' if tls else 'http'}://127.0.0.1:{self.server_port}"
        if tls:
            self.socket = tls.wrap_socket(self.socket, server_side=True)

    def handle_error(self, request: object, client_address: object) -> None:
        """A client that hangs up is what several tests are about."""


class Handler(http.server.BaseHTTPRequestHandler):
    server: Server

    def do_GET(self) -> None:
        self.server.seen.append(self.headers["Authorization"])
        self.rfile.read(int(self.headers.get("Content-Length") or 0))
        self.send_response_only(self.server.status)  # no Date
        for name, value in {"Content-Length": str(len(self.server.body)), **self.server.headers}.items():
            self.send_header(name, value)
        self.end_headers()
        self.wfile.write(self.server.body)

    do_POST = do_GET  # noqa: N815 (the name that http.server calls)

    def log_message(self, format: str, *args: object) -> None:  # noqa: A002 (its name in http.server)
        """Nothing."""


@contextmanager
def serving(
    body: bytes = NO_KEY, status: int = 200, headers: dict[str, str] | None = None, tls: ssl.SSLContext | None = None
) -> Iterator[Server]:
    with Server(body, status, headers or {}, tls) as server:
        thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.01})
        thread.start()
        try:
            yield server
        finally:
            server.shutdown()
            thread.join()


@contextmanager
def hanging_up(answer: bytes) -> Iterator[str]:
    """A server that sends these bytes to whoever comes, and closes."""
    with socket.create_server(("127.0.0.1", 0)) as listener:

        def serve() -> None:
            while True:
                connection, _ = listener.accept()
                with connection:
                    if not connection.recv(65536):
                        return
                    connection.sendall(answer)

        thread = threading.Thread(target=serve)
        thread.start()
        try:
            yield f"http://127.0.0.1:{listener.getsockname()[1]}"
        finally:
            with socket.create_connection(listener.getsockname()):
                pass  # says nothing: the end
            thread.join()


@pytest.fixture(scope="module")
def self_signed(tmp_path_factory: pytest.TempPathFactory) -> ssl.SSLContext:
    folder = tmp_path_factory.mktemp("tls")
    name = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, "127.0.0.1")])
    now = datetime.now(UTC)
    certificate = (
        x509.CertificateBuilder(name, name, pair().key.public_key(), x509.random_serial_number())
        .not_valid_before(now - timedelta(days=1))
        .not_valid_after(now + timedelta(days=1))
        .add_extension(x509.SubjectAlternativeName([x509.IPAddress(ipaddress.ip_address("127.0.0.1"))]), critical=False)
        .sign(pair().key, hashes.SHA256())
    )
    pem = folder / "both.pem"
    pem.write_bytes(pair().to_pem().encode() + certificate.public_bytes(serialization.Encoding.PEM))
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(pem)
    return context


def client(url: str, deadline: float = 30.0) -> GraphClient:
    return GraphClient(GraphSettings((TOKEN,), url=url, deadline=deadline), TestClock())


@contextmanager
def nobody_listening() -> Iterator[str]:
    """An address that is taken, and refuses connections."""
    with socket.socket() as nobody:
        nobody.bind(("127.0.0.1", 0))
        yield f"http://127.0.0.1:{nobody.getsockname()[1]}"


@pytest.mark.parametrize("status", [301, 302, 303, 307, 308])
def test_a_redirect_is_not_followed_and_the_other_server_sees_nothing(status: int) -> None:
    with serving() as other, serving(b"", status, {"Location": f"{other.url}/x"}) as server:
        with pytest.raises(UnexpectedAnswerError, match=f"HTTP {status}"):
            client(server.url).served("1")
        assert (len(server.seen), other.seen) == (1, [])


def test_a_redirect_of_a_post_is_not_followed_either() -> None:
    with serving(b'{"success": true}') as other, serving(b"", 307, {"Location": f"{other.url}/x"}) as server:
        with pytest.raises(UnexpectedAnswerError) as caught:
            client(server.url).publish("1", pair().public_key_pem)
        assert not caught.value.may_have_taken_effect
        assert (len(server.seen), other.seen) == (1, [])


def test_a_page_instead_of_an_answer_is_said_to_come_from_somebody_else() -> None:
    with serving(b"<html>Please log in</html>", headers={"Content-Type": "text/html"}) as server:
        with pytest.raises(
            UnexpectedAnswerError, match=r"not one of Meta's Graph API: check whatsapp:graphUrl"
        ) as caught:
            client(server.url).served("1")
        assert "Please log in" not in str(caught.value)
        assert len(server.seen) == 1


def test_a_page_with_http_502_is_a_fault_that_is_waited_out() -> None:
    with serving(b"<html>Bad Gateway</html>", 502) as server:
        with pytest.raises(ServiceUnavailableError, match="HTTP 502"):
            client(server.url, deadline=600).served("1")
        assert len(server.seen) == 8


def test_a_publication_answered_with_a_page_and_http_502_may_have_taken_effect() -> None:
    with serving(b"<html>Bad Gateway</html>", 502) as server:
        with pytest.raises(ServiceUnavailableError, match="it may have taken effect") as caught:
            client(server.url).publish("1", pair().public_key_pem)
        assert caught.value.may_have_taken_effect


def test_an_empty_answer_is_unexpected() -> None:
    with serving(b"") as server, pytest.raises(UnexpectedAnswerError):
        client(server.url).served("1")


def test_an_answer_longer_than_any_of_metas_is_not_taken() -> None:
    with serving(b'{"data": []}' + b" " * 2 * 1024 * 1024) as server, pytest.raises(UnexpectedAnswerError):
        client(server.url).served("1")


def test_json_nested_too_deeply_is_unexpected() -> None:
    with serving(b"[" * 200_000) as server, pytest.raises(UnexpectedAnswerError):
        client(server.url).served("1")


@pytest.mark.parametrize(
    "body",
    [
        b"[]",
        b"7",
        b'"text"',
        b"null",
        b'{"id": "1"}',
        b'{"data": null}',
        b'{"data": "text"}',
        b'{"data": ["text"]}',
        b'{"data": [{"id": "1"}]}',
        b'{"data": [{"business_public_key": 7}]}',
        b'{"business_public_key": ["text"]}',
        b'{"business_public_key": " ", "business_public_key_signature_status": 1}',
    ],
)
def test_json_of_another_shape_is_unexpected(body: bytes) -> None:
    with serving(body) as server, pytest.raises(UnexpectedAnswerError):
        client(server.url).served("1")


def test_a_served_text_that_is_no_key_is_said() -> None:
    body = b'{"business_public_key": "-----BEGIN NONSENSE-----"}'
    with serving(body) as server, pytest.raises(UnexpectedAnswerError, match="not a public key"):
        client(server.url).served("1")


@pytest.mark.parametrize(
    "body", [b"", b"{}", b"<html>", b'{"success": false}', b'{"success": "true"}', b'{"success": 1}', b"[true]"]
)
def test_a_publication_that_is_not_confirmed_is_unexpected_and_may_have_taken_effect(body: bytes) -> None:
    with serving(body) as server, pytest.raises(UnexpectedAnswerError, match="may have taken effect") as caught:
        client(server.url).publish("1", pair().public_key_pem)
    assert caught.value.may_have_taken_effect


@pytest.mark.parametrize(
    "date",
    ["", "garbage", "Tue", "Sat, 99 Nov 1999 25:61:61 GMT", "Sat, 01 Jan 99999 00:00:00 GMT", "1448928000"],
)
def test_a_date_that_cannot_be_read_says_nothing(date: str) -> None:
    with serving(headers={"Date": date}) as server:
        assert client(server.url).served("1").fingerprint is None


def test_an_answer_without_a_date_is_taken() -> None:
    with hanging_up(b"HTTP/1.1 200 OK\r\nContent-Length: 12\r\n\r\n" + NO_KEY) as url:
        assert client(url).served("1").fingerprint is None


@pytest.mark.parametrize(
    "date", ["Sat, 01 Jan 2000 00:00:00 GMT", "Saturday, 01-Jan-00 00:00:00 GMT", "Sat Jan  1 00:00:00 2000"]
)
def test_each_form_of_a_date_is_read(date: str) -> None:
    with serving(headers={"Date": date}) as server, pytest.raises(ClockSkewError, match="days ahead of Meta's"):
        client(server.url).served("1")


def test_an_answer_without_a_trace_id_has_none() -> None:
    with serving(b'{"success": true}') as server:
        assert client(server.url).publish("1", pair().public_key_pem) is None


def test_a_token_that_comes_back_as_a_trace_id_is_taken_out_of_it() -> None:
    with serving(b'{"success": true}', headers={"x-fb-trace-id": f"it was {TOKEN}"}) as server:
        assert client(server.url).publish("1", pair().public_key_pem) == "it was [secret]"


def test_an_error_body_counts_though_the_status_is_200() -> None:
    body = b'{"error": {"message": "Unsupported get request.", "code": 100, "error_subcode": 33}}'
    with serving(body) as server, pytest.raises(PhoneNumberNotFoundError):
        client(server.url).served("1")


def test_a_refused_connection_says_what_to_check() -> None:
    with (
        nobody_listening() as url,
        pytest.raises(UnreachableError, match="check the network and whatsapp:graphUrl"),
    ):
        client(url).served("1")


def test_a_publication_that_was_never_sent_is_no_lost_answer() -> None:
    with nobody_listening() as url, pytest.raises(UnreachableError):
        client(url).publish("1", pair().public_key_pem)


@pytest.mark.parametrize("answer", [b"", b"HTTP/1.1 200 OK\r\nContent-Length: 100\r\n\r\n{", b"SSH-2.0-OpenSSH\r\n"])
def test_a_publication_whose_answer_breaks_off_is_a_lost_answer(answer: bytes) -> None:
    with hanging_up(answer) as url, pytest.raises(AnswerLostError):
        client(url).publish("1", pair().public_key_pem)


@pytest.mark.parametrize("answer", [b"", b"HTTP/1.1 200 OK\r\nContent-Length: 100\r\n\r\n{", b"SSH-2.0-OpenSSH\r\n"])
def test_a_read_whose_answer_breaks_off_makes_the_api_unreachable(answer: bytes) -> None:
    with hanging_up(answer) as url, pytest.raises(UnreachableError):
        client(url).served("1")


@pytest.mark.parametrize("method", ["GET", "POST"])
def test_a_certificate_that_nobody_signed_is_refused_with_a_sentence(self_signed: ssl.SSLContext, method: str) -> None:
    with serving(tls=self_signed) as server:
        graph = client(server.url)
        with pytest.raises(UnreachableError) as caught:
            graph.served("1") if method == "GET" else graph.publish("1", pair().public_key_pem)
        assert CERTIFICATE_SENTENCE in str(caught.value)
        assert server.seen == []


def test_a_netrc_file_does_not_replace_the_token(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    netrc = tmp_path / "netrc"
    netrc.write_text("machine 127.0.0.1 login somebody password else\ndefault login any password body\n")
    netrc.chmod(0o600)
    monkeypatch.setenv("NETRC", str(netrc))
    with serving() as server:
        client(server.url).served("1")
        assert server.seen == [f"Bearer {TOKEN}"]


@pytest.mark.parametrize("status", [200, 302, 400, 500])
def test_no_token_is_in_the_text_when_a_server_echoes_it(status: int) -> None:
    body = f'{{"error": {{"code": 7, "message": "{TOKEN}", "fbtrace_id": "{TOKEN}"}}}}'.encode()
    with serving(body, status, {"x-fb-trace-id": TOKEN}) as server, pytest.raises(GraphError) as caught:
        client(server.url).served("1")
    assert TOKEN not in str(caught.value)


@pytest.mark.parametrize("details", [{}, {"error_data": {"details": HOSTILE}}], ids=["message", "details"])
def test_no_words_of_an_answer_rule_the_terminal_that_shows_them(details: dict[str, object]) -> None:
    error = {"code": 7, "error_subcode": 10**400, "message": HOSTILE, "fbtrace_id": HOSTILE, **details}
    headers = {"Retry-After": "9" * 300}
    with serving(json.dumps({"error": error}).encode(), 400, headers) as server, pytest.raises(GraphError) as caught:
        client(server.url).served("1")
    assert "�[2J" in str(caught.value)
    assert is_tame(str(caught.value))
    assert is_tame(str(caught.value.trace_id))


def test_a_signature_status_is_shown_tamely_and_never_taken_for_another() -> None:
    body = {"business_public_key_signature_status": f"VALID{HOSTILE}"}
    with serving(json.dumps({"data": [body]}).encode()) as server:
        status = str(client(server.url).served("1").signature_status)
    assert is_tame(status)
    assert status.startswith("VALID�")


def test_a_proxy_of_the_environment_does_not_see_a_call_to_this_machine(monkeypatch: pytest.MonkeyPatch) -> None:
    with serving() as proxy, serving() as server:
        for name in ("HTTP_PROXY", "http_proxy"):
            monkeypatch.setenv(name, proxy.url)
        for name in ("NO_PROXY", "no_proxy"):
            monkeypatch.delenv(name, raising=False)
        client(server.url).served("1065")
        assert proxy.seen == []
        assert len(server.seen) == 1
