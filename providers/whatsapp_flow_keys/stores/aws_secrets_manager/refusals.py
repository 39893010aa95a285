"""What AWS raises as errors of ours: one table, from code and words to a sentence that says what to do.

Sources: the service model of Secrets Manager, AWS's "Common errors", and the wordings of "Troubleshoot access denied
error messages". A message is searched, and quoted only where it can't hold what was sent.
"""

import re
from dataclasses import dataclass

from whatsapp_flow_keys.errors import StorePermissionError, StoreUnavailableError
from whatsapp_flow_keys.quotation import quotable


class RefusedError(StoreUnavailableError):
    """The service said no, by a ``code`` whose meaning depends on what is there."""

    def __init__(self, url: str, said: str, code: str) -> None:
        super().__init__(url, said)
        self.code = code


@dataclass(frozen=True)
class Meaning:
    """A row.

    Args:
        kind: the error.
        said: its sentence; ``{action}``, ``{code}`` and what ``pattern`` finds by a name are filled in.
        codes: of the service, or the classes that boto3 raises itself; separated by blanks.
        pattern: a regular expression that must be found in the service's message.
    """

    kind: type[StoreUnavailableError]
    said: str
    codes: str
    pattern: str = ""

    def sentence(self, action: str, code: str, message: str) -> str | None:
        """The sentence, if the row is about this answer."""
        found = re.search(self.pattern, message) if code in self.codes.split() else None
        return found and self.said.format(action=action, code=code, **found.groupdict())


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
_DENIED = "AccessDenied AccessDeniedException NotAuthorized"
_REFUSED = "InvalidParameterException InvalidRequestException ResourceExistsException ResourceNotFoundException"
_POLICY = (
    "(?P<policy>identity-based policy|resource-based policy|service control policy|resource control policy|"
    "VPC endpoint policy|permissions boundary|session policy)"
)

_KMS = (
    "the secret's KMS key can't be used ({code} at {action}): it must be enabled, and its policy and the caller's must "
    "allow kms:Decrypt, and for writing kms:GenerateDataKey and kms:Encrypt"
)

_MEANINGS = (
    Meaning(StorePermissionError, _KMS, _DENIED, r"\bKMS\b|\bkms:"),
    Meaning(StorePermissionError, _KMS, "DecryptionFailure EncryptionFailure"),
    Meaning(
        StorePermissionError,
        "the {policy} denies {action} to these credentials, and no other policy outweighs that; whoever looks after it "
        "must take the denial out",
        _DENIED,
        f"with an explicit deny in an? {_POLICY}",
    ),
    Meaning(
        StorePermissionError,
        "no {policy} allows {action} to these credentials; whoever looks after that kind of policy must allow it",
        _DENIED,
        f"because no {_POLICY} allows",
    ),
    Meaning(
        StorePermissionError, "these credentials may not do {action}; allow it in their policy, or use others", _DENIED
    ),
    Meaning(
        RefusedError,
        "is a replica of a secret in another region, and AWS takes no {action} there ({code}); nothing was changed. "
        "Give the region of the secret itself",
        _REFUSED,
        "replica secret",
    ),
    Meaning(
        RefusedError,
        "is scheduled for deletion, so AWS refused {action} ({code}); nothing was changed. Run again, which restores a "
        "secret of this stack's own; one that was given by secret_id= its team must restore",
        _REFUSED,
        "(marked|scheduled) for deletion",
    ),
    Meaning(
        RefusedError,
        "AWS refused {action} ({code}); check the name, kms_key_id and the tags, and that no other service manages it",
        _REFUSED,
    ),
    Meaning(
        StorePermissionError,
        "by AWS's clock this machine's is wrong ({code} at {action}); set it, then run again",
        "InvalidSignatureException SignatureDoesNotMatch",
        "Signature expired|Signature not yet current",
    ),
    Meaning(
        StorePermissionError,
        "by AWS's clock this machine's is wrong ({code} at {action}); set it, then run again",
        "RequestExpired RequestTimeTooSkewed",
    ),
    Meaning(
        StorePermissionError,
        "AWS doesn't accept these credentials ({code} at {action}); check AWS_PROFILE, or AWS_ACCESS_KEY_ID and its "
        "like, and the machine's clock",
        _NOT_ACCEPTED,
    ),
    Meaning(
        StorePermissionError,
        "the AWS credentials have expired ({code} at {action}); log in again (`aws sso login`), or renew "
        "AWS_SESSION_TOKEN",
        _EXPIRED,
    ),
    Meaning(
        StorePermissionError,
        "there are no usable AWS credentials for {action} ({code}); set AWS_PROFILE, or AWS_ACCESS_KEY_ID and its like",
        _MISSING,
    ),
    Meaning(
        StoreUnavailableError,
        "AWS is busy or has a fault ({code} at {action}); run again later",
        "InternalFailure InternalServiceError RequestLimitExceeded ServiceUnavailable Throttling ThrottlingException "
        "TooManyRequestsException",
    ),
    Meaning(
        StoreUnavailableError,
        "a quota of Secrets Manager is used up ({code} at {action}): versions of this secret younger than a day, or "
        "secrets of the account; run again tomorrow, or ask AWS for more",
        "LimitExceededException",
    ),
    Meaning(
        StoreUnavailableError,
        "for {action} or its credentials the endpoint is plain http on another machine, so nothing was sent there; "
        "give an https:// address in AWS_ENDPOINT_URL and its like (AWS_ENDPOINT_URL_SECRETS_MANAGER, endpoint_url in "
        "AWS's configuration file). http:// is taken for this machine only",
        "PlainHttpError",
    ),
    Meaning(
        StoreUnavailableError,
        "TLS failed, or the certificate was not accepted ({code} at {action}). Behind a proxy that signs with "
        "your company's CA, set AWS_CA_BUNDLE to the file of that CA; else check AWS_ENDPOINT_URL and the clock",
        "SSLError",
    ),
    Meaning(
        StoreUnavailableError,
        "the proxy did not let the call through ({code} at {action}); check HTTPS_PROXY and NO_PROXY",
        "ProxyConnectionError",
    ),
    Meaning(
        StoreUnavailableError,
        "AWS can't be reached or doesn't answer ({code} at {action}); check the network, the region, AWS_ENDPOINT_URL "
        "and WHATSAPP_STORE_DEADLINE, and run again",
        "ConnectTimeoutError ConnectionClosedError EndpointConnectionError HTTPClientError "
        "ReadTimeoutError ResponseStreamingError ValueError",  # ValueError: an endpoint that is no URL
    ),
    Meaning(StoreUnavailableError, "the AWS region is missing; give region=, or set AWS_REGION", "NoRegionError"),
    Meaning(
        StoreUnavailableError,
        "AWS calls a parameter of {action} wrong ({code}); check the name, kms_key_id and the tags",
        "ParamValidationError ValidationException",
    ),
)
"""The first row that is about an answer counts."""


def as_ours(url: str, action: str, code: str, message: str) -> StoreUnavailableError:
    """The error for the person. ``code``: AWS's, or the class of boto3's own error, which has no ``message`` here."""
    rows = ((row.kind, row.sentence(action, code, message)) for row in _MEANINGS)
    unknown = f"AWS gave an answer to {action} that isn't known here ({quotable(code, 60)}); run again"
    kind, said = next(((kind, said) for kind, said in rows if said), (StoreUnavailableError, unknown))
    if code in _DENIED.split():  # who may not do what to which secret
        said += f". AWS says: {quotable(message, 300)}"
    return RefusedError(url, said, code) if issubclass(kind, RefusedError) else kind(url, said)
