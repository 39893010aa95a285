"""The calls of AWS that the store makes."""

from collections.abc import Mapping
from typing import Any

from whatsapp_flow_keys.aws.client import CallError, call, shared_client
from whatsapp_flow_keys.client_library import ATTEMPTS, seconds_per_attempt
from whatsapp_flow_keys.errors import StoreUnavailableError
from whatsapp_flow_keys.stores.aws_secrets_manager.address import AwsSecret
from whatsapp_flow_keys.stores.aws_secrets_manager.refusals import as_ours

_ALWAYS_ANSWERED = {
    "GetCallerIdentity": "Account",
    "TagResource": "ResponseMetadata",
    "UntagResource": "ResponseMetadata",
}


def ask(secret: AwsSecret, service: str, action: str, **parameters: Any) -> dict[str, Any]:
    """One call of the service. Its errors become ours; none is chained, since one may quote what was sent."""
    seconds = seconds_per_attempt()
    try:
        # With the client: making it looks for credentials already.
        answer = call(lambda: shared_client(service, secret.region, seconds, ATTEMPTS), action, **parameters)
    except CallError as error:
        raise as_ours(secret.url, f"{service}:{action}", error.code, error.message) from None
    return _answer(secret, service, action, answer)


def _answer(secret: AwsSecret, service: str, action: str, answer: Mapping[str, Any]) -> dict[str, Any]:
    if _ALWAYS_ANSWERED.get(action, "ARN") not in answer:
        raise StoreUnavailableError(
            secret.url, f"what answered {service}:{action} is not AWS; check AWS_ENDPOINT_URL and the proxy"
        )
    return dict(answer)
