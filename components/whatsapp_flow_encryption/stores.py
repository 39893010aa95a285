"""The stores as typed, immutable values of a program. What travels to the provider is their URL, which holds no secret.

Any field may be an Output. The environment's part of a URL (a region, a server's address) is taken in the program, so
that a preview shows it and the state records it. What is wrong is said by the provider's check, in the preview.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, ClassVar, Protocol

import pulumi

from whatsapp_flow_encryption.written_urls import given_url, waits, written_url
from whatsapp_flow_keys.stores.urls import STACK, complete_url, write_url


class Store(Protocol):
    """A place that holds the key ring of one phone number."""

    @property
    def url(self) -> pulumi.Input[str]:
        """Its URL, as the configuration, ``endpoint_env`` and the command line know it."""


class WrittenStore:
    """A store whose fields are what its kind writes a URL of."""

    scheme: ClassVar[str]

    @property
    def url(self) -> pulumi.Input[str]:
        """Its URL, complete; an Output where a field is one."""
        return written_url(lambda **given: complete_url(write_url(self.scheme, **given)), **vars(self))


@dataclass(frozen=True)
class StackStore:
    """The stack's own encrypted secrets: nothing else is needed. The default."""

    @property
    def url(self) -> str:
        """``stack``."""
        return STACK


@dataclass(frozen=True)
class FileStore(WrittenStore):
    """A file, mode 0600: for an endpoint on the same machine, or an offline backup.

    Args:
        path: where it is. A relative one counts from the folder that the program runs in, which is the project's.
    """

    scheme = "file"
    """Of its URL."""

    path: pulumi.Input[str]


@dataclass(frozen=True)
class VaultStore(WrittenStore):
    """HashiCorp Vault or OpenBao: a path in a mount of KV version 2, written by compare-and-set.

    The login is always the environment's: a token, AppRole, a Kubernetes service account, or an agent.

    Args:
        path: the path in the mount, without ``data/``.
        address: the server, as in ``https://vault.example.com:8200``; VAULT_ADDR by default.
        mount: the mount of KV version 2.
        namespace: the namespace; VAULT_NAMESPACE by default.
    """

    scheme = "hashivault"
    """Of its URL."""

    path: pulumi.Input[str]
    address: pulumi.Input[str] | None = None
    mount: pulumi.Input[str] = "secret"
    namespace: pulumi.Input[str] | None = None


@dataclass(frozen=True)
class AwsSecretsManagerStore(WrittenStore):
    """AWS Secrets Manager: a secret of this stack's by its ``name``, or a platform team's by its ARN.

    Args:
        name: of a secret that the stack makes and deletes.
        secret_id: in place of all others, the ARN of an existing secret, which may be empty. It is never made or
            deleted.
        region: AWS_REGION by default.
        account: refuses the credentials of another one.
        kms_key_id: encrypts the secret; the account's key for Secrets Manager by default.
        recovery_window_days: how long a deleted secret can be restored, 7 to 30; 30 by default.
        tags: of the secret, 47 at most.
    """

    scheme = "awssecretsmanager"
    """Of its URL."""

    name: pulumi.Input[str] | None = None
    secret_id: pulumi.Input[str] | None = field(default=None, kw_only=True)
    region: pulumi.Input[str] | None = field(default=None, kw_only=True)
    account: pulumi.Input[str] | None = field(default=None, kw_only=True)
    kms_key_id: pulumi.Input[str] | None = field(default=None, kw_only=True)
    recovery_window_days: pulumi.Input[int] | None = field(default=None, kw_only=True)
    tags: pulumi.Input[Mapping[str, pulumi.Input[str]]] | None = field(default=None, kw_only=True)

    def __post_init__(self) -> None:
        _one_of("AwsSecretsManagerStore", self.name, self.secret_id)


