"""The ways to log in of Azure's own tools, and a company's proxy: the store takes each as the official client does."""

import json
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from tests.contract.stores.azure_place import Known, signed_in
from tests.hostile_words import is_tame
from tests.servers.flow_endpoint import FlowEndpoint
from tests.servers.key_vault import US, KeyVault
from tests.servers.tunnel import VARIABLES, tunnels
from whatsapp_flow_keys.errors import StorePermissionError, StoreUnavailableError
from whatsapp_flow_keys.stores.azure_key_vault.store import AzureKeyVaultStore

NAME = "support-line"


@pytest.fixture(autouse=True)
def _no_proxy_of_the_machine(monkeypatch: pytest.MonkeyPatch) -> None:
    for name in VARIABLES:
        monkeypatch.delenv(name, raising=False)
        monkeypatch.delenv(name.lower(), raising=False)


def test_a_managed_identity_is_found_without_being_named(vault: KeyVault, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("AZURE_TOKEN_CREDENTIALS")
    assert AzureKeyVaultStore(vault.url(NAME)).read().ring is None
    assert {request.identity for request in vault.log if request.identity} == {US}


def test_who_has_run_az_login_is_signed_in(vault: KeyVault, monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    until = (datetime.now(UTC) + timedelta(hours=1)).timestamp()
    made = {"accessToken": f"token-of-{US}", "expires_on": int(until), "expiresOn": "2099-01-01 00:00:00.000000"}
    (tmp_path / "made").write_text(json.dumps(made))
    (tmp_path / "az").write_text(f"#!/bin/sh\ncat {tmp_path}/made\n")
    (tmp_path / "az").chmod(0o700)
    monkeypatch.setenv("PATH", str(tmp_path), prepend=":")
    for name in ("IDENTITY_ENDPOINT", "IDENTITY_HEADER"):
        monkeypatch.delenv(name)
    monkeypatch.setenv("AZURE_TOKEN_CREDENTIALS", "dev")  # a machine without a managed identity takes some seconds
    assert AzureKeyVaultStore(vault.url(NAME)).read().ring is None


def test_no_words_of_a_tool_rule_the_terminal_that_shows_them(
    vault: KeyVault, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    (tmp_path / "az").write_text("#!/bin/sh\nprintf '\\033[2J \\302\\2332J \\342\\200\\256 gone' >&2\nexit 1\n")
    (tmp_path / "az").chmod(0o700)
    monkeypatch.setenv("PATH", str(tmp_path), prepend=":")
    for name in ("IDENTITY_ENDPOINT", "IDENTITY_HEADER"):
        monkeypatch.delenv(name)
    monkeypatch.setenv("AZURE_TOKEN_CREDENTIALS", "AzureCliCredential")
    with pytest.raises(StorePermissionError, match="nobody is signed in to Azure") as caught:
        AzureKeyVaultStore(vault.url(NAME)).read()
    assert "�[2J" in str(caught.value)
    assert is_tame(str(caught.value))


@pytest.mark.parametrize("variable", ["HTTPS_PROXY", "ALL_PROXY"])
def test_a_vault_is_asked_through_a_companys_proxy(
    vault: KeyVault, monkeypatch: pytest.MonkeyPatch, variable: str
) -> None:
    with tunnels() as proxy:
        monkeypatch.setenv(variable, proxy.url)
        AzureKeyVaultStore(vault.url(NAME), credential=Known(US)).read()
        assert set(proxy.asked) == {vault.vault_host}
        asked = len(proxy.asked)
        monkeypatch.setenv("NO_PROXY", "127.0.0.1")
        AzureKeyVaultStore(vault.url(NAME), credential=Known(US)).read()
        assert len(proxy.asked) == asked


def test_a_proxy_that_is_not_there_is_said_without_its_password(
    vault: KeyVault, monkeypatch: pytest.MonkeyPatch, closed_port: int
) -> None:
    monkeypatch.setenv("HTTPS_PROXY", f"http://me:hunter2@127.0.0.1:{closed_port}")
    with pytest.raises(StoreUnavailableError, match="the proxy did not let the call through") as caught:
        AzureKeyVaultStore(vault.url(NAME)).read()
    assert "hunter2" not in str(caught.value)


def test_without_the_companys_ca_a_vault_is_not_believed(vault: KeyVault) -> None:
    with signed_in(vault, REQUESTS_CA_BUNDLE=""), pytest.raises(StoreUnavailableError, match="REQUESTS_CA_BUNDLE"):
        AzureKeyVaultStore(vault.url(NAME)).read()


def test_a_login_whose_certificate_is_not_trusted_names_the_variable_and_not_the_credentials(
    vault: KeyVault, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    """As behind a proxy that signs with a company's CA: its answer comes in the place of Microsoft's login."""
    principal = {"AZURE_TENANT_ID": "tenant", "AZURE_CLIENT_ID": "us", "AZURE_CLIENT_SECRET": "hunter2"}
    with (
        FlowEndpoint(tls=tmp_path) as inspecting,
        tunnels({"login.microsoftonline.com": int(inspecting.url.split(":")[2].partition("/")[0])}) as proxy,
        signed_in(vault, AZURE_TOKEN_CREDENTIALS="EnvironmentCredential", HTTPS_PROXY=proxy.url, **principal),
        pytest.raises(
            StoreUnavailableError, match=r"login at Azure is not trusted here; .* REQUESTS_CA_BUNDLE"
        ) as caught,
    ):
        AzureKeyVaultStore(vault.url(NAME)).read()
    assert "login.microsoftonline.com:443" in proxy.asked
    assert "az login" not in str(caught.value)
    assert "hunter2" not in str(caught.value)


def test_a_file_of_cas_that_is_not_there_names_its_variable(vault: KeyVault, tmp_path: Path) -> None:
    missing = str(tmp_path / "nowhere.pem")
    with (
        signed_in(vault, REQUESTS_CA_BUNDLE=missing),
        pytest.raises(StoreUnavailableError, match="REQUESTS_CA_BUNDLE does not name a file of certificates"),
    ):
        AzureKeyVaultStore(vault.url(NAME)).read()


def test_the_other_variable_of_requests_names_the_companys_ca_as_well(vault: KeyVault) -> None:
    with signed_in(vault, CURL_CA_BUNDLE=vault.environment["REQUESTS_CA_BUNDLE"], REQUESTS_CA_BUNDLE=""):
        assert AzureKeyVaultStore(vault.url(NAME)).read().ring is None
