"""What the refusals and faults of an API server mean: one table, by status, reason and the server's words.

Tried, with a kube-apiserver 1.36. What the server says is quoted without what could be a key: an admission policy may
quote what was sent.
"""

import json
import re
from collections.abc import Container
from dataclasses import dataclass
from typing import Any

from whatsapp_flow_keys.errors import RingTooLargeError, StoreError, StorePermissionError, StoreUnavailableError
from whatsapp_flow_keys.quotation import quotable
from whatsapp_flow_keys.stores.kubernetes.address import KubernetesSecret

_LONGEST_QUOTE = 300
_COULD_BE_A_KEY = re.compile(r"[A-Za-z0-9+/=]{40,}")


class SecretRefusedError(StoreUnavailableError):
    """The API server said no, by a ``reason`` whose meaning depends on what is there."""

    def __init__(self, url: str, said: str, reason: str) -> None:
        super().__init__(url, said)
        self.reason = reason


@dataclass(frozen=True)
class Meaning:
    """A row.

    Args:
        kind: the error.
        said: its sentence; ``{verb}``, ``{namespace}``, ``{name}``, ``{status}`` and ``{quoted}`` are filled in.
        statuses: of the answer.
        pattern: a regular expression that must be found in the server's words.
    """

    kind: type[StoreError]
    said: str
    statuses: Container[int]
    pattern: str = ""


_MEANINGS = (
    Meaning(
        StorePermissionError,
        "the API server doesn't know these credentials, or they have expired; log in again, or check the user of the "
        "kubeconfig's context. In a Pod, check its service account",
        (401,),
    ),
    Meaning(
        StoreUnavailableError,
        "the namespace {namespace} is being deleted, so nothing can be made in it; nothing was written. Wait until it "
        "is gone and make it again, or give another namespace",
        (403,),
        "because it is being terminated",
    ),
    Meaning(
        StorePermissionError,
        "RBAC does not allow these credentials to {verb} it{quoted}. In the namespace {namespace} a stack needs create "
        "on secrets, and get, patch and delete on the Secret {name}; an endpoint needs get",
        (403,),
        r"cannot \w+ resource",
    ),
    Meaning(
        StoreUnavailableError,
        "the cluster does not admit it{quoted}; nothing was written. Whoever looks after its admission policies and "
        "quotas must allow it",
        (403,),
    ),
    Meaning(
        StoreUnavailableError,
        "there is no namespace {namespace} in the cluster; make it, or give another one. Nothing was written",
        (404,),
        "^namespaces ",
    ),
    Meaning(SecretRefusedError, "there is no Secret {name} in the namespace {namespace}", (404,), "^secrets "),
    Meaning(SecretRefusedError, "the Secret was changed meanwhile{quoted}; run again", (409,)),
    Meaning(
        RingTooLargeError,
        "the key ring is larger than Kubernetes takes, with what else the Secret holds{quoted}; nothing was written",
        (413, 422),
        "Too long|[Tt]oo large",
    ),
    Meaning(
        StoreUnavailableError,
        "the API server does not take it{quoted}; nothing was written. Whoever looks after the cluster's admission "
        "policies can say why",
        (400, 422),
    ),
    Meaning(
        StoreUnavailableError,
        "the API server takes no more requests at the moment{quoted}; run again later",
        (429,),
    ),
    Meaning(
        StoreUnavailableError,
        "the API server has a fault, or does not reach its database (HTTP {status}{quoted}); run again later",
        range(500, 600),
    ),
    Meaning(
        StoreUnavailableError,
        "the API server redirects to another address, which is not followed, since private keys would go along; give "
        "the address of the server itself",
        range(300, 400),
    ),
)
"""The first row that is about an answer counts."""


def refusal(secret: KubernetesSecret, verb: str, error: Any) -> StoreError:
    """What an ApiException of the client library means."""
    if error.status == 0:  # an SSLError of urllib3
        return unreachable(secret.url, error)[0]
    status, body = error.status, _status_in(error.body)
    said, reason = str(body.get("message", "")), str(body.get("reason", ""))
    if not body and status not in range(300, 400) and status < 500:
        return StoreUnavailableError(
            secret.url,
            f"what answers is not a Kubernetes API server: HTTP {status}. Check the kubeconfig's server and the proxy",
        )
    quoted = f" ({quotable(_COULD_BE_A_KEY.sub('…', said), _LONGEST_QUOTE)})" if said else ""
    filled = {"verb": verb, "namespace": secret.namespace, "name": secret.name, "status": status, "quoted": quoted}
    for row in _MEANINGS:
        if status in row.statuses and re.search(row.pattern, said):
            sentence = row.said.format(**filled)
            return (
                SecretRefusedError(secret.url, sentence, reason)
                if row.kind is SecretRefusedError
                else row.kind(secret.url, sentence)
            )
    return StoreUnavailableError(secret.url, f"the API server answered HTTP {status}{quoted} to {verb}; run again")


def unreachable(url: str, error: Exception) -> tuple[StoreUnavailableError, bool]:
    """The error for a call without an answer, and whether the fault may pass."""
    said, passes = _cause(error)
    return StoreUnavailableError(url, said), passes


def _cause(error: Exception) -> tuple[str, bool]:
    from urllib3 import exceptions as http

    cause = error.reason if isinstance(error, http.MaxRetryError) else error
    if isinstance(cause, http.SSLError) or getattr(cause, "status", None) == 0:
        return (
            "its certificate was not accepted, or TLS failed; check the kubeconfig's certificate-authority, its server "
            "and the clock"
        ), False
    if isinstance(cause, http.ProxyError):
        return "the proxy did not let the call through; check HTTPS_PROXY and NO_PROXY", True
    if isinstance(cause, http.TimeoutError) and not isinstance(cause, http.NewConnectionError):
        return (
            "the API server did not answer in time; check the kubeconfig's server, and that it is up "
            "(WHATSAPP_STORE_DEADLINE is the time limit in seconds)"
        ), True
    if isinstance(cause, http.HTTPError):
        return "the API server can't be reached; check the kubeconfig's server and that it is up", True
    return "the call can't be made; check that the kubeconfig's files of certificates and tokens can be read", False


def _status_in(body: object) -> dict[str, Any]:
    """The API server's Status object; empty for anything else."""
    try:
        found = json.loads(body) if isinstance(body, str | bytes) else None
    except (ValueError, RecursionError):
        return {}
    return found if isinstance(found, dict) and found.get("kind") == "Status" else {}
