"""The calls of Azure Key Vault for one secret: time limits, waiting, the default credential."""

import logging
import random
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from datetime import datetime
from threading import Lock
from typing import TYPE_CHECKING, Any, TypeVar

from whatsapp_flow_keys.client_library import ATTEMPTS, seconds_per_attempt
from whatsapp_flow_keys.clock import Clock
from whatsapp_flow_keys.errors import FlowKeysError, StorePermissionError, StoreUnavailableError
from whatsapp_flow_keys.loopback import is_loopback
from whatsapp_flow_keys.stores.azure_key_vault.refusals import (
    BeingDeletedError,
    BeingRecoveredError,
    NotFoundError,
    as_ours,
)

if TYPE_CHECKING:
    from azure.core.credentials import TokenCredential
    from azure.keyvault.secrets import DeletedSecret, KeyVaultSecret, SecretClient, SecretProperties

_Seen = TypeVar("_Seen")

_TRIES = 5
"""How often the store looks, or writes, where the answer may be another one in a moment."""

_FIRST_PAUSE = 0.25
"""Seconds between the first two tries at most; each later pause is twice as long."""

_SECONDS_BETWEEN_LOOKS = 1.0
"""While a deletion or a recovery is under way."""

_DEADLINES = 4
"""How many deadlines of a call a deletion or a recovery may last: it was seen to take Key Vault more than a minute."""

_credential_lock = Lock()
_process_credential: "list[TokenCredential]" = []


@dataclass(frozen=True)
class Deletion:
    """A deletion that Key Vault has accepted; nothing can be written any more."""

    version: str
    """The id of what was then the newest version; "" where the vault doesn't say."""
    recoverable_until: datetime | None
    """None where what is deleted is gone."""
    is_through: bool
    """Until it is, the secret can't be recovered."""


class SecretCalls:
    """What can be asked of one secret. Each call raises :class:`StoreUnavailableError` and its kinds."""

    def __init__(self, url: str, host: str, name: str, credential: "TokenCredential | None", clock: Clock) -> None:
        """``url`` begins every error. Without ``credential`` it is the ecosystem's default chain."""
        self._url, self._host, self._name, self._credential, self._clock = url, host, name, credential, clock
        self._connected: SecretClient | None = None

    def tries(self) -> Iterator[bool]:
        """For each of a few tries whether it is the last one, with a pause before each but the first.

        The pauses grow, and differ at random: two who meet don't meet again.
        """
        for index in range(_TRIES):
            if index:
                longest = min(_FIRST_PAUSE * 2 ** (index - 1), seconds_per_attempt())
                self._clock.sleep(longest * random.uniform(0.5, 1))  # noqa: S311  # no secret hangs on it
            yield index == _TRIES - 1

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
        """The soft-deleted secret; None where there is none, or for somebody who may not look."""
        with suppress(StorePermissionError):
            return self._deleted()
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
        """Brings the soft-deleted secret back, and waits until it is there."""
        # The first answer may have been lost: then the second one is that it is under way, or done.
        with suppress(NotFoundError, BeingRecoveredError), self._asking("recover"):
            self._client().begin_recover_deleted_secret(self._name)
        if self._awaited(self.get) is None:
            raise BeingRecoveredError(self._url, "is still being recovered. Run again in a minute")

    def delete(self, *, recoverable: bool) -> Deletion:
        """Deletes the secret, and waits until it is through. ``recoverable``: whether it can be recovered then."""
        answer: DeletedSecret | None = None
        # The first answer may have been lost: then the second one is that it is under way, or done.
        with suppress(NotFoundError, BeingDeletedError), self._asking("delete"):
            answer = self._client().begin_delete_secret(self._name).result()
        found, is_through = self._seen_deleted() if recoverable else (None, True)
        said = answer or found
        if said is None:
            return Deletion("", None, is_through)
        return Deletion(said.properties.version or "", said.scheduled_purge_date, is_through)

    def _seen_deleted(self) -> "tuple[DeletedSecret | None, bool]":
        """The soft-deleted secret as soon as it can be seen, and whether the deletion is through."""
        try:
            found = self._awaited(self._deleted)
        except StorePermissionError:  # only once it is through is there something to be forbidden
            return None, True
        except StoreUnavailableError:  # what was deleted is to be compared all the same
            return None, False
        return found, found is not None

    def _deleted(self) -> "DeletedSecret | None":
        with suppress(NotFoundError), self._asking("get"):
            return self._client().get_deleted_secret(self._name)
        return None

    def _awaited(self, look: Callable[[], _Seen | None]) -> _Seen | None:
        """What ``look`` finds as soon as it finds something; None if that doesn't come in time."""
        until = self._clock.monotonic() + seconds_per_attempt() * ATTEMPTS * _DEADLINES
        while (found := look()) is None and self._clock.monotonic() < until:
            self._clock.sleep(min(_SECONDS_BETWEEN_LOOKS, seconds_per_attempt()))
        return found

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
            raise as_ours(self._url, error, permission) from None  # its text may quote an answer's body
        except OSError:  # what requests raises before it connects
            raise StoreUnavailableError(
                self._url,
                "nothing was sent: REQUESTS_CA_BUNDLE does not name a file of certificates that can be read; correct "
                "it, then run again",
            ) from None
        except ValueError:
            raise StoreUnavailableError(
                self._url,
                "what answers there is no Key Vault of this name: it asks for a token of another domain; "
                "none was sent. Check the host name",
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
