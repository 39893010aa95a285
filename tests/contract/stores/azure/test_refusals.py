"""What Key Vault refuses, and how it fails: a sentence for each, that says what to do."""

import logging
import socket
from collections.abc import Callable

import pytest

from tests.contract.stores.azure.rings import (
    NAME,
    fingerprints,
    just_after_the_write,
    newest_keys,
    other_store,
    ring,
    store_at,
)
from tests.contract.stores.azure_place import AzurePlace, Known, signed_in
from tests.contract.stores.place import delete
from tests.servers.key_vault import NOBODY, KeyVault
from whatsapp_flow_keys.errors import (
    StorePermissionError,
    StoreUnavailableError,
)
from whatsapp_flow_keys.stores.azure_key_vault.store import AzureKeyVaultStore
from whatsapp_flow_keys.stores.store import Store, Versioned


@pytest.mark.parametrize(
    ("permission", "data_action", "call"),
    [
        ("get", "getSecret/action", lambda store, found: store.read()),
        ("set", "setSecret/action", lambda store, found: store.write(ring(1, revision=2), found)),
        ("list", "readMetadata/action", lambda store, found: store.write(ring(1, revision=2), found)),
        ("delete", "delete", lambda store, found: delete(store)),
        ("set", "update/action", lambda store, found: store.settle()),
    ],
)
@pytest.mark.parametrize("forbidden_by", ["ForbiddenByRbac", "ForbiddenByPolicy", "AccessDenied", ""])
def test_a_missing_permission_is_named_in_the_words_of_the_vaults_model(
    vault: KeyVault,
    forbidden_by: str,
    permission: str,
    data_action: str,
    call: Callable[[AzureKeyVaultStore, object], object],
) -> None:
    store = store_at(vault, **{"tag.team": "payments"})
    found = other_store(vault).write(ring(), other_store(vault).read())
    vault.forbidden, vault.forbidden_by = {permission}, forbidden_by
    with pytest.raises(StorePermissionError) as caught:
        call(store, found)
    said = str(caught.value)
    assert said.startswith(f"{store.url}: this identity lacks the permission `{permission}`")
    of_a_role = f"Microsoft.KeyVault/vaults/secrets/{data_action} ", "up to 10 minutes: run again"
    of_a_policy = f"access policy must grant `{permission}`"
    assert [part in said for part in of_a_role] == [forbidden_by in ("ForbiddenByRbac", "")] * 2
    assert (of_a_policy in said) == (forbidden_by != "ForbiddenByRbac")
    assert newest_keys(vault) == fingerprints(0)


def test_a_permission_to_list_that_is_lost_right_after_a_write_is_named(
    vault: KeyVault, store: AzureKeyVaultStore
) -> None:
    found = store.write(ring(), store.read())
    just_after_the_write(vault, lambda: vault.forbidden.add("list"))
    with pytest.raises(StorePermissionError, match="lacks the permission `list`"):
        store.write(ring(1, revision=2), found)
    assert newest_keys(vault) == fingerprints(0, 1)


@pytest.mark.parametrize(
    ("inner", "said"),
    [
        ("ForbiddenByConnection", "public network access is disabled, .* private endpoint .*or enable public"),
        ("ForbiddenByFirewall", "the vault's firewall doesn't let this network in"),
        ("ForbiddenByNsp", "network security perimeter .* add an inbound rule"),
    ],
)
def test_a_network_that_is_not_let_in_is_no_missing_permission(
    vault: KeyVault, store: AzureKeyVaultStore, inner: str, said: str
) -> None:
    vault.fail(None, status=403, code="Forbidden", inner=inner)
    with pytest.raises(StoreUnavailableError, match=said) as caught:
        store.read()
    assert not isinstance(caught.value, StorePermissionError)
    assert "permission" not in str(caught.value)


def test_a_missing_permission_to_recover_is_named(vault: KeyVault, store: AzureKeyVaultStore) -> None:
    store.write(ring(), store.read())
    delete(store)
    vault.forbidden = {"recover"}
    with pytest.raises(StorePermissionError, match="lacks the permission `recover`"):
        store.restore()


def test_a_vault_that_is_gone_is_not_taken_for_a_secret_that_never_was(
    vault: KeyVault, store: AzureKeyVaultStore
) -> None:
    vault.fail(None, status=404, code="VaultNotFound")
    with pytest.raises(StoreUnavailableError, match="there is no such vault; check its name"):
        store.read()


def test_a_disabled_secret_is_reported(vault: KeyVault, store: AzureKeyVaultStore) -> None:
    store.write(ring(), store.read())
    vault.change(NAME, enabled=False)
    with pytest.raises(StoreUnavailableError, match="is disabled; enable its newest version"):
        other_store(vault).read()


