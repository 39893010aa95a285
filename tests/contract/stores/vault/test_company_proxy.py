"""Vault behind a company's proxy: by the variables that everybody knows, and by Vault's own."""

from collections.abc import Iterator

import pytest

from tests.contract.stores.vault.refusals import refusal
from tests.contract.stores.vault_place import VaultPlace
from tests.servers.tunnel import VARIABLES, Tunnels, tunnels
from tools.openbao import OpenBao
from whatsapp_flow_keys.errors import StoreUnavailableError


@pytest.fixture(scope="module")
def over_tls() -> Iterator[OpenBao]:
    with OpenBao(tls=True) as server:
        yield server


@pytest.fixture
def place(over_tls: OpenBao, monkeypatch: pytest.MonkeyPatch) -> VaultPlace:
    for name in VARIABLES:
        monkeypatch.delenv(name, raising=False)
        monkeypatch.delenv(name.lower(), raising=False)
    return VaultPlace(over_tls, monkeypatch)


@pytest.fixture
def proxy() -> Iterator[Tunnels]:
    with tunnels() as proxy:
        yield proxy


@pytest.mark.parametrize(
    "variable", ["HTTPS_PROXY", "https_proxy", "ALL_PROXY", "VAULT_PROXY_ADDR", "VAULT_HTTP_PROXY", "BAO_PROXY_ADDR"]
)
def test_a_server_is_asked_through_the_proxy(
    place: VaultPlace, proxy: Tunnels, monkeypatch: pytest.MonkeyPatch, variable: str
) -> None:
    monkeypatch.setenv(variable, proxy.url)
    assert place.store().read().version == "0"
    assert set(proxy.asked) == {f"127.0.0.1:{place.server.port}"}


def test_a_server_that_needs_no_proxy_is_asked_without_one(
    place: VaultPlace, proxy: Tunnels, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("HTTPS_PROXY", proxy.url)
    monkeypatch.setenv("NO_PROXY", "127.0.0.1")
    place.store().read()
    assert proxy.asked == []


def test_vaults_own_proxy_goes_before_everybodys_and_knows_no_exception(
    place: VaultPlace, proxy: Tunnels, monkeypatch: pytest.MonkeyPatch, closed_port: int
) -> None:
    monkeypatch.setenv("HTTPS_PROXY", f"http://127.0.0.1:{closed_port}")
    monkeypatch.setenv("NO_PROXY", "127.0.0.1")
    monkeypatch.setenv("VAULT_PROXY_ADDR", proxy.url)
    place.store().read()
    assert proxy.asked


def test_a_proxy_that_refuses_is_said_without_its_password(
    place: VaultPlace, monkeypatch: pytest.MonkeyPatch, closed_port: int
) -> None:
    monkeypatch.setenv("VAULT_PROXY_ADDR", f"http://me:hunter2@127.0.0.1:{closed_port}")
    text = refusal(StoreUnavailableError, place.store().read, place)
    assert "the proxy did not let the call through; check HTTPS_PROXY, NO_PROXY and VAULT_PROXY_ADDR" in text
