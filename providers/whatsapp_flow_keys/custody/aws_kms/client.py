"""The calls of AWS that the service makes."""

from collections.abc import Callable, Mapping
from typing import Any

from whatsapp_flow_keys.aws.client import CallError, call, shared_client
from whatsapp_flow_keys.client_library import ATTEMPTS, seconds_per_attempt, seconds_per_call
from whatsapp_flow_keys.custody.aws_kms.address import KmsAddress
from whatsapp_flow_keys.custody.aws_kms.refusals import as_ours
from whatsapp_flow_keys.errors import StoreUnavailableError

_ALWAYS_ANSWERED = {
    "CreateKey": "KeyMetadata",
    "Decrypt": "Plaintext",
    "DescribeKey": "KeyMetadata",
    "GetCallerIdentity": "Account",
    "GetParametersForImport": "ImportToken",
    "GetPublicKey": "PublicKey",
    "ListAliases": "Aliases",
}


def ask(place: KmsAddress, action: str, *, service: str = "kms", **given: Any) -> dict[str, Any]:
    """One call. Its errors become ours; none is chained, since one may quote what was sent."""
    seconds = seconds_per_attempt()
    return _answer(place, service, action, lambda: shared_client(service, place.region, seconds, ATTEMPTS), given)


def ask_once(place: KmsAddress, action: str, seconds: float, **given: Any) -> dict[str, Any]:
    """The same by one attempt, which waits so many seconds for a connection, and as long for the answer. Credentials,
    which a process looks for once, may take the time of a whole call."""
    longest = seconds_per_call()
    return _answer(place, "kms", action, lambda: shared_client("kms", place.region, seconds, 1, longest), given)


def _answer(
    place: KmsAddress, service: str, action: str, connect: Callable[[], Any], given: Mapping[str, Any]
) -> dict[str, Any]:
    try:
        answer = call(connect, action, **given)  # with the client: making it looks for credentials already
    except CallError as error:
        raise as_ours(place.url, f"{service}:{action}", error.code, error.message) from None
    if _ALWAYS_ANSWERED.get(action, "ResponseMetadata") not in answer:
        raise StoreUnavailableError(
            place.url, f"what answered {service}:{action} is not AWS; check AWS_ENDPOINT_URL and the proxy"
        )
    return answer
