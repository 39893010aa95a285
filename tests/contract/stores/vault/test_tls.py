"""What Vault's own variables say of TLS: which CAs are trusted, as who the server and its client are known."""

import ssl
from pathlib import Path
from threading import Thread

import pytest

from tests.contract.stores.vault.proxy import Between, Handler
from tests.contract.stores.vault.refusals import refusal
from tests.contract.stores.vault_place import VaultPlace
from tests.servers.certificate import make_certificate
from tests.servers.tunnel import tunnels
from whatsapp_flow_keys.errors import StoreUnavailableError
from whatsapp_flow_keys.stores.vault.store import VaultStore


def test_a_folder_of_cas_needs_no_names_of_openssls(
    over_tls: VaultPlace, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    (tmp_path / "README").write_text("the CAs of our company")
    (tmp_path / "company.crt").write_bytes(over_tls.server.ca.read_bytes())
    monkeypatch.delenv("VAULT_CACERT")
    monkeypatch.setenv("VAULT_CAPATH", str(tmp_path))
    assert over_tls.store().read().version == "0"


def test_a_folder_without_the_servers_ca_lets_nobody_in(
    over_tls: VaultPlace, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    make_certificate(tmp_path)
    monkeypatch.delenv("VAULT_CACERT")
    monkeypatch.setenv("VAULT_CAPATH", str(tmp_path))
    assert "its certificate was not accepted" in refusal(StoreUnavailableError, over_tls.store().read, over_tls)


@pytest.mark.parametrize(("bundle", "accepted"), [("", True), ("/nowhere/ca.pem", False)])
def test_the_systems_bundle_is_trusted_unless_requests_has_one_of_its_own(
    over_tls: VaultPlace, monkeypatch: pytest.MonkeyPatch, bundle: str, accepted: bool
) -> None:
    monkeypatch.setenv("SSL_CERT_FILE", str(over_tls.server.ca))
    monkeypatch.setenv("REQUESTS_CA_BUNDLE", bundle)
    monkeypatch.delenv("CURL_CA_BUNDLE", raising=False)
    monkeypatch.delenv("VAULT_CACERT")
    if accepted:
        assert over_tls.store().read().version == "0"
    else:
        assert "REQUESTS_CA_BUNDLE" in refusal(StoreUnavailableError, over_tls.store().read, over_tls)


def test_verification_can_not_be_switched_off(over_tls: VaultPlace, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("VAULT_CACERT")
    monkeypatch.setenv("VAULT_SKIP_VERIFY", "true")
    assert "VAULT_SKIP_VERIFY is not obeyed" in refusal(StoreUnavailableError, over_tls.store().read, over_tls)


def test_a_server_may_be_known_by_another_name_than_its_address(
    over_tls: VaultPlace, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The development server's certificate names localhost and 127.0.0.1."""
    with tunnels({"vault.example.com": over_tls.server.port}) as proxy:
        monkeypatch.setenv("HTTPS_PROXY", proxy.url)
        store = VaultStore(f"hashivault://vault.example.com/{over_tls.path}")
        assert "its certificate was not accepted" in refusal(StoreUnavailableError, store.read, over_tls)
        monkeypatch.setenv("VAULT_TLS_SERVER_NAME", "localhost")
        assert store.read().version == "0"


def test_a_server_that_is_not_who_it_must_be_is_refused(over_tls: VaultPlace, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("VAULT_TLS_SERVER_NAME", "vault.example.com")
    assert "its certificate was not accepted" in refusal(StoreUnavailableError, over_tls.store().read, over_tls)


@pytest.mark.parametrize("in_one_file", [False, True])
def test_a_client_certificate_is_shown(
    over_tls: VaultPlace, monkeypatch: pytest.MonkeyPatch, tmp_path: Path, in_one_file: bool
) -> None:
    ca, key = make_certificate(tmp_path)
    (tmp_path / "both.pem").write_bytes(ca.read_bytes() + key.read_bytes())
    with asking_for_a_certificate(over_tls, ca, key) as port:
        monkeypatch.setenv("VAULT_CACERT", str(ca))
        store = VaultStore(f"hashivault://127.0.0.1:{port}/{over_tls.path}")
        refusal(StoreUnavailableError, store.read, over_tls)
        if in_one_file:
            monkeypatch.setenv("VAULT_CLIENT_CERT", str(tmp_path / "both.pem"))
        else:
            monkeypatch.setenv("VAULT_CLIENT_CERT", str(ca))
            monkeypatch.setenv("VAULT_CLIENT_KEY", str(key))
        assert store.read().version == "0"


def test_a_client_certificate_that_is_not_there_is_named(over_tls: VaultPlace, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("VAULT_CLIENT_CERT", "/nowhere/client.pem")
    text = refusal(StoreUnavailableError, over_tls.store().read, over_tls)
    assert "and VAULT_CLIENT_CERT, if they are set, name files that can be read" in text


class asking_for_a_certificate:  # noqa: N801 (a context)
    """A server with no secrets, by TLS, that lets nobody in without a certificate of ``ca``."""

    def __init__(self, over_tls: VaultPlace, ca: Path, key: Path) -> None:
        context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
        context.load_cert_chain(ca, key)
        context.load_verify_locations(ca)
        context.verify_mode = ssl.CERT_REQUIRED
        self._server = Between("")
        self._server.RequestHandlerClass = _Nothing
        self._server.socket = context.wrap_socket(self._server.socket, server_side=True, do_handshake_on_connect=False)
        self._thread = Thread(target=self._server.serve_forever, args=(0.02,))

    def __enter__(self) -> int:
        self._thread.start()
        return self._server.server_port

    def __exit__(self, *exc: object) -> None:
        self._server.shutdown()
        self._thread.join()
        self._server.server_close()


class _Nothing(Handler):
    def do_GET(self) -> None:  # noqa: N802 (the name that http.server calls)
        self._answer(404, b'{"errors": []}', "application/json")
