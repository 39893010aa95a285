"""The calls of Azure Key Vault for one secret: time limits, the default credential, errors as sentences."""

import logging
import re
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager, suppress
from textwrap import shorten
from threading import Lock
from typing import TYPE_CHECKING, Any

from whatsapp_flow_keys.errors import (
    FlowKeysError,
    StoreConflictError,
    StoreError,
    StorePermissionError,
    StoreUnavailableError,
)
from whatsapp_flow_keys.loopback import is_loopback
from whatsapp_flow_keys.stores.client_library import ATTEMPTS, seconds_per_attempt

if TYPE_CHECKING:
    from azure.core.credentials import TokenCredential
    from azure.core.exceptions import AzureError, HttpResponseError
    from azure.keyvault.secrets import DeletedSecret, KeyVaultSecret, SecretClient, SecretProperties

_DATA_ACTIONS = {
    "get": "getSecret/action",
    "set": "setSecret/action",
    "update": "update/action",
    "list": "readMetadata/action",
    "delete": "delete",
    "recover": "recover/action",
}
"""What Azure RBAC calls a permission, after ``Microsoft.KeyVault/vaults/secrets/``."""

_WORDS = {"update": "set"}
"""What an access policy calls a permission, where it is another word."""

_credential_lock = Lock()
_process_credential: "list[TokenCredential]" = []


class SecretCalls:
    """What can be asked of one secret. Each call raises :class:`StoreUnavailableError` and its kinds."""

    def __init__(self, url: str, host: str, name: str, credential: "TokenCredential | None") -> None:
        """``url`` begins every error. Without ``credential`` it is the ecosystem's default chain."""
        self._url, self._host, self._name, self._credential = url, host, name, credential
        self._connected: SecretClient | None = None

    def get(self, version: str | None = None) -> "KeyVaultSecret | None":
        """The secret in its newest version, or in that one; None where there is none."""
        with suppress(NotFoundError), self._asking("get"):
            return self._client().get_secret(self._name, version)
        return None

    def versions(self) -> "Sequence[SecretProperties]":
        """All versions without their values, in no order."""
        with suppress(NotFoundError), self._asking("list"):
            return list(self._client().list_properties_of_secret_versions(self._name))
        return ()

    def deleted(self) -> "DeletedSecret | None":
        """The softly deleted secret; None where there is none, or for somebody who may not look."""
        with suppress(NotFoundError, StorePermissionError), self._asking("get"):
            return self._client().get_deleted_secret(self._name)
        return None

    def set(self, text: str, tags: Mapping[str, str]) -> "KeyVaultSecret":
        """Writes a new version, which is the newest whatever was there."""
        with self._asking("set"):
            return self._client().set_secret(self._name, text, content_type="application/json", tags=dict(tags))

    def set_tags(self, version: str, tags: Mapping[str, str]) -> None:
        """Other tags on a version that is there."""
        with self._asking("update"):
            self._client().update_secret_properties(self._name, version, tags=dict(tags))

    def recover(self) -> None:
        """Brings the softly deleted secret back, and waits until it is there."""
        with self._asking("recover"):
            recovery = self._client().begin_recover_deleted_secret(self._name)
            recovery.wait(seconds_per_attempt() * ATTEMPTS)
            if not recovery.done():
                raise StoreUnavailableError(f"{self._url}: is still being recovered; run again in a minute")

    def delete(self) -> "DeletedSecret | None":
        """Deletes the secret, and waits: until it is through, the name can neither be written nor recovered.

        None where there is none.
        """
        with suppress(NotFoundError), self._asking("delete"):
            deletion = self._client().begin_delete_secret(self._name)
            deletion.wait(seconds_per_attempt() * ATTEMPTS)
            return deletion.result()
        return None

    def _client(self) -> "SecretClient":
        if self._connected is None:
            from azure.core.pipeline.policies import RetryPolicy
            from azure.keyvault.secrets import SecretClient

            seconds = seconds_per_attempt()

            class Retries(RetryPolicy):  # type: ignore[type-arg]  # it is no generic class at run time
                def get_retry_after(self, response: Any) -> float | None:
                    return min(super().get_retry_after(response) or 0.0, seconds) or None

            self._connected = SecretClient(
                vault_url=f"https://{self._host}",
                credential=self._credential or _default_credential(),
                # The check that a vault asks for a token of its own domain, so that no other host gets one, has no
                # domain to compare with on loopback, where nobody else can answer. Everywhere else it stays on.
                verify_challenge_resource=not is_loopback(self._host),
                retry_policy=Retries(retry_total=ATTEMPTS - 1, retry_backoff_max=seconds),
                connection_timeout=seconds,
                read_timeout=seconds,
            )
        return self._connected

    @contextmanager
    def _asking(self, permission: str) -> Iterator[None]:
        """Makes the client library's errors ours. ``permission``: what the call needs."""
        from azure.core.exceptions import AzureError

        try:
            yield
        except FlowKeysError:
            raise
        except AzureError as error:
            raise _as_ours(self._url, error, permission) from None  # its text may quote an answer's body
        except ValueError:
            raise StoreUnavailableError(
                f"{self._url}: what answers there is no Key Vault of this name: it asks for a token of another domain; "
                f"none was sent. Check the host name"
            ) from None


