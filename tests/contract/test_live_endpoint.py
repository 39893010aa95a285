"""The live endpoint as it is asked: what it answers to an encrypted ping, and how each failure is named."""

import http.client
import itertools
import json
import socket
import threading
import time
from collections.abc import Callable, Iterable
from pathlib import Path
from typing import Any

import pytest

from tests.forms import APP_SECRET, endpoint_of
from tests.pairs import pair
from tests.servers import flow_endpoint
from tests.servers.http_servers import waitress_server
from whatsapp_flow_endpoint.wsgi import wsgi_app
from whatsapp_flow_keys.errors import InputError
from whatsapp_flow_keys.flow_protocol.endpoint_url import parse_endpoint_url
from whatsapp_flow_keys.flow_protocol.live_endpoint import LiveEndpoint, Refusal
from whatsapp_flow_keys.flow_protocol.message import decrypt_request

OK = b"HTTP/1.1 200 OK\r\n"
LONG = 20.0
"""Seconds that nothing takes unless the test fails."""
SOON = 5.0
"""Seconds that a machine with much else to do may take for what has a limit of a fraction of one."""


def refusal(endpoint: flow_endpoint.FlowEndpoint, app_secret: str | None = None) -> str | None:
    refused = LiveEndpoint(endpoint.url, app_secret).ping(pair().public_key_pem)
    return str(refused) if refused else None


def asked_of(server: socket.socket, scheme: str, meet: Callable[[socket.socket], object]) -> str:
    """What is said of an endpoint that meets a connection so, and leaves it open."""
    refused: list[Refusal | None] = []
    endpoint = LiveEndpoint(f"{scheme}://127.0.0.1:{server.getsockname()[1]}/flows")
    asking = threading.Thread(target=lambda: refused.append(endpoint.ping(pair().public_key_pem)), daemon=True)
    asking.start()
    server.settimeout(LONG)
    with server.accept()[0] as connection:
        meet(connection)
        asking.join(LONG)
    return str(refused[0])


def ended(but: set[threading.Thread]) -> bool:
    """Whether all threads end soon but these."""
    others = set(threading.enumerate()) - but
    for thread in others:
        thread.join(LONG)
    return not any(thread.is_alive() for thread in others)


def test_an_endpoint_that_holds_the_key_passes() -> None:
    with flow_endpoint.FlowEndpoint(lambda: [pair(1), pair()]) as endpoint:
        assert refusal(endpoint) is None
    (headers,) = endpoint.requests
    assert headers["Content-Type"] == "application/json"
    assert "X-Hub-Signature-256" not in headers


@pytest.mark.parametrize(
    "answer",
    [
        {"version": "3.0", "data": {"status": "active"}},
        {"data": {"status": "active", "region": "eu"}, "screen": None},
    ],
    ids=["Meta's own sample", "more fields"],
)
def test_an_answer_may_hold_more_than_that_it_is_active(answer: object) -> None:
    with flow_endpoint.FlowEndpoint(reply=encrypted(answer)) as endpoint:
        assert refusal(endpoint) is None


