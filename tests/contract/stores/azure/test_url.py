"""What can be the URL of a key ring in Azure Key Vault, and which URLs name one secret."""

import pytest

from tests.contract.stores.azure.rings import (
    HOST,
    NAME,
    other_store,
    ring,
    store_at,
)
from tests.servers.key_vault import KeyVault
from whatsapp_flow_keys import extras
from whatsapp_flow_keys.errors import (
    InputError,
    MissingExtraError,
)
from whatsapp_flow_keys.stores.azure_key_vault.store import AzureKeyVaultStore
from whatsapp_flow_keys.stores.urls import complete_url, is_same_place, open_store, parse_stores


def test_a_url_names_the_vault_and_the_secret() -> None:
    opened = open_store(f"azurekeyvault://{HOST}/Support-Line?tag.team=payments")
    assert opened.url == f"azurekeyvault://{HOST}/support-line"
    assert opened.location == f"azurekeyvault://{HOST}/Support-Line?tag.team=payments"
    assert opened.secret_id == f"https://{HOST}/secrets/Support-Line"


@pytest.mark.parametrize(
    "other",
    [
        "My-Vault.Vault.Azure.Net/SUPPORT-LINE",
        f"{HOST}:443/support-line?existing=true",
        f"{HOST}./support-line",
        f"{HOST}.:443/support-line",
    ],
)
def test_settings_and_case_make_no_other_place(other: str) -> None:
    assert is_same_place(f"azurekeyvault://{HOST}/support-line?tag.a=b", f"azurekeyvault://{other}")


def test_a_store_and_a_backup_whose_names_differ_in_case_are_named_twice() -> None:
    urls = f"azurekeyvault://{HOST}/support-line", f"azurekeyvault://{HOST}/Support-Line?tag.team=payments"
    with pytest.raises(InputError, match=f"^backups: azurekeyvault://{HOST}/support-line is named twice"):
        parse_stores(urls[0], [urls[1]])


@pytest.mark.parametrize("names_as_asked", [True, False])
def test_two_spellings_of_one_secret_are_one_document_wherever_it_is_read_or_written(
    vault: KeyVault, names_as_asked: bool
) -> None:
    vault.secrets.names_as_asked = names_as_asked
    first, second = store_at(vault, "Support-Line"), store_at(vault, "SUPPORT-line")
    written = first.write(ring(), first.read())
    assert written.place
    assert written.place == first.read().place == second.read().place
    again = second.write(ring(1, revision=2), second.read())
    assert again.place == first.read().place != written.place


def test_two_secrets_are_two_documents_though_they_hold_the_same(vault: KeyVault) -> None:
    places = {other_store(vault, name).write(ring(), other_store(vault, name).read()).place for name in ("one", "two")}
    assert len(places) == 2


def test_where_there_is_no_document_there_is_no_place(vault: KeyVault, store: AzureKeyVaultStore) -> None:
    assert store.read().place == ""
    vault.put(NAME, "")
    assert store.read().place == ""
    vault.delete(NAME)
    assert store.read().place == ""


@pytest.mark.parametrize("host", ["v.vault.azure.cn", "v.vault.usgovcloudapi.net", "localhost:8443", "127.0.0.1"])
def test_vaults_of_other_clouds_and_on_loopback_are_hosts(host: str) -> None:
    assert open_store(f"azurekeyvault://{host}/a").url == f"azurekeyvault://{host}/a"


def test_the_environment_completes_nothing() -> None:
    url = "azurekeyvault:///support-line"
    assert complete_url(url, {"AZURE_KEYVAULT_URL": "x", "VAULT_ADDR": "y"}) == url


@pytest.mark.parametrize(
    ("rest", "said"),
    [
        ("/support-line", "vault_url= is needed"),
        ("my-vault/support-line", r"write my-vault\.vault\.azure\.net"),
        (f"{HOST}:x/support-line", "is not a vault's host name"),
        (f"{HOST}:/support-line", "is not a vault's host name"),
        ("[::1]/support-line", "is not a vault's host name"),
        (f"{HOST}/", "can't be a secret's name"),
        (f"{HOST}/a_b", "can't be a secret's name"),
        (f"{HOST}/a/0123", "can't be a secret's name"),
        (f"{HOST}/" + "a" * 128, "can't be a secret's name"),
        (f"{HOST}/a?existing=false", "existing is true or left out"),
        (f"{HOST}/a?existing=true&tag.a=b", "takes no tags"),
        (f"{HOST}/a?region=x", "is no setting of this store"),
        (f"{HOST}/a?tag.{'k' * 513}=v", "is too long"),
        (f"{HOST}/a?tag.k={'v' * 257}", "is too long"),
        (f"{HOST}/a?tag.Whatsapp-Flow-Keys-After=v", "is one that is set here"),
        (f"{HOST}/a?" + "&".join(f"tag.k{n}=v" for n in range(14)), "14 tags are too many"),
    ],
)
def test_a_url_that_can_not_be_used_is_one_sentence_that_names_its_field(rest: str, said: str) -> None:
    with pytest.raises(InputError, match=rf"^backups\[1\]: .*{said}"):
        open_store(f"azurekeyvault://{rest}", "backups[1]")


def test_a_missing_extra_is_reported_before_anybody_is_asked(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(extras, "find_spec", lambda module: None)
    with pytest.raises(MissingExtraError, match=r'^store: .*pip install "whatsapp-flow-encryption\[azure\]"'):
        open_store(f"azurekeyvault://{HOST}/support-line")