def _default_credential() -> "TokenCredential":
    """The ecosystem's default chain, one for the process: it caches the token and what in the chain had one."""
    with _credential_lock:
        if not _process_credential:
            from azure.identity import DefaultAzureCredential

            # It logs as a warning what it raises, too; Pulumi would print that beside the error.
            identity_log = logging.getLogger("azure.identity")
            if identity_log.level == logging.NOTSET:
                identity_log.setLevel(logging.ERROR)
            seconds = seconds_per_attempt()
            _process_credential.append(
                DefaultAzureCredential(
                    process_timeout=max(1, int(seconds)),
                    connection_timeout=seconds,
                    read_timeout=seconds,
                    retry_total=ATTEMPTS - 1,
                    retry_backoff_max=seconds,
                )
            )
        return _process_credential[0]


class NotFoundError(StoreUnavailableError):
    """404: not the vault but the secret is missing."""


def _as_ours(url: str, error: "AzureError", permission: str) -> StoreError:
    """The error for the person. Of the service's answer only the codes are quoted: its text could quote our request."""
    from azure.core.exceptions import ClientAuthenticationError, HttpResponseError, ServiceRequestError

    if isinstance(error, ClientAuthenticationError) and error.status_code != 401:
        tried = error.message.rpartition("Attempted credentials:")[2]
        return StorePermissionError(
            f"{url}: nobody is signed in to Azure. Run `az login`, set AZURE_CLIENT_ID, AZURE_TENANT_ID and "
            f"AZURE_CLIENT_SECRET, or run where a managed identity is. Tried were: {_without_secrets(tried)}"
        )
    if isinstance(error, HttpResponseError) and error.status_code is not None:
        return _refusal(url, error, permission)
    text = str(error)
    if "CERTIFICATE_VERIFY_FAILED" in text or "SSL" in text:
        reason = "its certificate is not trusted here; behind a proxy of your company set REQUESTS_CA_BUNDLE"
    elif "resolve" in text or "Name or service" in text:
        reason = "there is no such host; check the vault's name and the network"
    elif isinstance(error, ServiceRequestError):
        reason = "the vault can't be reached; check its host name and the network"
    else:
        reason = "the vault did not answer in time or broke off; run again"
    return StoreUnavailableError(f"{url}: {reason}")


def _refusal(url: str, error: "HttpResponseError", permission: str) -> StoreError:
    status, codes = error.status_code or 0, _codes(error)
    if status == 401:
        return StorePermissionError(
            f"{url}: the vault does not accept the token of this identity; sign in anew (`az login`), to the vault's "
            f"tenant"
        )
    if status == 403 and "SecretDisabled" in codes:
        return StoreUnavailableError(f"{url}: the secret is disabled; enable its newest version in the vault")
    if status == 403 and "ForbiddenByFirewall" in codes:
        return StoreUnavailableError(
            f"{url}: the vault's firewall doesn't let this network in; add it there, or use a private endpoint"
        )
    if status == 403:
        return StorePermissionError(
            f"{url}: this identity lacks the permission `{_WORDS.get(permission, permission)}` for secrets. With Azure "
            f"RBAC its role needs the data action Microsoft.KeyVault/vaults/secrets/{_DATA_ACTIONS[permission]} (Key "
            f"Vault Secrets Officer has it); else the vault's access policy must grant "
            f"`{_WORDS.get(permission, permission)}`"
        )
    if status == 404:
        return NotFoundError(f"{url}: there is no such secret")
    if status == 409 and not codes & {"ObjectIsBeingDeleted", "ObjectIsBeingRecovered"}:
        return StoreConflictError(
            f"{url}: the secret was deleted and its name is held back; nothing was written. Run again, which recovers "
            f"it, for which this identity needs the permissions `get` and `recover`"
        )
    if status == 409:
        return StoreUnavailableError(f"{url}: is still being deleted or recovered; run again in a minute")
    if status == 429:
        return StoreUnavailableError(f"{url}: the vault has too many requests at the moment; run again in a minute")
    said = f" ({', '.join(sorted(codes))})" if codes else ""
    return StoreUnavailableError(f"{url}: the vault answered {status}{said}; run again, and look at it if that stays")


def _codes(error: "HttpResponseError") -> set[str]:
    """``error.code`` and ``error.innererror.code`` of an answer, as far as they are words."""
    body = error.error
    inner = getattr(body, "innererror", None) or {}
    found = (getattr(body, "code", None), inner.get("code") if isinstance(inner, dict) else None)
    return {code for code in found if isinstance(code, str) and re.fullmatch(r"[A-Za-z]{1,60}", code)}


def _without_secrets(text: object) -> str:
    """A text in one line, without its long words, as tokens and keys are."""
    return shorten(" ".join(word if len(word) <= 30 else "…" for word in str(text).split()), 400, placeholder=" …")