@pytest.mark.parametrize("scheme", ["https", "HTTPS"])
def test_what_a_users_netrc_has_for_the_host_is_not_sent(
    scheme: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    netrc = tmp_path / "netrc"
    netrc.write_text("machine 127.0.0.1 login me password hunter2\n")
    netrc.chmod(0o600)
    monkeypatch.setenv("NETRC", str(netrc))
    with flow_endpoint.FlowEndpoint(lambda: [pair()], tls=tmp_path) as endpoint:
        monkeypatch.setenv("REQUESTS_CA_BUNDLE", str(endpoint.certificate))
        url = endpoint.url.replace("https:", f"{scheme}:")
        assert LiveEndpoint(url).ping(pair().public_key_pem) is None
    (headers,) = endpoint.requests
    assert "Authorization" not in headers


def test_a_ping_is_signed_over_its_raw_body() -> None:
    with flow_endpoint.FlowEndpoint(lambda: [pair()], app_secret=APP_SECRET) as endpoint:
        assert refusal(endpoint, APP_SECRET) is None


def test_each_ping_opens_a_connection_of_its_own_so_that_a_balancer_spreads_them() -> None:
    kit, ports = wsgi_app(endpoint_of(lambda _: {}, pair())), list[str]()

    def app(environ: dict[str, Any], start_response: Callable[..., Any]) -> Iterable[bytes]:
        ports.append(environ["REMOTE_PORT"])
        return kit(environ, start_response)

    with waitress_server(app) as url:
        live = LiveEndpoint(url, APP_SECRET)
        assert [live.ping(pair().public_key_pem) for _ in range(3)] == [None] * 3
    assert len(set(ports)) == 3


def test_an_endpoint_without_the_key_is_told_how_to_come_by_it() -> None:
    with flow_endpoint.FlowEndpoint(lambda: [pair(1)]) as endpoint:
        said = refusal(endpoint)
    assert said is not None
    assert " answered 421: it does not hold the private key yet. Give it this number's `endpoint_env`" in said


@pytest.mark.parametrize(
    ("url", "shown"),
    [
        ("https://me:hunter2@flows.example.com:8443/hunter2?token=hunter2#hunter2", "https://flows.example.com:8443"),
        ("http://[::1]:8080/hunter2", "http://[::1]:8080"),
        ("https://flows.example.com?hunter2", "https://flows.example.com"),
    ],
)
def test_of_an_endpoints_url_only_scheme_host_and_port_are_named(url: str, shown: str) -> None:
    assert LiveEndpoint(url).shown == shown


@pytest.mark.parametrize(
    ("app_secret", "said"),
    [
        (None, "answered 432: it wants a signed request; set whatsapp:appSecret"),
        ("another", "answered 432: it did not accept the signature; whatsapp:appSecret is not"),
    ],
)
def test_a_refused_signature_says_which_setting(app_secret: str | None, said: str) -> None:
    with flow_endpoint.FlowEndpoint(lambda: [pair()], app_secret=APP_SECRET) as endpoint:
        assert said in str(refusal(endpoint, app_secret))


def encrypted(answer: object) -> Callable[[bytes], tuple[int, bytes]]:
    """An endpoint that answers every request with this."""
    return lambda body: (200, decrypt_request([pair()], json.loads(body))[1].encrypt_answer(answer).encode())


def with_the_request_iv(body: bytes) -> tuple[int, bytes]:
    """The mistake of forgetting to flip the IV."""
    _, session = decrypt_request([pair()], json.loads(body))
    unflipped = type(session)(session.aes_key, bytes(byte ^ 0xFF for byte in session.iv))
    return 200, unflipped.encrypt_answer({"data": {"status": "active"}}).encode()


@pytest.mark.parametrize(
    ("reply", "said"),
    [
        (lambda _: (200, b'{"data":{"status":"active"}}'), "is not encrypted for this request"),
        (lambda _: (200, b"<html>hello</html>"), "is not encrypted for this request"),
        (lambda _: (200, b""), "is not encrypted for this request"),
        (lambda _: (200, b"\xff\xfe"), "is not encrypted for this request"),
        (lambda _: (200, b"A" * 300_000), "is not encrypted for this request"),
        (with_the_request_iv, "is not encrypted for this request"),
        (encrypted({"data": {"status": "inactive"}}), 'but not with {"data": {"status": "active"}}'),
        (encrypted([]), "but not with"),
        (encrypted({"data": ["status", "active"]}), "but not with"),
        (encrypted({"status": "active"}), "but not with"),
        (encrypted({"data": {"status": ["active"]}}), "but not with"),
        (encrypted({"data": {"acknowledged": True}}), "but not with"),
        (lambda _: (302, b""), "answered 302, a redirect"),
        (lambda _: (500, b"secret trace"), "answered 500, not 200"),
        (lambda _: (404, b""), "answered 404, not 200"),
        (lambda _: (204, b""), "answered 204, not 200"),
    ],
    ids=[
        *("clear JSON", "a page", "nothing", "bytes", "far too much", "IV not flipped"),
        *("inactive", "a list", "data a list", "no data", "status a list", "no status"),
        *("redirect", "error", "not found", "empty"),
    ],
)
def test_any_other_answer_is_named_and_never_quoted(reply: Callable[[bytes], tuple[int, bytes]], said: str) -> None:
    with flow_endpoint.FlowEndpoint(reply=reply) as endpoint:
        refused = str(refusal(endpoint))
    assert said in refused
    assert "secret trace" not in refused
    assert "html" not in refused


def test_an_untrusted_certificate_is_named(tmp_path: Path) -> None:
    with flow_endpoint.FlowEndpoint(lambda: [pair()], tls=tmp_path) as endpoint:
        assert "has a TLS certificate that was not accepted" in str(refusal(endpoint))
    assert not endpoint.requests


def test_an_endpoint_that_refuses_our_tls_is_named() -> None:
    alert = bytes.fromhex("15 0303 0002 0228")  # RFC 5246, 7.2: fatal, handshake_failure
    with socket.create_server(("127.0.0.1", 0)) as server:
        said = asked_of(server, "https", lambda connection: connection.sendall(alert))
    assert "refused the TLS connection" in said


@pytest.mark.parametrize("content", [None, "", "-----BEGIN CERTIFICATE-----\nx\n-----END CERTIFICATE-----\n"])
def test_a_bundle_without_certificates_is_no_fault_of_the_endpoint(
    content: str | None, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    bundle = tmp_path / "bundle.pem"
    if content is not None:
        bundle.write_text(content)
    monkeypatch.setenv("REQUESTS_CA_BUNDLE", str(bundle))
    with flow_endpoint.FlowEndpoint(lambda: [pair()], tls=tmp_path) as endpoint:
        assert "can't be asked: REQUESTS_CA_BUNDLE or CURL_CA_BUNDLE" in str(refusal(endpoint))


@pytest.mark.parametrize("path", ["/CERTIFICATE", "/refused", "/NameResolutionError", "/timed out"])
def test_words_of_the_url_are_no_reason(path: str) -> None:
    with flow_endpoint.FlowEndpoint(lambda: [pair()]) as endpoint:
        url = endpoint.url.replace("http:", "https:").replace("/flows", path)
        assert "does not speak TLS" in str(LiveEndpoint(url).ping(pair().public_key_pem))


def test_a_proxy_of_the_environment_is_asked_and_named(monkeypatch: pytest.MonkeyPatch) -> None:
    with flow_endpoint.FlowEndpoint(lambda: [pair()]) as proxy:  # it knows no CONNECT
        monkeypatch.setenv("https_proxy", proxy.url)
        said = str(LiveEndpoint("https://flows.example.com/support").ping(pair().public_key_pem))
    assert "can't be reached through the proxy" in said


@pytest.mark.parametrize("proxy", ["http://", "ftp://127.0.0.1:9", "http://[::1"])
def test_a_proxy_whose_address_is_wrong_is_named(proxy: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("https_proxy", proxy)
    said = str(LiveEndpoint("https://flows.example.com/support").ping(pair().public_key_pem))
    assert "can't be asked: its address is not valid, or that of the proxy in HTTPS_PROXY is not" in said


def test_an_endpoint_without_tls_is_named() -> None:
    with flow_endpoint.FlowEndpoint(lambda: [pair()]) as endpoint:
        url = endpoint.url.replace("http:", "https:")
        assert "does not speak TLS" in str(LiveEndpoint(url).ping(pair().public_key_pem))


@pytest.mark.parametrize("host", ["nobody.invalid", "a" * 70 + ".invalid"], ids=["unknown", "too long"])
def test_a_name_that_nobody_knows_is_named(host: str) -> None:
    said = str(LiveEndpoint(f"https://{host}/flows").ping(pair().public_key_pem))
    assert "can't be reached: its name is not known" in said


def test_an_endpoint_that_is_not_there_is_named() -> None:
    with socket.socket() as nobody:
        nobody.bind(("127.0.0.1", 0))
        url = f"http://127.0.0.1:{nobody.getsockname()[1]}/flows"
        assert "can't be reached: the connection was refused" in str(LiveEndpoint(url).ping(pair().public_key_pem))


def test_an_endpoint_that_hangs_up_is_named() -> None:
    with flow_endpoint.FlowEndpoint(reply=lambda _: (flow_endpoint.HANGS_UP, b"")) as endpoint:
        assert "can't be reached: the connection broke" in str(refusal(endpoint))


@pytest.mark.parametrize(
    "answer",
    [
        b"220 mail.example.com ESMTP\r\n\r\n",
        b"HTTP/1.1 two hundred\r\n\r\n",
        OK + b"X: " + b"a" * 70_000 + b"\r\n\r\n",
        OK + b"X: y\r\n" * 200 + b"\r\n",
        OK + b"Content-Length: 5\r\nContent-Length: 6\r\n\r\nabcde",
        OK + b"Content-Length: 30\r\n\r\nabcde",
        OK + b"Transfer-Encoding: chunked\r\n\r\nrefused\r\nabc",
        OK + b"Transfer-Encoding: chunked\r\n\r\n-5\r\nabc",
        OK + b"Transfer-Encoding: chunked\r\n\r\n5\r\nabc",
        OK + b"Content-Encoding: gzip\r\nContent-Length: 5\r\n\r\nabcde",
    ],
    ids=[
        *("not HTTP", "no status", "a long header", "many headers", "two lengths", "too short"),
        *("no chunk", "a negative chunk", "half a chunk", "no gzip"),
    ],
)
def test_broken_http_is_named(answer: bytes) -> None:
    with flow_endpoint.FlowEndpoint(raw=[answer]) as endpoint:
        assert "answered with HTTP that is broken or broke off" in str(refusal(endpoint))


@pytest.mark.parametrize("length", [b"many", b"-5"])
def test_a_length_that_is_no_number_leaves_the_answer_to_be_judged(length: bytes) -> None:
    with flow_endpoint.FlowEndpoint(raw=[OK + b"Content-Length: " + length + b"\r\n\r\nabcde"]) as endpoint:
        assert "is not encrypted for this request" in str(refusal(endpoint))


@pytest.mark.parametrize("location", [b"http://\xff\xfe/", b"http://[::1", b"http://" + b"a" * 300, b"//", b""])
def test_a_redirect_is_named_wherever_it_leads(location: bytes) -> None:
    answer = b"HTTP/1.1 302 Found\r\nLocation: " + location + b"\r\nContent-Length: 0\r\n\r\n"
    with flow_endpoint.FlowEndpoint(raw=[answer]) as endpoint:
        assert "answered 302, a redirect" in str(refusal(endpoint))


def test_no_more_of_a_redirects_body_is_read_than_of_another(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("whatsapp_flow_keys.flow_protocol.live_endpoint._TIMEOUT", 5.0)
    head = b"HTTP/1.1 302 Found\r\nLocation: /elsewhere\r\n\r\n"
    endless = itertools.chain([head], itertools.repeat(b"a" * 65_536))
    with flow_endpoint.FlowEndpoint(raw=endless) as endpoint:
        assert "answered 302, a redirect" in str(refusal(endpoint))


def test_an_error_that_no_library_names_is_a_refusal(monkeypatch: pytest.MonkeyPatch) -> None:
    def fail(*_: object) -> None:
        raise RuntimeError

    monkeypatch.setattr(http.client.HTTPResponse, "begin", fail)
    with flow_endpoint.FlowEndpoint(lambda: [pair()]) as endpoint:
        assert "can't be reached" in str(refusal(endpoint))


@pytest.mark.parametrize("tls", [False, True], ids=["HTTP", "HTTPS"])
@pytest.mark.parametrize(
    "head",
    [
        [b"HTTP/1.1 "],
        [OK, b"X-Slow: "],
        [b"HTTP/1.1 100 Continue\r\n", b"X-Slow: "],
        [OK, b"\r\n"],
        [OK, b"Transfer-Encoding: chunked\r\n\r\n", b"1;"],
    ],
    ids=["status", "header", "100 Continue", "body", "chunk"],
)
def test_an_answer_that_drips_is_given_up_and_leaves_nothing(
    head: list[bytes], tls: bool, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("whatsapp_flow_keys.flow_protocol.live_endpoint._TIMEOUT", 0.3)
    with flow_endpoint.FlowEndpoint(
        raw=itertools.chain(head, itertools.repeat(b"1")), tls=tmp_path if tls else None
    ) as endpoint:
        monkeypatch.setenv("REQUESTS_CA_BUNDLE", str(tmp_path / "ca.pem"))
        running = set(threading.enumerate())
        asked = time.monotonic()
        assert "did not answer within 10 s" in str(refusal(endpoint))
        assert time.monotonic() - asked < SOON
        assert ended(running)  # the one that asked, and the server's, which sees that its connection is gone


def test_a_name_that_is_looked_up_for_too_long_is_given_up_and_not_asked_later(monkeypatch: pytest.MonkeyPatch) -> None:
    known, look_up = threading.Event(), socket.getaddrinfo

    def look_up_slowly(*asked: Any, **how: Any) -> Any:
        known.wait(LONG)
        return look_up(*asked, **how)

    with flow_endpoint.FlowEndpoint(lambda: [pair()]) as endpoint:
        running = set(threading.enumerate())
        monkeypatch.setattr("whatsapp_flow_keys.flow_protocol.live_endpoint._TIMEOUT", 0.2)
        monkeypatch.setattr(socket, "getaddrinfo", look_up_slowly)
        assert "did not answer within 10 s" in str(refusal(endpoint))
        known.set()
        assert ended(running)
    assert endpoint.requests == []


def test_a_tls_connection_that_does_not_come_about_is_given_up(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("whatsapp_flow_keys.flow_protocol.timed_post._CONNECT_TIMEOUT", 0.2)
    with socket.create_server(("127.0.0.1", 0)) as server:
        said = asked_of(server, "https", lambda connection: connection.recv(1))
    assert "can't be reached: no connection within 5 s" in said


def test_an_endpoint_that_answers_leaves_nothing() -> None:
    with flow_endpoint.FlowEndpoint(lambda: [pair()]) as endpoint:
        running = set(threading.enumerate())
        assert refusal(endpoint) is None
        assert ended(running)


def test_an_endpoint_that_does_not_answer_is_given_up(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("whatsapp_flow_keys.flow_protocol.live_endpoint._TIMEOUT", 0.2)

    def hang(_body: bytes) -> tuple[int, bytes]:
        endpoint.released.wait()
        return 200, b""

    with flow_endpoint.FlowEndpoint(reply=hang) as endpoint:
        assert "did not answer within 10 s" in str(refusal(endpoint))


@pytest.mark.parametrize(
    "url", ["https://flows.example.com/support", "https://h:8443/x?a=b", "http://127.0.0.1:80/", "http://[::1]:8080/x"]
)
def test_an_endpoint_url_is_taken(url: str) -> None:
    assert parse_endpoint_url(url, "endpoint_url") == url


@pytest.mark.parametrize(
    ("url", "said"),
    [
        ("", "must be a URL like"),
        ("https://a b/", "holds blanks, line ends"),
        ("https://a/\n", "holds blanks, line ends"),
        (7, "must be a URL like"),
        ("flows.example.com", "is not a URL like"),
        ("ftp://flows.example.com", "is not a URL like"),
        ("https://", "is not a URL like"),
        ("https://[::1", "is not a URL"),
        ("https://h:port/", "is not a URL"),
        ("https://me:hunter2@flows.example.com/", "no user, password or fragment"),
        ("https://flows.example.com/#x", "no user, password or fragment"),
        ("http://flows.example.com/", "must start with https://"),
    ],
)
def test_a_wrong_endpoint_url_is_refused_and_never_quoted(url: object, said: str) -> None:
    with pytest.raises(InputError, match=r"^endpoint_url: ") as refused:
        parse_endpoint_url(url, "endpoint_url")
    assert said in str(refused.value)
    assert "hunter2" not in str(refused.value)
