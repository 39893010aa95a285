"""What the refusals and faults of Vault or OpenBao mean: one table, by status and by the server's words.

Sources: Vault's pages "HTTP status codes", "Eventual consistency" and "API lock". What is marked as tried was seen at
an OpenBao 2.7.2. What a server says is quoted only where it can't hold the token.
"""

import json
import re
from typing import TYPE_CHECKING, Any

from whatsapp_flow_keys.errors import StorePermissionError, StoreUnavailableError
from whatsapp_flow_keys.quotation import quotable
from whatsapp_flow_keys.vault_server.address import Mounted
from whatsapp_flow_keys.vault_server.engine import Engine, Meaning
from whatsapp_flow_keys.vault_server.login import WAYS, GivenToken, Login

if TYPE_CHECKING:
    from requests import PreparedRequest, Response

_LONGEST_QUOTE = 120


_OF_EVERY_ENGINE = (
    Meaning("the server is sealed; unseal it, then run again", "sealed"),  # tried
    Meaning(
        "an administrator has locked the namespace; have it unlocked (`bao namespace unlock`), then run again",
        "locked by an administrator",  # tried
    ),
    Meaning(
        "there is no namespace {namespace} on the server; check namespace= and VAULT_NAMESPACE", "namespace not found"
    ),  # tried
    Meaning("nothing is mounted at {mount}/; check mount=. {question}", "no handler for route"),  # tried
    Meaning("{another}", "unsupported (path|operation)"),  # tried, with the mounts of other engines
    Meaning(
        "the server is a disaster-recovery secondary, which serves no secrets; give the primary's address",
        "disabled in replication DR secondary mode",
    ),
    Meaning(
        "the server that answered has not received its cluster's newest data yet; run again",
        statuses=(412,),
    ),
    Meaning(
        "the server takes no more requests at the moment{quoted}; run again later, or have the quota raised",
        statuses=(429,),  # tried
    ),
    Meaning(
        "the server is not in service: a standby, not initialized, or behind a proxy that has no server{quoted}; run "
        "again later",
        statuses=(503,),
    ),
    Meaning("the server answered HTTP {status}{quoted}; run again later", statuses=(500, *range(502, 600))),
)
"""The first row that is about an answer counts, those of the engine before these."""


def refusal(path: Mounted, answer: "Response", engine: Engine, said: str | None = None) -> StoreUnavailableError:
    """What an answer means that is neither what was asked for nor a lack of rights. ``said``: the server's words, where
    they stand elsewhere than usual."""
    said, status = said or " ".join(errors_in(answer) or ()), answer.status_code
    for row in (*engine.meanings, *_OF_EVERY_ENGINE):
        if status in row.statuses and re.search(row.pattern, said):
            return _error(path, row.said, answer, engine)
    if answer.headers.get("Content-Type", "").startswith("application/json") and status in (200, 204, 404):
        return _error(path, "{another}", answer, engine)
    if said:
        return _error(path, "the server refused the call with HTTP {status}{quoted}", answer, engine)
    return _error(path, "what answers is not Vault or OpenBao: HTTP {status}. Check the address", answer, engine)


def _error(path: Mounted, said: str, answer: "Response", engine: Engine) -> StoreUnavailableError:
    filled = {
        "mount": path.mount,
        "namespace": path.namespace,
        "status": answer.status_code,
        "quoted": quoted(answer),
        "question": engine.nothing_mounted,
        "another": engine.another.format(mount=path.mount),
    }
    return StoreUnavailableError(path.url, said.format(**filled))


