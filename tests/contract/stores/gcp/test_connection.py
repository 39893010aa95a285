"""The way to Google: a login, a company's proxy and CA, what is logged, and what a fork inherits."""

import base64
import json
import logging
import os
import ssl
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from threading import Thread

import grpc
import pytest
from cryptography.hazmat.primitives import serialization
from cryptography.hazmat.primitives.asymmetric import rsa
from google.cloud.secretmanager_v1 import SecretManagerServiceClient
from google.cloud.secretmanager_v1.services.secret_manager_service.transports import SecretManagerServiceGrpcTransport

from tests.contract.stores.gcp_place import GcpPlace
from tests.contract.stores.rings import ring
from tests.secret_forms import forms_of, leaks
from tests.servers.certificate import make_certificate
from tests.servers.secret_manager import PROJECT, Fault
from tests.servers.tunnel import VARIABLES, Tunnels
from whatsapp_flow_keys.errors import StorePermissionError, StoreUnavailableError
from whatsapp_flow_keys.stores.gcp_secret_manager.client import _TALKATIVE
from whatsapp_flow_keys.stores.gcp_secret_manager.connection import EMULATOR

GOOGLE, TOKENS = "secretmanager.googleapis.com", "oauth2.googleapis.com"
TOKEN = "token-of-a-service-account"


class _Tokens(BaseHTTPRequestHandler):
    """Google's token service, as far as a service account's key asks it (RFC 7523)."""

    server: "TokenServer"

    def do_POST(self) -> None:
        self.rfile.read(int(self.headers["Content-Length"]))
        self.send_response(400 if self.server.refuses else 200)
        answer = {"access_token": TOKEN, "expires_in": 3600, "token_type": "Bearer"}
        body = json.dumps({"error": "invalid_grant"} if self.server.refuses else answer).encode()
        self.send_header("Content-Type", "application/json")
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)

    def log_message(self, *args: object) -> None:
        """Nothing."""


class TokenServer(ThreadingHTTPServer):
    """Over TLS."""

    daemon_threads = True
    refuses = False

    def __init__(self, certificate: tuple[Path, Path]) -> None:
        super().__init__(("127.0.0.1", 0), _Tokens)
        context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
        context.load_cert_chain(*certificate)
        self.socket = context.wrap_socket(self.socket, server_side=True)


@contextmanager
def serving(server: ThreadingHTTPServer) -> Iterator[None]:
    thread = Thread(target=server.serve_forever, args=(0.02,))
    thread.start()
    try:
        yield
    finally:
        server.shutdown()
        thread.join()
        server.server_close()


@dataclass
class Company:
    """Google behind a company's proxy, which alone leads there, and a CA that nobody else knows."""

    proxy: Tunnels
    tokens: TokenServer
    ca: Path


