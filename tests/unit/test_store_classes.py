"""The typed stores of a program and the URLs they stand for."""

import asyncio
import os
from dataclasses import FrozenInstanceError
from pathlib import Path
from typing import Any

import pulumi
import pytest

from whatsapp_flow_encryption import (
    AwsSecretsManagerStore,
    AzureKeyVaultStore,
    FileStore,
    GcpSecretManagerStore,
    KubernetesStore,
    StackStore,
    Store,
    VaultStore,
)
from whatsapp_flow_encryption.stores import url_of, urls_of
from whatsapp_flow_keys.errors import InputError
from whatsapp_flow_keys.stores.urls import open_store, parse_stores

KMS = "projects/keys/locations/{}/keyRings/flows/cryptoKeys/flows"
ARN = "arn:aws:secretsmanager:eu-west-1:123456789012:secret:flows/line-AbCdEf"


@pytest.fixture(autouse=True)
def _environment(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    for name in ("AWS_REGION", "AWS_DEFAULT_REGION", "VAULT_ADDR", "BAO_ADDR", "VAULT_NAMESPACE", "BAO_NAMESPACE"):
        monkeypatch.delenv(name, raising=False)
    monkeypatch.setenv("AWS_CONFIG_FILE", str(tmp_path / "no-config"))
    monkeypatch.setenv("KUBECONFIG", str(tmp_path / "no-kubeconfig"))
    monkeypatch.chdir(tmp_path)


@pytest.mark.parametrize(
    ("store", "url"),
    [
        (StackStore(), "stack"),
        (FileStore("/var/lib/a ring.json"), "file:///var/lib/a%20ring.json"),
        (
            VaultStore("flows/line", address="https://vault.example.com:8200"),
            "hashivault://vault.example.com:8200/flows/line",
        ),
        (
            VaultStore("flows/line", address="http://127.0.0.1:8200/", mount="kv", namespace="team"),
            "hashivault://127.0.0.1:8200/flows/line?mount=kv&namespace=team&tls=off",
        ),
        (
            AwsSecretsManagerStore("flows/line", region="eu-west-1"),
            "awssecretsmanager://eu-west-1/flows/line",
        ),
        (
            AwsSecretsManagerStore(
                "flows/line",
                region="eu-west-1",
                account="123456789012",
                kms_key_id="alias/flows",
                recovery_window_days=7,
                tags={"team": "pay & go"},
            ),
            "awssecretsmanager://eu-west-1/flows/line?account=123456789012&kms_key_id=alias/flows"
            "&recovery_window_days=7&tag.team=pay%20%26%20go",
        ),
        (AwsSecretsManagerStore(secret_id=ARN), f"awssecretsmanager://{ARN}"),
        (
            AwsSecretsManagerStore(secret_id=ARN.replace("flows/", "")),
            "awssecretsmanager://arn:aws:secretsmanager:eu-west-1:123456789012:secret:line-AbCdEf",
        ),
        (
            AzureKeyVaultStore("line", vault_url="https://flows.vault.azure.net/", tags={"team": "pay"}),
            "azurekeyvault://flows.vault.azure.net/line?tag.team=pay",
        ),
        (
            AzureKeyVaultStore(secret_id="https://flows.vault.azure.net/secrets/line"),
            "azurekeyvault://flows.vault.azure.net/line?existing=true",
        ),
        (
            AzureKeyVaultStore(secret_id="https://flows.vault.azure.net/secrets/line/0123456789abcdef"),
            "azurekeyvault://flows.vault.azure.net/line?existing=true",
        ),
        (
            GcpSecretManagerStore(
                "line",
                project="my-project",
                locations=["europe-west3", "europe-west4"],
                kms_keys=[KMS.format("europe-west3"), KMS.format("europe-west4")],
                labels={"team": "pay"},
            ),
            f"gcpsecretmanager://my-project/line?kms_keys={KMS.format('europe-west3')}%2C{KMS.format('europe-west4')}"
            "&locations=europe-west3%2Ceurope-west4&tag.team=pay",
        ),
        (
            GcpSecretManagerStore(secret_id="projects/my-project/secrets/line"),
            "gcpsecretmanager://my-project/line?existing=true",
        ),
        (KubernetesStore("line", namespace="flows"), "kubernetes:///flows/line"),
        (
            KubernetesStore("line", namespace="flows", context="kubernetes-admin@kubernetes"),
            "kubernetes://kubernetes-admin%40kubernetes/flows/line",
        ),
        (
            KubernetesStore(secret_id="flows/line", context="arn:aws:eks:eu-west-1:1:cluster/a"),
            "kubernetes://arn%3Aaws%3Aeks%3Aeu-west-1%3A1%3Acluster%2Fa/flows/line?existing=true",
        ),
        ("hashivault://host/a", "hashivault://host/a"),
        ("stack", "stack"),
    ],
)
def test_a_store_stands_for_its_url(store: Store | str, url: str) -> None:
    assert url_of(store) == url


def test_a_relative_path_counts_from_the_projects_folder(tmp_path: Path) -> None:
    assert FileStore("keys/ring.json").url == url_of("file:keys/ring.json") == f"file://{tmp_path}/keys/ring.json"


def test_where_a_store_is_comes_from_the_environment_if_the_program_does_not_say(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setenv("AWS_REGION", "eu-central-1")
    monkeypatch.setenv("VAULT_ADDR", "https://vault.example.com")
    assert AwsSecretsManagerStore("a").url == "awssecretsmanager://eu-central-1/a"
    assert VaultStore("a").url == url_of("hashivault:///a") == "hashivault://vault.example.com/a"


@pytest.mark.parametrize("name", ["GOOGLE_PROJECT", "GOOGLE_CLOUD_PROJECT", "GCLOUD_PROJECT", "CLOUDSDK_CORE_PROJECT"])
def test_googles_project_comes_from_the_variables_of_pulumis_own_provider(
    monkeypatch: pytest.MonkeyPatch, name: str
) -> None:
    monkeypatch.setenv(name, "from-environment")
    assert GcpSecretManagerStore("a").url == "gcpsecretmanager://from-environment/a"
    assert GcpSecretManagerStore("a", project="my-project").url == "gcpsecretmanager://my-project/a"


def test_the_current_context_of_the_first_kubeconfig_that_names_one_counts(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    for name, content in {"one": "contexts: []", "two": "current-context: prod", "three": "current-context: x"}.items():
        (tmp_path / name).write_text(content)
    files = [str(tmp_path / name) for name in ("one", "missing", "two", "three")]
    monkeypatch.setenv("KUBECONFIG", os.pathsep.join(files))
    assert KubernetesStore("a", namespace="flows").url == "kubernetes://prod/flows/a"
    assert KubernetesStore("a", namespace="flows", context="dev").url == "kubernetes://dev/flows/a"


def test_what_the_program_says_goes_before_the_environment(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("AWS_REGION", "eu-central-1")
    monkeypatch.setenv("VAULT_ADDR", "https://other.example.com")
    assert AwsSecretsManagerStore("a", region="eu-west-1").url == "awssecretsmanager://eu-west-1/a"
    assert VaultStore("a", address="https://vault.example.com").url == "hashivault://vault.example.com/a"


def test_any_field_may_be_an_output() -> None:
    def store() -> Store:
        return AwsSecretsManagerStore(
            "a",
            region="eu-west-1",
            kms_key_id=pulumi.Output.from_input("alias/flows"),
            tags={"team": pulumi.Output.from_input("pay")},
        )

    async def run() -> str:
        url = store().url
        assert isinstance(url, pulumi.Output)
        return str(await url.future())

    assert asyncio.run(run()) == "awssecretsmanager://eu-west-1/a?kms_key_id=alias/flows&tag.team=pay"


def test_a_url_may_be_an_output_too() -> None:
    async def run() -> str:
        url = url_of(pulumi.Output.from_input("file:ring.json"))
        assert isinstance(url, pulumi.Output)
        return str(await url.future())

    assert asyncio.run(run()) == f"file://{os.getcwd()}/ring.json"


@pytest.mark.parametrize("store", [AwsSecretsManagerStore, AzureKeyVaultStore, GcpSecretManagerStore, KubernetesStore])
@pytest.mark.parametrize("given", [{}, {"name": "a", "secret_id": "b"}])
def test_either_a_name_or_an_existing_secret_is_asked_for(store: Any, given: dict[str, str]) -> None:
    with pytest.raises(ValueError, match="give either name=, a secret of this stack's, or secret_id=, an existing one"):
        store(**given)


def test_a_store_does_not_change_after_it_is_made() -> None:
    store = VaultStore("a")
    with pytest.raises(FrozenInstanceError):
        store.path = "b"  # type: ignore[misc]  # that it is refused is what is tested


@pytest.mark.parametrize(
    ("store", "said"),
    [
        (FileStore(None), "is not an absolute path"),  # type: ignore[arg-type]  # as a person may by mistake
        (FileStore(5), "is not an absolute path"),  # type: ignore[arg-type]
        (FileStore(""), "is not an absolute path"),
        (VaultStore(None, address="https://v.example.com"), "can't be the path"),  # type: ignore[arg-type]
        (VaultStore("a", address="ftp://v.example.com"), "is not HOST or HOST:PORT"),
        (VaultStore("a", address="HTTP://v.example.com"), "must be asked by https"),
        (VaultStore("a", address="https://ops:hunter2@v.example.com"), "holds no user or password"),
        (VaultStore("a", address="https://v.example.com/behind"), "is not HOST or HOST:PORT"),
        (AwsSecretsManagerStore("", region="eu-west-1"), "is not a secret's name"),
        (AwsSecretsManagerStore("a", region="eu-west-1", tags=["x"]), "'tag.' is no setting"),  # type: ignore[arg-type]
        (AwsSecretsManagerStore("a", region="eu-west-1", kms_key_id=""), "kms_key_id must be"),
        (AzureKeyVaultStore("", vault_url="https://v.vault.azure.net"), "can't be a secret's name"),
        (GcpSecretManagerStore("line"), "project= is needed"),
        (GcpSecretManagerStore("line", project="Flows"), "can't be a project's ID"),
        (GcpSecretManagerStore("a/b", project="my-project"), "can't be a secret's name"),
        (GcpSecretManagerStore(secret_id="line", project="my-project", labels={"a": "b"}), "takes no settings"),
        (GcpSecretManagerStore("line", project="my-project", labels={"Team": "b"}), "can't be one"),
        (GcpSecretManagerStore("line", project="my-project", labels={"whatsapp-flow-keys-x": "b"}), "is set here"),
        (GcpSecretManagerStore("line", project="my-project", locations=["eu"]), "is no location"),
        (GcpSecretManagerStore("line", project="my-project", locations="europe-west3, europe-west4"), "is no location"),
        (GcpSecretManagerStore("line", project="my-project", locations=["a-b1", "a-b1"]), "is given twice"),
        (GcpSecretManagerStore("line", project="my-project", kms_keys=["a", "b"]), "one of kms_keys for each"),
        (GcpSecretManagerStore("line", project="my-project", kms_keys=[KMS.format("europe-west3")]), "in global"),
        (KubernetesStore("line"), "namespace= is needed"),
        (KubernetesStore("line", namespace="Flows"), "can't be a namespace"),
        (KubernetesStore("a/b", namespace="flows"), "can't be a Secret's name"),
        (KubernetesStore(secret_id="line"), "can't be a Secret's name"),
        (5, "'int' is not a store"),
        (None, "'NoneType' is not a store"),
        ("", "is empty"),
    ],
)
def test_a_mistake_becomes_a_url_that_the_check_refuses(store: Any, said: str) -> None:
    url = url_of(store)
    assert isinstance(url, str)
    with pytest.raises(InputError) as caught:
        open_store(url)
    assert said in str(caught.value)
    assert "hunter2" not in str(caught.value)


@pytest.mark.parametrize("given", [None, 5, "file:///a", FileStore("a")])
def test_backups_that_are_no_list_become_what_the_check_refuses(given: Any) -> None:
    with pytest.raises(InputError, match=r"^backups: must be a list of stores$"):
        parse_stores("stack", urls_of(given))


def test_the_stack_is_no_backup() -> None:
    with pytest.raises(InputError, match=r"^backups\[0\]: the stack can only be the store of a program"):
        parse_stores("file:///a", urls_of([StackStore()]))


def test_a_tag_without_a_value_is_left_out() -> None:
    store = AwsSecretsManagerStore("a", region="eu-west-1", tags={"team": None})  # type: ignore[dict-item]
    assert store.url == "awssecretsmanager://eu-west-1/a"
