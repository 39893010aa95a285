"""The way to Vault: certificates, redirects, a proxy, and a user's netrc."""

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
import requests

from tests.contract.stores.rings import ring
from tests.contract.stores.vault.proxy import Between, before, behind
from tests.contract.stores.vault.refusals import refusal
from tests.contract.stores.vault_place import VaultPlace
from tools.openbao import OpenBao
from whatsapp_flow_keys.errors import StoreUnavailableError
from whatsapp_flow_keys.stores.vault.store import VaultStore


@pytest.fixture(scope="module")
def over_tls() -> Iterator[OpenBao]:
    with OpenBao(tls=True) as server:
        yield server


def test_a_certificate_of_an_unknown_ca_is_refused_at_once(over_tls: OpenBao, monkeypatch: pytest.MonkeyPatch) -> None:
    place = VaultPlace(over_tls, monkeypatch)
    monkeypatch.delenv("VAULT_CACERT")
    text = refusal(StoreUnavailableError, place.store().read, place)
    assert text.startswith(f"{place.url}: its certificate was not accepted; set VAULT_CACERT to the file of the CA")


@pytest.mark.parametrize("variable", ["VAULT_CACERT", "BAO_CACERT", "REQUESTS_CA_BUNDLE"])
def test_a_ca_comes_from_the_environment(over_tls: OpenBao, monkeypatch: pytest.MonkeyPatch, variable: str) -> None:
    place = VaultPlace(over_tls, monkeypatch)
    monkeypatch.delenv("VAULT_CACERT")
    monkeypatch.setenv(variable, str(over_tls.ca))
    store = place.store()
    store.write(ring(), store.read())
    assert (store.read().ring, "tls" in store.url) == (ring(), False)


def test_a_ca_that_is_not_there_is_named(over_tls: OpenBao, monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    place = VaultPlace(over_tls, monkeypatch)
    monkeypatch.setenv("VAULT_CACERT", str(tmp_path / "none.pem"))
    assert "check that VAULT_CACERT" in refusal(StoreUnavailableError, place.store().read, place)


def test_a_server_that_speaks_no_tls_is_told(place: VaultPlace) -> None:
    store = VaultStore(place.url.replace("?tls=off", ""))
    assert "TLS failed" in refusal(StoreUnavailableError, store.read, place)


@pytest.mark.parametrize("status", [301, 302, 307, 308])
def test_a_redirect_is_not_followed_with_the_token(place: VaultPlace, between: Between, status: int) -> None:
    with before(place.server.address) as elsewhere:
        between.headers = {"Location": f"http://127.0.0.1:{elsewhere.server_port}/v1/secret/data/{place.path}"}
        between.plan = [status] * 2
        store = behind(between, place)
        assert "redirects to another address" in refusal(StoreUnavailableError, store.read, place)
        nothing = place.store().read()
        refusal(StoreUnavailableError, lambda: store.write(ring(), nothing), place)
        assert elsewhere.seen == []
    assert place.content() is None


def test_a_proxy_of_the_environment_sees_nothing_of_what_stays_on_this_machine(
    place: VaultPlace, between: Between, monkeypatch: pytest.MonkeyPatch
) -> None:
    for name in ("HTTP_PROXY", "http_proxy", "ALL_PROXY"):
        monkeypatch.setenv(name, f"http://127.0.0.1:{between.server_port}")
    monkeypatch.delenv("NO_PROXY", raising=False)
    monkeypatch.delenv("no_proxy", raising=False)
    place.store().read()
    assert between.seen == []


def test_what_a_users_netrc_has_for_the_host_is_not_sent(
    over_tls: OpenBao, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    (tmp_path / "netrc").write_text("machine 127.0.0.1 login me password hunter2\n")
    (tmp_path / "netrc").chmod(0o600)
    monkeypatch.setenv("NETRC", str(tmp_path / "netrc"))
    sent: list[requests.PreparedRequest] = []
    send = requests.Session.send

    def watched(session: requests.Session, request: requests.PreparedRequest, **given: Any) -> requests.Response:
        sent.append(request)
        return send(session, request, **given)

    monkeypatch.setattr(requests.Session, "send", watched)
    VaultPlace(over_tls, monkeypatch).store().read()
    assert sent
    assert not [request for request in sent if "Authorization" in request.headers]
