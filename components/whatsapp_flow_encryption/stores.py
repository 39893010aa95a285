"""The stores as typed, immutable values of a program. What travels to the provider is their URL, which holds no secret.

Any field may be an Output. The environment's part of a URL (a region, a server's address) is taken in the program, so
that a preview shows it and the state records it. What is wrong is said by the provider's check, in the preview.
"""

import os
from collections.abc import Awaitable, Callable, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Protocol
from urllib.parse import quote

import pulumi

from whatsapp_flow_keys.stores.address import TAG, Address
from whatsapp_flow_keys.stores.urls import STACK, STACK_LATER, complete_url


class Store(Protocol):
    """A place that holds the key ring of one phone number."""

    @property
    def url(self) -> pulumi.Input[str]:
        """Its URL, as the configuration, ``endpoint_env`` and the command line know it."""


@dataclass(frozen=True)
class StackStore:
    """The stack's own encrypted secrets: nothing else is needed. The default."""

    @property
    def url(self) -> str:
        """``stack``."""
        return STACK


@dataclass(frozen=True)
class FileStore:
    """A file, mode 0600: for an endpoint on the same machine, or an offline backup.

    A relative ``path`` counts from the folder that the program runs in, which is the project's.
    """

    path: pulumi.Input[str]

    @property
    def url(self) -> pulumi.Input[str]:
        """``file:///…``."""
        return _url(_file_url, path=self.path)


@dataclass(frozen=True)
class VaultStore:
    """HashiCorp Vault or OpenBao: a path in a mount of KV version 2, written by compare-and-set.

    ``address`` (``https://vault.example.com:8200``) and ``namespace`` are those of VAULT_ADDR and VAULT_NAMESPACE where
    they aren't given; the token is always the environment's.
    """

    path: pulumi.Input[str]
    address: pulumi.Input[str] | None = None
    mount: pulumi.Input[str] = "secret"
    namespace: pulumi.Input[str] | None = None

    @property
    def url(self) -> pulumi.Input[str]:
        """``hashivault://…``."""

        def build(path: Any, address: Any, mount: Any, namespace: Any) -> str:
            scheme, _, host = str(address or "").rstrip("/").rpartition("://")
            if scheme.lower() not in ("", "http", "https"):
                host = f"{scheme}://{host}"
            host = quote(host, safe=":[]@")  # a path behind the host is for the check to refuse, as is another scheme
            tls = {"tls": "off"} if scheme.lower() == "http" else {}
            given = {"mount": None if mount == "secret" else mount, "namespace": namespace}
            return str(Address("hashivault", host, _text(path), {**_texts(given), **tls}))

        return _url(build, path=self.path, address=self.address, mount=self.mount, namespace=self.namespace)


@dataclass(frozen=True)
class AwsSecretsManagerStore:
    """AWS Secrets Manager: a secret of this stack's by its ``name``, or a platform team's by its ARN.

    With ``name`` the secret is made and deleted by the stack. ``region`` is that of AWS_REGION where it isn't given;
    ``account`` refuses credentials of another one; ``kms_key_id`` encrypts it (default: the account's key for Secrets
    Manager); ``recovery_window_days``, 7 to 30 (default 30), is how long a deleted one can be restored.

    With ``secret_id``, the ARN of an existing secret, which may be empty, none of these; it is never made or deleted.
    """

    name: pulumi.Input[str] | None = None
    secret_id: pulumi.Input[str] | None = field(default=None, kw_only=True)
    region: pulumi.Input[str] | None = field(default=None, kw_only=True)
    account: pulumi.Input[str] | None = field(default=None, kw_only=True)
    kms_key_id: pulumi.Input[str] | None = field(default=None, kw_only=True)
    recovery_window_days: pulumi.Input[int] | None = field(default=None, kw_only=True)
    tags: pulumi.Input[Mapping[str, pulumi.Input[str]]] | None = field(default=None, kw_only=True)

    def __post_init__(self) -> None:
        _one_of("AwsSecretsManagerStore", self.name, self.secret_id)

    @property
    def url(self) -> pulumi.Input[str]:
        """``awssecretsmanager://…``."""

        def build(name: Any, secret_id: Any, region: Any, tags: Any, **settings: Any) -> str:
            host, path = _text(secret_id).partition("/")[::2] if name is None else (_text(region), _text(name))
            return str(Address("awssecretsmanager", host, path, {**_texts(settings), **_tags(tags)}))

        return _url(
            build,
            name=self.name,
            secret_id=self.secret_id,
            region=self.region,
            tags=self.tags,
            account=self.account,
            kms_key_id=self.kms_key_id,
            recovery_window_days=self.recovery_window_days,
        )