def forbidden(
    path: Mounted, answer: "Response", wanted: str, rights: str, way: GivenToken | Login
) -> StorePermissionError:
    """The error for a call that the token may not make: ``wanted`` is a capability on a path.

    A policy's no reads "1 error occurred: * permission denied"; see :func:`is_unknown` for a token's.
    """
    where = f" in the namespace {path.namespace}" if path.namespace else ""
    token = f"the token {way.origin} is not known{where}, or has expired. {way.advice}"
    if isinstance(way, GivenToken) and not way.token:
        token = f"there is no token, and the server asks for one; {WAYS}"
    policy = f"the token's policies do not allow it{where}: it needs {wanted}. {rights}"
    if is_unknown(answer):
        return StorePermissionError(path.url, f"{token}. Its policies must then allow {wanted}")
    is_policy = any("permission denied" in error for error in errors_in(answer) or ())
    return StorePermissionError(path.url, policy if is_policy else f"{policy}. Or {token}")


def is_unknown(answer: "Response") -> bool:
    """Whether the server doesn't know the token, so that nobody can look at its policies.

    OpenBao then says "permission denied" alone (tried: 2.7.2), also where there is no token; Vault adds "* invalid
    token", and for none says "missing client token" with a 400 (read).
    """
    said = " ".join(errors_in(answer) or ())
    if answer.status_code == 400:
        return "missing client token" in said
    return answer.status_code == 403 and (
        said == "permission denied" or any(words in said for words in ("invalid token", "missing client token"))
    )


def unreachable(url: str, error: OSError) -> tuple[StoreUnavailableError, bool]:
    """The error for a call without an answer, and whether the fault may pass."""
    from requests import exceptions as http

    if isinstance(error, http.SSLError):
        refused = any(words in str(error) for words in ("CERTIFICATE_VERIFY_FAILED", "doesn't match"))
        why = "its certificate was not accepted" if refused else "TLS failed"
        return StoreUnavailableError(
            url,
            f"{why}; set VAULT_CACERT to the file of the CA that signed it, check the host name "
            f"(VAULT_TLS_SERVER_NAME), the clock, and that the server speaks https. VAULT_SKIP_VERIFY is not obeyed",
        ), False
    if isinstance(error, http.ProxyError):
        return StoreUnavailableError(
            url, "the proxy did not let the call through; check HTTPS_PROXY, NO_PROXY and VAULT_PROXY_ADDR"
        ), True
    if isinstance(error, http.Timeout):
        return StoreUnavailableError(
            url,
            "the server did not answer in time; check the address, and that the server is up "
            "(WHATSAPP_STORE_DEADLINE is the time limit in seconds)",
        ), True
    if isinstance(error, http.ConnectionError | http.ChunkedEncodingError):
        return StoreUnavailableError(
            url, "the server can't be reached; check the address (VAULT_ADDR, or VAULT_AGENT_ADDR) and that it is up"
        ), True
    return StoreUnavailableError(
        url,
        "the call can't be made; check that VAULT_CACERT (else REQUESTS_CA_BUNDLE) and VAULT_CLIENT_CERT, if they are "
        "set, name files that can be read, and HTTPS_PROXY or VAULT_PROXY_ADDR a proxy's URL",
    ), False


def body_of(answer: "Response", *names: str) -> dict[str, Any]:
    """The JSON object in the answer, or the one at ``names`` in it; empty where there is none."""
    try:
        found = answer.json()
    except (ValueError, RecursionError):
        return {}
    for name in names:
        found = found.get(name) if isinstance(found, dict) else None
    return found if isinstance(found, dict) else {}


def errors_in(answer: "Response") -> list[str] | None:
    """The server's own words, without line breaks; None where the answer has none."""
    errors = body_of(answer).get("errors")
    return [" ".join(str(error).split()) for error in errors] if isinstance(errors, list) else None


def quoted(answer: "Response") -> str:
    """What the server said, in brackets, without what was sent to it; "" for nothing."""
    said = quotable("; ".join(errors_in(answer) or ()), _LONGEST_QUOTE, _sent(answer.request))
    return f" ({said})" if said else ""


def _sent(request: "PreparedRequest") -> list[str]:
    """The token, and what a login sends."""
    try:
        fields = json.loads(request.body or "{}")
    except ValueError:
        fields = {}
    sent = [request.headers.get("X-Vault-Token"), *(fields.values() if isinstance(fields, dict) else ())]
    return [text for text in sent if isinstance(text, str) and text]
