"""Vault behind a company's proxy: by the variables that everybody knows, and by Vault's own."""

from collections.abc import Iterator

import pytest

from tests.contract.stores.vault.refusals import refusal
from tests.contract.stores.vault_place import VaultPlace
from tests.servers.tunnel import Tunnels, tunnels
from whatsapp_flow_keys.errors import StoreUnavailableError


@pytest.fixture
def proxy() -> Iterator[Tunnels]:
    with tunnels() as proxy:
        yield proxy


@pytest.mark.parametrize(
    "variable", ["HTTPS_PROXY", "https_proxy", "ALL_PROXY", "VAULT_PROXY_ADDR", "VAULT_HTTP_PROXY", "BAO_PROXY_ADDR"]
)
def test_a_server_is_asked_through_the_proxy(
    over_tls: VaultPlace, proxy: Tunnels, monkeypatch: pytest.MonkeyPatch, variable: str
) -> None:
    monkeypatch.setenv(variable, proxy.url)
    assert over_tls.store().read().version == "0"
    assert set(proxy.asked) == {f"127.0.0.1:{over_tls.server.port}"}


def test_a_server_that_needs_no_proxy_is_asked_without_one(
    over_tls: VaultPlace, proxy: Tunnels, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("HTTPS_PROXY", proxy.url)
    monkeypatch.setenv("NO_PROXY", "127.0.0.1")
    over_tls.store().read()
    assert proxy.asked == []


def test_vaults_own_proxy_goes_before_everybodys_and_knows_no_exception(
    over_tls: VaultPlace, proxy: Tunnels, monkeypatch: pytest.MonkeyPatch, closed_port: int
) -> None:
    monkeypatch.setenv("HTTPS_PROXY", f"http://127.0.0.1:{closed_port}")
    monkeypatch.setenv("NO_PROXY", "127.0.0.1")
    monkeypatch.setenv("VAULT_PROXY_ADDR", proxy.url)
    over_tls.store().read()
    assert proxy.asked


def test_a_proxy_that_refuses_is_said_without_its_password(
    over_tls: VaultPlace, monkeypatch: pytest.MonkeyPatch, closed_port: int
) -> None:
    monkeypatch.setenv("VAULT_PROXY_ADDR", f"http://me:hunter2@127.0.0.1:{closed_port}")
    text = refusal(StoreUnavailableError, over_tls.store().read, over_tls)
    assert "the proxy did not let the call through; check HTTPS_PROXY, NO_PROXY and VAULT_PROXY_ADDR" in text
