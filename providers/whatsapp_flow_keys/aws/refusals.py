"""What AWS and boto3 answer, whatever the service: the codes by what they mean, and the words for a person.

Sources: AWS's "Common errors", and the wordings of "Troubleshoot access denied error messages". A message is searched,
and quoted only where it can't hold what was sent.
"""

import re
from dataclasses import dataclass

_EXPIRED = "ExpiredToken ExpiredTokenException LoginRefreshRequired UnauthorizedSSOTokenError"
_MISSING = (
    "CredentialRetrievalError NoAuthTokenError NoCredentialsError PartialCredentialsError ProfileNotFound "
    "SSOTokenLoadError TokenRetrievalError"
)
_NOT_ACCEPTED = (
    "IncompleteSignature InvalidClientTokenId InvalidSignatureException MissingAuthenticationToken "
    "MissingAuthenticationTokenException OptInRequired SignatureDoesNotMatch UnrecognizedClientException"
)
OF_CREDENTIALS = frozenset(f"{_EXPIRED} {_MISSING} {_NOT_ACCEPTED}".split())
"""Codes after which other credentials may be found where these were."""
DENIED = "AccessDenied AccessDeniedException NotAuthorized"
"""Codes of a "no" to credentials that are known. The message says who may not do what to which resource."""
_POLICY = (
    "(?P<policy>identity-based policy|resource-based policy|service control policy|resource control policy|"
    "VPC endpoint policy|permissions boundary|session policy)"
)


@dataclass(frozen=True)
class Refusal:
    """A row.

    Args:
        said: its sentence; ``{action}``, ``{code}``, what ``pattern`` finds by a name and the words of
            :meth:`sentence` are filled in.
        codes: of the service, or the classes that boto3 raises itself; separated by blanks.
        pattern: a regular expression that must be found in the service's message.
    """

    said: str
    codes: str
    pattern: str = ""

    def sentence(self, action: str, code: str, message: str, **words: str) -> str | None:
        """The sentence, if the row is about this answer."""
        found = re.search(self.pattern, message) if code in self.codes.split() else None
        return found and self.said.format(action=action, code=code, **found.groupdict(), **words)


DENIALS = (
    Refusal(
        "the {policy} denies {action} to these credentials, and no other policy outweighs that; whoever looks after it "
        "must take the denial out",
        DENIED,
        f"with an explicit deny in an? {_POLICY}",
    ),
    Refusal(
        "no {policy} allows {action} to these credentials; whoever looks after that kind of policy must allow it",
        DENIED,
        f"because no {_POLICY} allows",
    ),
    Refusal("these credentials may not do {action}; allow it in their policy, or use others", DENIED),
)
"""What a policy forbids."""

_CLOCK = "by AWS's clock this machine's is wrong ({code} at {action}); set it, then run again"
OF_CLOCK = (
    Refusal(_CLOCK, "InvalidSignatureException SignatureDoesNotMatch", "Signature expired|Signature not yet current"),
    Refusal(_CLOCK, "RequestExpired RequestTimeTooSkewed"),
)
"""A signature bears a time. These go before :data:`CREDENTIALS`, which have one of the codes, too."""

CREDENTIALS = (
    Refusal(
        "AWS doesn't accept these credentials ({code} at {action}); check AWS_PROFILE, or AWS_ACCESS_KEY_ID and its "
        "like, and the machine's clock",
        _NOT_ACCEPTED,
    ),
    Refusal(
        "the AWS credentials have expired ({code} at {action}); log in again (`aws sso login`), or renew "
        "AWS_SESSION_TOKEN",
        _EXPIRED,
    ),
    Refusal(
        "there are no usable AWS credentials for {action} ({code}); set AWS_PROFILE, or AWS_ACCESS_KEY_ID and its like",
        _MISSING,
    ),
)
"""Credentials that are missing, or that AWS doesn't know."""

SLOW_CREDENTIALS = Refusal(
    "no AWS credentials for {action} came in time ({code}); is what hands them out up: STS, a container's agent, the "
    "machine's metadata service?",
    "SlowCredentialsError",
)

BUSY = Refusal(
    "AWS is busy or has a fault ({code} at {action}); run again later",
    "InternalFailure InternalServiceError RequestLimitExceeded ServiceUnavailable Throttling ThrottlingException "
    "TooManyRequestsException",
)
"""What goes away by itself."""

PLAIN_HTTP = Refusal(
    "for {action} or its credentials the endpoint is plain http on another machine, so nothing was sent there; "
    "give an https:// address in AWS_ENDPOINT_URL and its like ({variable}, endpoint_url in AWS's configuration file). "
    "http:// is taken for this machine only",
    "PlainHttpError",
)
"""``{variable}`` is the one of the service."""
TLS = Refusal(
    "TLS failed, or the certificate was not accepted ({code} at {action}). Behind a proxy that signs with "
    "your company's CA, set AWS_CA_BUNDLE to the file of that CA; else check AWS_ENDPOINT_URL and the clock",
    "SSLError",
)
PROXY = Refusal(
    "the proxy did not let the call through ({code} at {action}); check HTTPS_PROXY and NO_PROXY",
    "ProxyConnectionError",
)
_OUT_OF_REACH = (
    "AWS can't be reached or doesn't answer ({code} at {action}); check the network, the region, AWS_ENDPOINT_URL "
    "and {deadline}, and run again"
)
NEVER_SENT = Refusal(_OUT_OF_REACH, "ConnectTimeoutError EndpointConnectionError")
"""No connection was made. ``{deadline}`` is the variable that says how long a call may take."""
NO_URL = Refusal(_OUT_OF_REACH, "ValueError")
"""The endpoint is not a URL."""
HALF = "ResponseStreamingError"
"""boto3's word for a body that ends early."""
UNANSWERED = Refusal(_OUT_OF_REACH, f"ConnectionClosedError HTTPClientError ReadTimeoutError {HALF}")
"""The call may have been sent, and its answer didn't come, or not all of it."""
NO_REGION = Refusal("the AWS region is missing; give region=, or set AWS_REGION", "NoRegionError")
OUT_OF_REACH = (PLAIN_HTTP, TLS, PROXY, NEVER_SENT, NO_URL, UNANSWERED, NO_REGION)
"""What kept an answer from coming, for whom it makes no difference whether the call was sent."""