@pytest.fixture
def company(place: GcpPlace, monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> Iterator[Company]:
    certificate = make_certificate(tmp_path, GOOGLE, TOKENS)
    tokens = TokenServer(certificate)
    with place.server.serving(certificate=certificate) as port:
        proxy = Tunnels({GOOGLE: port, TOKENS: tokens.server_port})
        with serving(tokens), serving(proxy):
            without_way(monkeypatch, tmp_path)
            monkeypatch.setenv("GOOGLE_APPLICATION_CREDENTIALS", str(service_account(tmp_path)))
            monkeypatch.setenv("HTTPS_PROXY", proxy.url)
            monkeypatch.setenv("REQUESTS_CA_BUNDLE", str(certificate[0]))
            yield Company(proxy, tokens, certificate[0])


def without_way(monkeypatch: pytest.MonkeyPatch, home: Path) -> None:
    """Neither an emulator nor a login nor a metadata server."""
    for name in os.environ:
        if name.upper().startswith(("GOOGLE_", "CLOUDSDK_", "GRPC_")) or name.upper() in (EMULATOR, *VARIABLES):
            monkeypatch.delenv(name)
    monkeypatch.setenv("HOME", str(home))
    monkeypatch.setenv("NO_GCE_CHECK", "true")


def service_account(folder: Path) -> Path:
    """The file of a service account's key, as Google's console gives it."""
    key = rsa.generate_private_key(65537, 2048).private_bytes(
        serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, serialization.NoEncryption()
    )
    file = folder / "account.json"
    account = {
        "type": "service_account",
        "client_email": "pulumi@my-project.iam.gserviceaccount.com",
        "private_key": key.decode(),
        "private_key_id": "1",
        "token_uri": f"https://{TOKENS}/token",
    }
    file.write_text(json.dumps(account))
    return file


def test_a_service_account_logs_in_through_a_companys_proxy_with_its_ca(place: GcpPlace, company: Company) -> None:
    store = place.store()
    written = store.write(ring(), store.read())
    assert store.read() == written
    assert set(place.server.tokens) == {f"Bearer {TOKEN}"}
    assert {f"{GOOGLE}:443", f"{TOKENS}:443"} == set(company.proxy.asked)


def test_the_variables_of_a_proxy_may_be_in_small_letters(
    place: GcpPlace, company: Company, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.delenv("HTTPS_PROXY")
    monkeypatch.setenv("https_proxy", company.proxy.url)
    assert place.store().read().ring is None
    assert f"{GOOGLE}:443" in company.proxy.asked


def test_the_other_variable_of_requests_names_the_ca_as_well(
    place: GcpPlace, company: Company, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.delenv("REQUESTS_CA_BUNDLE")
    monkeypatch.setenv("CURL_CA_BUNDLE", str(company.ca))
    assert place.store().read().ring is None


def test_grpc_may_have_a_ca_of_its_own(place: GcpPlace, company: Company) -> None:
    """In a process of its own: gRPC reads the variable once."""
    environment = {**os.environ, "GRPC_DEFAULT_SSL_ROOTS_FILE_PATH": str(company.ca)}
    program = f"from whatsapp_flow_keys.stores.urls import open_store; print(open_store({place.url!r}).read().ring)"
    read = subprocess.run([sys.executable, "-c", program], env=environment, capture_output=True, text=True, timeout=60)
    assert read.stdout == "None\n", read.stderr
    assert place.server.tokens == [f"Bearer {TOKEN}"] * len(place.server.calls)


@pytest.mark.parametrize("content", ["[]", "null", '{"type": "impersonated_service_account"}', "{"])
def test_a_file_of_credentials_that_is_none_is_an_error_with_what_to_do(
    place: GcpPlace, monkeypatch: pytest.MonkeyPatch, tmp_path: Path, content: str
) -> None:
    without_way(monkeypatch, tmp_path)
    file = tmp_path / "account.json"
    file.write_text(content)
    monkeypatch.setenv("GOOGLE_APPLICATION_CREDENTIALS", str(file))
    with pytest.raises(StorePermissionError, match=r"log in|service account"):
        place.store().read()


def test_variables_that_googles_client_can_not_use_are_named(place: GcpPlace, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("GOOGLE_CLOUD_UNIVERSE_DOMAIN", " ")
    with pytest.raises(StoreUnavailableError, match="GOOGLE_CLOUD_UNIVERSE_DOMAIN"):
        place.store().read()


def test_a_server_with_another_ca_gets_nothing(
    place: GcpPlace, company: Company, monkeypatch: pytest.MonkeyPatch
) -> None:
    place.store().read()
    calls = len(place.server.calls)
    other = company.ca.parent / "other"
    other.mkdir()
    monkeypatch.setenv("CURL_CA_BUNDLE", str(company.ca))
    monkeypatch.setenv("REQUESTS_CA_BUNDLE", str(make_certificate(other, GOOGLE)[0]))
    monkeypatch.setenv("WHATSAPP_STORE_DEADLINE", "6")
    with pytest.raises(StoreUnavailableError, match=r"answers was not accepted; .* REQUESTS_CA_BUNDLE"):
        place.store().read()
    assert len(place.server.calls) == calls


def test_a_proxy_that_is_not_there_is_said_without_its_password(
    place: GcpPlace, company: Company, closed_port: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    place.store().read()
    monkeypatch.setenv("HTTPS_PROXY", f"http://ada:hunter2@127.0.0.1:{closed_port}")
    monkeypatch.setenv("WHATSAPP_STORE_DEADLINE", "6")
    with pytest.raises(StoreUnavailableError, match="can't be reached; check the network, HTTPS_PROXY") as caught:
        place.store().read()
    assert "hunter2" not in str(caught.value)


def test_a_login_that_is_refused_is_said_and_the_next_call_logs_in_again(place: GcpPlace, company: Company) -> None:
    company.tokens.refuses = True
    with pytest.raises(StorePermissionError, match=r"get no token \(RefreshError\)"):
        place.store().read()
    company.tokens.refuses = False
    assert place.store().read().ring is None


def test_a_login_that_google_no_longer_accepts_is_made_again_by_the_next_call(
    place: GcpPlace, company: Company
) -> None:
    place.store().read()
    place.server.faults = [Fault("AccessSecretVersion", "UNAUTHENTICATED", "expired")]
    with pytest.raises(StorePermissionError, match="does not accept these credentials"):
        place.store().read()
    before = company.proxy.asked.count(f"{TOKENS}:443")
    place.store().read()
    assert company.proxy.asked.count(f"{TOKENS}:443") == before + 1


def test_one_token_serves_for_several_reads(place: GcpPlace, company: Company) -> None:
    for _ in range(3):
        place.store().read()
    assert company.proxy.asked.count(f"{TOKENS}:443") == 1


def test_without_credentials_it_is_said_how_to_log_in(
    place: GcpPlace, monkeypatch: pytest.MonkeyPatch, tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    without_way(monkeypatch, tmp_path)
    with pytest.raises(StorePermissionError, match="gcloud auth application-default login"):
        place.store().read()
    assert caplog.messages == []


def test_a_file_of_credentials_that_is_none_is_not_quoted(
    place: GcpPlace, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    without_way(monkeypatch, tmp_path)
    file = tmp_path / "account.json"
    file.write_text('{"type": "hunter2"}')
    monkeypatch.setenv("GOOGLE_APPLICATION_CREDENTIALS", str(file))
    with pytest.raises(StorePermissionError, match="GOOGLE_APPLICATION_CREDENTIALS") as caught:
        place.store().read()
    assert "hunter2" not in str(caught.value)


@pytest.mark.parametrize("file", ["/nowhere/ca.pem", os.devnull])
def test_a_file_of_cas_that_is_not_there_or_holds_none_names_its_variable(
    place: GcpPlace, company: Company, monkeypatch: pytest.MonkeyPatch, file: str
) -> None:
    place.store().read()
    monkeypatch.setenv("CURL_CA_BUNDLE", str(company.ca))
    monkeypatch.setenv("REQUESTS_CA_BUNDLE", file)
    with pytest.raises(StoreUnavailableError, match="REQUESTS_CA_BUNDLE does not name a file of certificates"):
        place.store().read()


@pytest.mark.parametrize("host", ["10.0.0.1:8085", "emulator:8085"])
def test_an_emulator_on_another_machine_is_refused(place: GcpPlace, monkeypatch: pytest.MonkeyPatch, host: str) -> None:
    monkeypatch.setenv(EMULATOR, host)
    with pytest.raises(StoreUnavailableError, match="would go in the clear, so nothing was sent"):
        place.store().read()


def test_no_log_shows_a_key(place: GcpPlace, caplog: pytest.LogCaptureFixture) -> None:
    """Google's client logs whole calls; the search finds that where somebody else in this process asks by it."""
    caplog.set_level(logging.DEBUG)
    caplog.set_level(logging.DEBUG, _TALKATIVE)
    store = place.store()
    store.write(ring(), store.read())
    data = place.server.newest(place.secret) or b""
    keys = forms_of(ring().private_keys) | {base64.b64encode(data).decode()[400:500]}
    assert leaks(shown(caplog), keys) == set()
    with grpc.insecure_channel(f"127.0.0.1:{place.server.port}") as channel:
        client = SecretManagerServiceClient(transport=SecretManagerServiceGrpcTransport(channel=channel))
        client.access_secret_version(name=f"projects/{PROJECT}/secrets/{place.secret}/versions/1")
    assert leaks(shown(caplog), keys)


def test_no_log_shows_a_token(place: GcpPlace, company: Company, caplog: pytest.LogCaptureFixture) -> None:
    caplog.set_level(logging.DEBUG)
    for name in (_TALKATIVE, "google", "google.auth.transport.requests", "google.api_core"):
        caplog.set_level(logging.DEBUG, name)
    place.store().read()
    assert place.server.tokens
    assert leaks(shown(caplog), {TOKEN}) == set()


def shown(caplog: pytest.LogCaptureFixture) -> str:
    return "\n".join(str(record.__dict__) for record in caplog.records)


def test_a_read_leaves_no_thread_that_a_fork_would_break(place: GcpPlace) -> None:
    place.store().read()
    before = threads()
    for _ in range(3):
        place.store().read()
    assert threads() <= before


def threads() -> int:
    return len(os.listdir("/proc/self/task"))
