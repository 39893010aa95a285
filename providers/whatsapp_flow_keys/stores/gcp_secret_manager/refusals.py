"""What the refusals of Google Secret Manager mean: one table, by gRPC status and Google's words.

Sources: Google's pages on Secret Manager's entity tags, versions and quotas, on Cloud APIs' errors, and what people
quote in public reports. Google's words are quoted without what could be a key.
"""

import re
from dataclasses import dataclass
from typing import Any

from whatsapp_flow_keys.client_library import DEADLINE
from whatsapp_flow_keys.errors import StorePermissionError, StoreUnavailableError
from whatsapp_flow_keys.quotation import quotable

_LONGEST_QUOTE = 300
_COULD_BE_A_KEY = re.compile(r"[A-Za-z0-9+/=]{64,}")

PASSING = frozenset({"UNAVAILABLE", "DEADLINE_EXCEEDED", "RESOURCE_EXHAUSTED", "INTERNAL", "ABORTED", "UNKNOWN"})
"""Statuses after which the same call may be answered in a moment."""


class SecretNotFoundError(StoreUnavailableError):
    """There is no such secret, or no such version of it."""


class SecretExistsError(StoreUnavailableError):
    """A secret of that name is there already."""


class ChangedError(StoreUnavailableError):
    """Somebody changed the secret since it was read."""


class UnreadableVersionError(StoreUnavailableError):
    """A version is disabled or destroyed; ``number`` is its own."""

    def __init__(self, url: str, said: str, number: int = 0) -> None:
        super().__init__(url, said)
        self.number = number


@dataclass(frozen=True)
class Meaning:
    """A row.

    Args:
        kind: the error.
        said: its sentence; ``{permission}``, ``{quoted}`` and what ``pattern`` finds by a name are filled in.
        statuses: of gRPC, separated by blanks.
        pattern: a regular expression that must be found in Google's words.
    """

    kind: type[StoreUnavailableError]
    said: str
    statuses: str
    pattern: str = ""

    def sentence(self, status: str, words: str, permission: str) -> str | None:
        """The sentence, if the row is about this answer."""
        found = re.search(self.pattern, words) if status in self.statuses.split() else None
        return found and self.said.format(permission=permission, quoted=_quoted(words), **found.groupdict())


_KMS = (
    "the secret's key of Cloud KMS can't be used; it must be enabled, and Secret Manager's service agent must have the "
    "role roles/cloudkms.cryptoKeyEncrypterDecrypter on it. Google says: {quoted}"
)

_REFUSED = "FAILED_PRECONDITION INVALID_ARGUMENT PERMISSION_DENIED"

_MEANINGS = (
    Meaning(StoreUnavailableError, _KMS, _REFUSED, r"\bKMS\b|cloudkms|CryptoKey"),
    Meaning(
        StorePermissionError,
        "the Secret Manager API is not enabled in the project; enable it (`gcloud services enable "
        "secretmanager.googleapis.com`), wait some minutes, then run again",
        "PERMISSION_DENIED",
        r"(?i)has not been used in project|it is disabled|SERVICE_DISABLED",
    ),
    Meaning(
        StorePermissionError,
        "the project has no billing account that is open, so Secret Manager refuses calls; link one, then run again",
        "PERMISSION_DENIED",
        r"requires billing|BILLING_DISABLED",
    ),
    Meaning(
        StorePermissionError,
        "these credentials lack the permission {permission}, or there is no such project; grant it to them on the "
        "secret or the project, or use others. A grant takes some minutes until it counts",
        "PERMISSION_DENIED",
    ),
    Meaning(
        StorePermissionError,
        "Google does not accept these credentials; log in again, or check GOOGLE_APPLICATION_CREDENTIALS and the "
        "machine's clock",
        "UNAUTHENTICATED",
    ),
    Meaning(SecretNotFoundError, "there is no such secret, or no such version of it", "NOT_FOUND"),
    Meaning(SecretExistsError, "a secret of that name is there already", "ALREADY_EXISTS"),
    Meaning(
        StoreUnavailableError,
        "the organization's policy does not let Google choose the locations of the replicas, or not these; give "
        'locations=, as in ["europe-west3"]. Google says: {quoted}',
        _REFUSED,
        r"resourceLocations",
    ),
    Meaning(
        ChangedError,
        "somebody changed the secret meanwhile, or its state does not allow {permission}; nothing was changed. Run "
        "again. Google says: {quoted}",
        "FAILED_PRECONDITION",
    ),
    Meaning(
        StoreUnavailableError,
        "the project's quota for Secret Manager is used up at the moment; run again in a minute, or have the quota "
        "raised",
        "RESOURCE_EXHAUSTED",
    ),
    Meaning(
        StoreUnavailableError,
        "Secret Manager did not answer in time; check the way there (HTTPS_PROXY, NO_PROXY), and "
        f"{DEADLINE}, the time limit in seconds",
        "DEADLINE_EXCEEDED",
    ),
    Meaning(
        StoreUnavailableError,
        "the certificate of what answers was not accepted; behind a proxy that inspects TLS, set REQUESTS_CA_BUNDLE to "
        "its CA",
        "UNAVAILABLE",
        r"(?i)certificate|ssl|tls handshake",
    ),
    Meaning(
        StoreUnavailableError,
        "Secret Manager can't be reached; check the network, HTTPS_PROXY and NO_PROXY",
        "UNAVAILABLE",
    ),
)


def as_ours(url: str, error: Any, permission: str) -> StoreUnavailableError:
    """The error of ours for a GoogleAPICallError. ``permission``: what the call needs."""
    status, words = status_of(error), str(getattr(error, "message", "") or "")
    if status == "FAILED_PRECONDITION" and (unreadable := _UNREADABLE.search(words)):
        return _unreadable(url, **unreadable.groupdict())
    for meaning in _MEANINGS:
        said = meaning.sentence(status, words, permission)
        if said:
            return meaning.kind(url, said)
    return StoreUnavailableError(url, f"Secret Manager refused {permission} ({status}): {_quoted(words)}")


_UNREADABLE = re.compile(r"/secrets/(?P<name>[^/]+)/versions/(?P<number>\d+)\] is in (?P<state>[A-Z]+) state")


def _unreadable(url: str, name: str, number: str, state: str) -> UnreadableVersionError:
    return UnreadableVersionError(
        url,
        f"the newest version (number {number}) is {state}, so it can't be read, and nothing was changed. Enable it "
        f"(`gcloud secrets versions enable {number} --secret={name}`); or, if it is destroyed, add a backup's document "
        f"(`gcloud secrets versions add {name} --data-file=FILE`), then `pulumi up --refresh`",
        int(number),
    )


def status_of(error: Any) -> str:
    """As in ``NOT_FOUND``; ``UNKNOWN`` where the error has none."""
    return str(getattr(getattr(error, "grpc_status_code", None), "name", "UNKNOWN"))


def _quoted(words: str) -> str:
    return quotable(_COULD_BE_A_KEY.sub("[…]", words), _LONGEST_QUOTE)