@dataclass(frozen=True)
class AzureKeyVaultStore:
    """Azure Key Vault: a secret of this stack's by its ``name`` in the vault at ``vault_url``, or a platform team's.

    With ``secret_id``, the identifier of an existing secret (``https://my-vault.vault.azure.net/secrets/name``), it is
    never made or deleted, and takes no ``tags``.
    """

    name: pulumi.Input[str] | None = None
    vault_url: pulumi.Input[str] | None = field(default=None, kw_only=True)
    secret_id: pulumi.Input[str] | None = field(default=None, kw_only=True)
    tags: pulumi.Input[Mapping[str, pulumi.Input[str]]] | None = field(default=None, kw_only=True)

    def __post_init__(self) -> None:
        _one_of("AzureKeyVaultStore", self.name, self.secret_id)

    @property
    def url(self) -> pulumi.Input[str]:
        """``azurekeyvault://…``."""

        def build(name: Any, vault_url: Any, secret_id: Any, tags: Any) -> str:
            host, path = _host_and_path(vault_url if secret_id is None else secret_id)
            if secret_id is None:
                return str(Address("azurekeyvault", "/".join(filter(None, (host, path))), _text(name), _tags(tags)))
            return str(Address("azurekeyvault", host, _secret_name(path), {"existing": "true", **_tags(tags)}))

        return _url(build, name=self.name, vault_url=self.vault_url, secret_id=self.secret_id, tags=self.tags)


def url_of(store: Store | pulumi.Input[str]) -> pulumi.Input[str]:
    """The URL of a store, which may be given as a URL itself, as configuration holds it: ``hashivault:///flows/line``.

    It has what the environment knows of where the store is.
    """
    if isinstance(store, str | pulumi.Output | Awaitable):
        return _never_stack_later(_url(lambda text: _text(text), text=store))
    is_store = not isinstance(store, type) and hasattr(type(store), "url")
    return _never_stack_later(store.url) if is_store else type(store).__name__  # a name is what the check refuses


def urls_of(stores: Any) -> Any:
    """Their URLs, known only together: of a list the engine leaves out what a failed resource should have given, and a
    backup would seem to be dropped. What is no list is left for the check to refuse."""
    if not isinstance(stores, list | tuple):
        return type(stores).__name__
    urls = [url_of(store) for store in stores]
    return pulumi.Output.all(*urls) if any(_waits(url) for url in urls) else urls


def _never_stack_later(url: pulumi.Input[str]) -> pulumi.Input[str]:
    """An Output that turns out to be the stack becomes what the checks refuse, before any key is made."""
    if not isinstance(url, pulumi.Output):
        return url
    return url.apply(lambda known: STACK_LATER if known == STACK else known)


def _url(build: Callable[..., str], **fields: Any) -> pulumi.Input[str]:
    """The complete URL: a string where every field is known now, else an Output."""
    if any(_waits(value) for value in fields.values()):
        known: pulumi.Output[dict[str, Any]] = pulumi.Output.all(**fields)
        return known.apply(lambda values: complete_url(build(**values)))
    return complete_url(build(**fields))


def _waits(value: Any) -> bool:
    nested = value.values() if isinstance(value, Mapping) else ()
    return isinstance(value, pulumi.Output | Awaitable) or any(_waits(item) for item in nested)


def _file_url(path: Any) -> str:
    return Path(os.path.abspath(path)).as_uri() if isinstance(path, str) and path else "file:"


def _text(value: Any) -> str:
    """Nothing for None, as an Output may turn out to be: "None" would be a name."""
    return "" if value is None else str(value)


def _texts(settings: Mapping[str, Any]) -> dict[str, str]:
    return {name: str(value) for name, value in settings.items() if value is not None}


def _tags(tags: Any) -> dict[str, str]:
    """The tags as settings; what is no mapping becomes a setting that the check refuses."""
    given = tags if isinstance(tags, Mapping) else {} if tags is None else {"": tags}
    return {f"{TAG}{_text(name)}": str(value) for name, value in given.items() if value is not None}


def _host_and_path(url: Any) -> tuple[str, str]:
    host, _, path = str(url or "").strip().removeprefix("https://").strip("/").partition("/")
    return host, path


def _secret_name(path: str) -> str:
    """The name in ``secrets/NAME`` or ``secrets/NAME/VERSION``; any other path is left for the check to refuse."""
    kind, _, rest = path.partition("/")
    return rest.partition("/")[0] if kind == "secrets" else path


def _one_of(store: str, name: object, secret_id: object) -> None:
    if (name is None) == (secret_id is None):
        raise ValueError(f"{store}: give either name=, a secret of this stack's, or secret_id=, an existing one")