@pytest.mark.parametrize(
    ("fault", "said"),
    [
        (
            {"status": 400, "code": "BadParameter"},
            r"calls wrong \(BadParameter\); check .* tags",
        ),
        ({"status": 400, "code": "-----BEGIN hunter2"}, r"calls wrong; check"),
        ({"status": 418, "code": "IAmATeapot"}, r"answered 418 \(IAmATeapot\); run again"),
        ({"status": 503, "times": 3}, "answered 503"),
        ({"status": 429, "times": 3}, "too many requests"),
        ({"answer_lost": True, "times": 3}, "did not answer in time or broke off"),
    ],
)
def test_a_fault_of_the_vault_is_a_sentence(
    vault: KeyVault, store: AzureKeyVaultStore, monkeypatch: pytest.MonkeyPatch, fault: dict[str, object], said: str
) -> None:
    monkeypatch.setenv("WHATSAPP_STORE_DEADLINE", "0.3")
    vault.put(NAME, "")
    vault.fail(None, **fault)
    with pytest.raises(StoreUnavailableError, match=f"^{store.url}: .*{said}") as caught:
        store.read()
    assert "hunter2" not in str(caught.value)


@pytest.mark.parametrize(
    "call",
    [lambda store: store.read(), lambda store: store.delete(Versioned(ring(), "1")), lambda store: store.settle()],
    ids=["read", "delete", "settle"],
)
@pytest.mark.parametrize("is_down", [True, False], ids=["down", "silent"])
def test_a_vault_that_is_down_or_silent_is_named(
    place: AzurePlace,
    monkeypatch: pytest.MonkeyPatch,
    is_down: bool,
    call: Callable[[Store], object],
) -> None:
    monkeypatch.setenv("WHATSAPP_STORE_DEADLINE", "0.3")
    said = "can't be reached; check its host name" if is_down else "did not answer in time or broke off"
    with socket.create_server(("127.0.0.1", 0)) as server:
        port = server.getsockname()[1]
        if is_down:
            server.close()
        store = place.at_port(port)
        with pytest.raises(StoreUnavailableError, match=f"^{store.url}: the vault {said}"):
            call(store)


@pytest.mark.parametrize("status", [429, 500, 503])
def test_a_vault_that_recovers_is_asked_again(vault: KeyVault, store: AzureKeyVaultStore, status: int) -> None:
    vault.fail(None, status=status, headers={"Retry-After": "0"})
    store.write(ring(), store.read())
    assert other_store(vault).read().ring == ring()


def test_a_vault_that_asks_for_an_hour_is_not_waited_for(
    vault: KeyVault, store: AzureKeyVaultStore, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("WHATSAPP_STORE_DEADLINE", "0.3")
    vault.fail(None, status=429, times=3, headers={"Retry-After": "3600"})
    with pytest.raises(StoreUnavailableError, match="too many requests"):
        store.read()


def test_a_vault_with_a_certificate_that_nobody_here_trusts_is_reported(
    store: AzureKeyVaultStore, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("WHATSAPP_STORE_DEADLINE", "0.3")
    monkeypatch.delenv("REQUESTS_CA_BUNDLE")
    with pytest.raises(StoreUnavailableError, match=r"its certificate is not trusted here; .* REQUESTS_CA_BUNDLE"):
        store.read()


def test_a_token_that_the_vault_does_not_take_is_reported(vault: KeyVault, store: AzureKeyVaultStore) -> None:
    vault.takes_no_token = True
    with pytest.raises(StorePermissionError, match=r"does not accept the token of this identity; sign in again"):
        store.read()


def test_an_identity_that_gets_no_token_learns_what_was_tried(vault: KeyVault, store: AzureKeyVaultStore) -> None:
    vault.gives_no_token = True
    with pytest.raises(StorePermissionError, match=r"nobody is signed in to Azure\. Run `az login`.*ManagedIdentity"):
        store.read()


def test_nobody_signed_in_is_reported_and_logged_nowhere(vault: KeyVault, caplog: pytest.LogCaptureFixture) -> None:
    with (
        signed_in(vault, AZURE_TOKEN_CREDENTIALS="EnvironmentCredential"),
        pytest.raises(StorePermissionError, match=r"AZURE_CLIENT_ID.*Tried were: .*EnvironmentCredential") as caught,
    ):
        AzureKeyVaultStore(vault.url(NAME)).read()
    assert "\n" not in str(caught.value)
    assert [record for record in caplog.records if record.levelno >= logging.WARNING] == []


def test_the_default_credential_is_one_for_the_process(vault: KeyVault) -> None:
    first, second = store_at(vault), store_at(vault, "other")
    first.read()
    second.read()
    assert first._calls._client()._client._config.credential is second._calls._client()._client._config.credential


def test_no_key_is_in_any_error_log_or_repr(
    vault: KeyVault, store: AzureKeyVaultStore, caplog: pytest.LogCaptureFixture
) -> None:
    caplog.set_level(logging.DEBUG)
    found = store.write(ring(1), store.read())
    vault.fail("PUT", status=400, code="BadParameter")
    with pytest.raises(StoreUnavailableError) as caught:
        store.write(ring(2, revision=2), found)
    with pytest.raises(StorePermissionError) as forbidden:
        AzureKeyVaultStore(store.url, credential=Known(NOBODY)).write(ring(3, revision=2), found)
    said = [repr(caught.value), repr(forbidden.value), repr(store), repr(found), repr(vars(store)), caplog.text]
    assert caught.value.__cause__ is None
    assert not any("PRIVATE KEY" in text or "token-of" in text for text in said)
