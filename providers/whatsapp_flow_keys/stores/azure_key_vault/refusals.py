"""What the client library raises as errors of ours: a sentence for each way in which Key Vault says no."""

import re
from collections.abc import Mapping
from typing import TYPE_CHECKING

from whatsapp_flow_keys.errors import StoreConflictError, StoreError, StorePermissionError, StoreUnavailableError
from whatsapp_flow_keys.quotation import quotable

if TYPE_CHECKING:
    from azure.core.exceptions import AzureError, HttpResponseError

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


class NotFoundError(StoreUnavailableError):
    """404: not the vault but the secret is missing."""


class BusyError(StoreConflictError):
    """409: Key Vault takes one write of a secret at a time, and somebody else's is under way."""


class DeletedError(StoreConflictError):
    """409: the secret is soft-deleted, and its name is held back."""


class BeingDeletedError(StoreUnavailableError):
    """409: the deletion isn't through; until it is, the secret is to be seen neither here nor among the deleted."""


class BeingRecoveredError(StoreUnavailableError):
    """409: the recovery isn't through. It also comes for a moment after the secret can be read again."""


_BY_CODE: Mapping[tuple[int, str], tuple[type[StoreError], str]] = {
    (403, "SecretDisabled"): (
        StoreUnavailableError,
        "the secret is disabled; enable its newest version in the vault",
    ),
    (403, "ForbiddenByFirewall"): (
        StoreUnavailableError,
        "the vault's firewall doesn't let this network in; add it there, or use a private endpoint",
    ),
    (403, "ForbiddenByConnection"): (
        StoreUnavailableError,
        "the vault's public network access is disabled, and this request did not come through a private endpoint; run "
        "where the vault's private endpoint is, or enable public network access",
    ),
    (403, "ForbiddenByNsp"): (
        StoreUnavailableError,
        "the vault's network security perimeter doesn't let this request in; run inside the perimeter, or add an "
        "inbound rule to it",
    ),
    (404, "VaultNotFound"): (
        StoreUnavailableError,
        "there is no such vault; check its name, and that it isn't deleted",
    ),
    (409, "ObjectIsDeletedButRecoverable"): (
        DeletedError,
        "the secret was deleted and its name is held back; nothing was written. Run again, which recovers it, for "
        "which this identity needs the permissions `get` and `recover`",
    ),
    (409, "ObjectIsBeingDeleted"): (
        BeingDeletedError,
        "is still being deleted, which takes Key Vault a while. Run again in a minute; `pulumi up` then recovers it",
    ),
    (409, "ObjectIsBeingRecovered"): (BeingRecoveredError, "is still being recovered. Run again in a minute"),
}
"""What an inner code decides, whoever asks. Microsoft's "Key Vault REST API error codes", "common error codes" and
"Diagnose private links configuration issues"; the codes without a page there are in what clients report."""

_BY_STATUS: Mapping[int, tuple[type[StoreError], str]] = {
    400: (
        StoreUnavailableError,
        "the vault did not carry out the request, which it calls wrong{codes}; check the secret's name and its tags",
    ),
    401: (
        StorePermissionError,
        "the vault does not accept the token of this identity; sign in again (`az login`), to the vault's tenant",
    ),
    404: (NotFoundError, "there is no such secret"),
    409: (
        BusyError,
        "somebody else is writing this secret at this moment, and Key Vault takes one write at a time; this one was "
        "refused. Run again",
    ),
    429: (StoreUnavailableError, "the vault has too many requests at the moment; run again in a minute"),
}
"""What the status says where no inner code says more. 403 is :func:`_lacks`."""


_NOT_TRUSTED = (
    "is not trusted here; behind a proxy with your company's CA, set REQUESTS_CA_BUNDLE to the file of that CA"
)


def as_ours(url: str, error: "AzureError", permission: str) -> StoreError:
    """The error for the person. Of the service's answer only the codes are quoted: its text could quote our request."""
    from azure.core.exceptions import ClientAuthenticationError, HttpResponseError, ServiceRequestError

    if isinstance(error, ClientAuthenticationError) and "CERTIFICATE_VERIFY_FAILED" in error.message:
        return StoreUnavailableError(url, f"the certificate of the login at Azure {_NOT_TRUSTED}")
    if isinstance(error, ClientAuthenticationError) and error.status_code != 401:
        tried = error.message.rpartition("Attempted credentials:")[2]
        return StorePermissionError(
            url,
            f"nobody is signed in to Azure. Run `az login`, set AZURE_CLIENT_ID, AZURE_TENANT_ID and "
            f"AZURE_CLIENT_SECRET, or run where a managed identity is. Tried were: {_without_secrets(tried)}",
        )
    if isinstance(error, HttpResponseError) and error.status_code is not None:
        return _refusal(url, error, permission)
    text = str(error)
    if "CERTIFICATE_VERIFY_FAILED" in text or "SSL" in text:
        reason = f"its certificate {_NOT_TRUSTED}"
    elif type(error.inner_exception).__name__ == "ProxyError":
        reason = "the proxy did not let the call through; check HTTPS_PROXY and NO_PROXY"
    elif "resolve" in text or "Name or service" in text:
        reason = "there is no such host; check the vault's name and the network"
    elif isinstance(error, ServiceRequestError):
        reason = "the vault can't be reached; check its host name and the network"
    else:
        reason = "the vault did not answer in time or broke off; run again"
    return StoreUnavailableError(url, reason)


def _refusal(url: str, error: "HttpResponseError", permission: str) -> StoreError:
    status, codes = error.status_code or 0, _codes(error)
    for code in codes:
        if (status, code) in _BY_CODE:
            kind, text = _BY_CODE[status, code]
            return kind(url, text)
    if status == 403:
        return _lacks(url, codes, permission)
    otherwise = f"the vault answered {status}{{codes}}; run again, and look at it if that stays"
    kind, text = _BY_STATUS.get(status, (StoreUnavailableError, otherwise))
    return kind(url, text.format(codes=f" ({', '.join(sorted(codes))})" if codes else ""))


def _lacks(url: str, codes: set[str], permission: str) -> StoreError:
    """A missing permission, in the words of the vault's permission model, which the inner code names."""
    word = _WORDS.get(permission, permission)
    role = (
        f"its role needs the data action Microsoft.KeyVault/vaults/secrets/{_DATA_ACTIONS[permission]} (Key Vault "
        f"Secrets Officer has it); a role that was assigned a moment ago takes up to 10 minutes: run again"
    )
    policy = f"the vault's access policy must grant `{word}`"
    if "ForbiddenByRbac" in codes:
        ways = f"The vault uses Azure RBAC: {role}"
    elif codes & {"ForbiddenByPolicy", "AccessDenied"}:
        ways = f"The vault uses access policies: {policy}"
    else:
        ways = f"With Azure RBAC {role}. Else {policy}"
    return StorePermissionError(url, f"this identity lacks the permission `{word}` for secrets. {ways}")


def _codes(error: "HttpResponseError") -> set[str]:
    """``error.code`` and ``error.innererror.code`` of an answer, as far as they are words."""
    body = error.error
    inner = getattr(body, "innererror", None) or {}
    found = (getattr(body, "code", None), inner.get("code") if isinstance(inner, dict) else None)
    return {code for code in found if isinstance(code, str) and re.fullmatch(r"[A-Za-z]{1,60}", code)}


def _without_secrets(text: object) -> str:
    """A string in one line, without its long words, as tokens and keys are."""
    return quotable(" ".join(word if len(word) <= 30 else "…" for word in str(text).split()), 400)
