"""What each failed call of AWS End User Messaging Social means: one table, from code and words to the kind of error.

Sources: the service model of AWS End User Messaging Social, and its user's guide on Flows with an endpoint. What any
service may answer is in `whatsapp_flow_keys.aws.refusals`.
"""

from dataclasses import dataclass

from whatsapp_flow_keys.aws.client import CallError
from whatsapp_flow_keys.aws.refusals import (
    CREDENTIALS,
    DENIALS,
    DENIED,
    NEVER_SENT,
    NO_REGION,
    NO_URL,
    OF_CLOCK,
    PLAIN_HTTP,
    PROXY,
    TLS,
    UNANSWERED,
    Refusal,
)
from whatsapp_flow_keys.quotation import quotable
from whatsapp_flow_keys.registrars.aws_social.errors import (
    AwsAnswer,
    AwsAnswerLostError,
    AwsClockError,
    AwsCredentialsError,
    AwsDeniedByMetaError,
    AwsFaultError,
    AwsMisconfiguredError,
    AwsNumberNotFoundError,
    AwsParameterError,
    AwsPermissionError,
    AwsSocialError,
    AwsThrottledError,
    AwsUnexpectedAnswerError,
    AwsUnreachableError,
)
from whatsapp_flow_keys.registrars.retries import DEADLINE


@dataclass(frozen=True)
class Meaning:
    """A row: the kind of error that a refusal is."""

    kind: type[AwsSocialError]
    refusal: Refusal


MEANINGS = (
    *(Meaning(AwsPermissionError, refusal) for refusal in DENIALS),
    *(Meaning(AwsClockError, refusal) for refusal in OF_CLOCK),
    *(Meaning(AwsCredentialsError, refusal) for refusal in CREDENTIALS),
    Meaning(
        AwsNumberNotFoundError,
        Refusal(
            "AWS knows no such phone number in this region and account, which doesn't mean that it was deleted: "
            "compare the registrar's ID, region and account with the console of AWS End User Messaging Social, and the "
            "credentials' account (AWS_PROFILE) with that of the number",
            "ResourceNotFoundException",
        ),
    ),
    Meaning(
        AwsDeniedByMetaError,
        Refusal(
            "Meta doesn't let AWS act for this number: see in the console of AWS End User Messaging Social whether its "
            "WhatsApp Business account is still linked and in order, then run again",
            "AccessDeniedByMetaException",
        ),
    ),
    Meaning(
        AwsParameterError,
        Refusal(
            "AWS does not take the phone number's ID or the public key, which is RSA-2048 as it asks for: compare the "
            "ID with the console of AWS End User Messaging Social",
            "InvalidParametersException ParamValidationError ValidationException",
        ),
    ),
    Meaning(
        AwsThrottledError,
        Refusal(
            "too many calls were made lately. Nothing is lost: run `pulumi up` again later",
            "ThrottledRequestException RequestLimitExceeded Throttling ThrottlingException TooManyRequestsException",
        ),
    ),
    Meaning(
        AwsFaultError,
        Refusal(
            "Meta, which AWS asks in turn, did not do its part. Nothing is lost: run `pulumi up` again later",
            "DependencyException",
        ),
    ),
    Meaning(
        AwsFaultError,
        Refusal(
            "AWS has a fault at its side. Nothing is lost: run `pulumi up` again later",
            "InternalFailure InternalServiceError InternalServiceException ServiceUnavailable",
        ),
    ),
    Meaning(AwsMisconfiguredError, PLAIN_HTTP),
    Meaning(AwsMisconfiguredError, PROXY),
    Meaning(AwsMisconfiguredError, NO_REGION),
    Meaning(AwsMisconfiguredError, NO_URL),
    Meaning(AwsUnreachableError, NEVER_SENT),
    Meaning(AwsAnswerLostError, UNANSWERED),
    Meaning(AwsAnswerLostError, TLS),
)
"""The first row that is about a failure counts."""


def error_for(doing: str, action: str, failed: CallError, *, changing: bool = False) -> AwsSocialError:
    """The typed error for a failed call. ``doing`` is what was tried, as in "read the key of phone number 1", and
    ``action`` what IAM calls it; ``changing``: it was tried to change something."""
    rows = ((row.kind, row.refusal.sentence(action, failed.code, failed.message, **WORDS)) for row in MEANINGS)
    kind, said = next(((kind, said) for kind, said in rows if said), (_unknown(failed), _UNKNOWN.format(action=action)))
    if kind is AwsAnswerLostError and (not changing or failed.certificate):
        kind = AwsMisconfiguredError if failed.certificate else AwsUnreachableError
    return kind(doing, said, _answer(failed), changing=changing)


WORDS = {"variable": "AWS_ENDPOINT_URL_SOCIALMESSAGING", "deadline": DEADLINE}
"""What the sentences call the service's own variables."""
_QUOTED = frozenset(
    f"{DENIED} AccessDeniedByMetaException DependencyException InternalServiceException InvalidParametersException "
    f"ResourceNotFoundException ThrottledRequestException ValidationException".split()
)
"""The service's own errors: what they are about holds no secret. One about a signature may quote a session token."""
_UNKNOWN = "what answered {action} is not known here: check AWS_ENDPOINT_URL and any proxy in between, then run again"


def _unknown(failed: CallError) -> type[AwsSocialError]:
    """By the HTTP status."""
    if failed.status == 429:
        return AwsThrottledError
    if failed.status >= 500:
        return AwsFaultError
    return AwsSocialError if failed.request_id else AwsUnexpectedAnswerError


def _answer(failed: CallError) -> AwsAnswer | None:
    """None where nothing was answered."""
    if not failed.status:
        return None
    message = quotable(failed.message.rstrip("."), 300) if failed.code in _QUOTED else ""
    return AwsAnswer(failed.status, quotable(failed.code, 60), message, quotable(failed.request_id, 100))
