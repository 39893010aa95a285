"""The calls of AWS that the service makes."""

from typing import Any

from whatsapp_flow_keys.aws.client import CallError, call, shared_client
from whatsapp_flow_keys.client_library import ATTEMPTS, seconds_per_attempt
from whatsapp_flow_keys.custody.aws_kms.address import KmsPlace
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


def ask(
    place: KmsPlace, action: str, *, service: str = "kms", attempts: int = ATTEMPTS, **given: Any
) -> dict[str, Any]:
    """One call. Its errors become ours; none is chained, since one may quote what was sent.

    With fewer ``attempts`` than usual the pauses between them, too, lie within the time of a call.
    """
    seconds = seconds_per_attempt()
    try:
        # With the client: making it looks for credentials already.
        answer = call(lambda: shared_client(service, place.region, seconds, attempts), action, **given)
    except CallError as error:
        raise as_ours(place.url, f"{service}:{action}", error.code, error.message) from None
    if _ALWAYS_ANSWERED.get(action, "ResponseMetadata") not in answer:
        raise StoreUnavailableError(
            place.url, f"what answered {service}:{action} is not AWS; check AWS_ENDPOINT_URL and the proxy"
        )
    return answer