@dataclass(frozen=True)
class AzureKeyVaultStore(WrittenStore):
    """Azure Key Vault: a secret of this stack's by its ``name`` in the vault at ``vault_url``, or a platform team's.

    Args:
        name: of a secret that the stack makes and deletes.
        vault_url: the vault, as in ``https://my-vault.vault.azure.net``.
        secret_id: in place of all others, the identifier of an existing secret, as in
            ``https://my-vault.vault.azure.net/secrets/name``. It is never made or deleted.
        tags: of the secret, 13 at most.
    """

    scheme = "azurekeyvault"
    """Of its URL."""

    name: pulumi.Input[str] | None = None
    vault_url: pulumi.Input[str] | None = field(default=None, kw_only=True)
    secret_id: pulumi.Input[str] | None = field(default=None, kw_only=True)
    tags: pulumi.Input[Mapping[str, pulumi.Input[str]]] | None = field(default=None, kw_only=True)

    def __post_init__(self) -> None:
        _one_of("AzureKeyVaultStore", self.name, self.secret_id)


@dataclass(frozen=True)
class GcpSecretManagerStore(WrittenStore):
    """Google Secret Manager: a secret of this stack's by its ``name`` in a ``project``, or a platform team's.

    Args:
        name: of a secret that the stack makes and deletes.
        project: its ID or number; GOOGLE_PROJECT, GOOGLE_CLOUD_PROJECT, GCLOUD_PROJECT or CLOUDSDK_CORE_PROJECT by
            default.
        secret_id: in place of all others, ``projects/PROJECT/secrets/NAME`` of an existing secret, which may be empty.
            It is never made or deleted.
        locations: of the replicas, as in ``["europe-west3", "europe-west4"]``; by default Google chooses them.
        kms_keys: of Cloud KMS, which encrypt the replicas: one for each location, in their order, or one where Google
            chooses; by default the keys are Google's.
        labels: of the secret, 63 at most.
    """

    scheme = "gcpsecretmanager"
    """Of its URL."""

    name: pulumi.Input[str] | None = None
    project: pulumi.Input[str] | None = field(default=None, kw_only=True)
    secret_id: pulumi.Input[str] | None = field(default=None, kw_only=True)
    locations: Sequence[pulumi.Input[str]] | None = field(default=None, kw_only=True)
    kms_keys: Sequence[pulumi.Input[str]] | None = field(default=None, kw_only=True)
    labels: pulumi.Input[Mapping[str, pulumi.Input[str]]] | None = field(default=None, kw_only=True)

    def __post_init__(self) -> None:
        _one_of("GcpSecretManagerStore", self.name, self.secret_id)


@dataclass(frozen=True)
class KubernetesStore(WrittenStore):
    """A Kubernetes Secret: one of this stack's by its ``name`` in a ``namespace``, or a platform team's.

    Args:
        name: of a Secret that the stack makes and deletes.
        namespace: the namespace, which must be there.
        secret_id: in place of both, ``NAMESPACE/NAME`` of an existing Secret, which may be empty. It is never made or
            deleted.
        context: of the kubeconfig, the current one by default. Without a kubeconfig it is the cluster of the Pod that
            the stack runs in.
    """

    scheme = "kubernetes"
    """Of its URL."""

    name: pulumi.Input[str] | None = None
    namespace: pulumi.Input[str] | None = field(default=None, kw_only=True)
    secret_id: pulumi.Input[str] | None = field(default=None, kw_only=True)
    context: pulumi.Input[str] | None = field(default=None, kw_only=True)

    def __post_init__(self) -> None:
        _one_of("KubernetesStore", self.name, self.secret_id)


def url_of(store: Store | pulumi.Input[str]) -> pulumi.Input[str]:
    """The URL of a store, which may be given as a URL itself, as configuration holds it: ``hashivault:///flows/line``.

    It has what the environment knows of where the store is.
    """
    return given_url(store, complete_url, "store")


def urls_of(stores: Any) -> Any:
    """Their URLs, known only together: of a list the engine leaves out what a failed resource should have given, and a
    backup would seem to be dropped. What is no list is left for the check to refuse."""
    if not isinstance(stores, list | tuple):
        return type(stores).__name__
    urls = [url_of(store) for store in stores]
    return pulumi.Output.all(*urls) if any(waits(url) for url in urls) else urls


def _one_of(store: str, name: object, secret_id: object) -> None:
    if (name is None) == (secret_id is None):
        raise ValueError(f"{store}: give either name=, a secret of this stack's, or secret_id=, an existing one")
