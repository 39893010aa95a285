"""What AWS KMS answers as errors of ours: one table, from code and words to a sentence that says what to do.

Sources: the service model of AWS KMS, and "Key states of AWS KMS keys" of its developer guide. What any service may
answer is in `whatsapp_flow_keys.aws.refusals`.
"""

from dataclasses import dataclass

from whatsapp_flow_keys.aws.refusals import (
    BUSY,
    CREDENTIALS,
    DENIALS,
    DENIED,
    OF_CLOCK,
    OUT_OF_REACH,
    SLOW_CREDENTIALS,
    Refusal,
)
from whatsapp_flow_keys.client_library import DEADLINE
from whatsapp_flow_keys.errors import OutOfUseError, StoreError, StorePermissionError, StoreUnavailableError
from whatsapp_flow_keys.quotation import quotable


class AliasTakenError(Exception):
    """There is such an alias already. Nobody but the service sees this one."""


@dataclass(frozen=True)
class Meaning:
    """A row: the kind of error that a refusal is."""

    kind: type[StoreError]
    refusal: Refusal


_ANOTHER_KEY = ("IncorrectKeyException", "InvalidCiphertextException")
_STATE = "KMSInvalidStateException"
_RIGHTS = (
    ". A stack needs kms:CreateKey, kms:TagResource, kms:CreateAlias, kms:ListAliases, kms:DescribeKey, "
    "kms:GetPublicKey, kms:DisableKey and kms:ScheduleKeyDeletion; to import a key, also kms:GetParametersForImport "
    "and kms:ImportKeyMaterial. An endpoint needs kms:Decrypt, and nothing else"
)

_MEANINGS = (
    Meaning(
        OutOfUseError,
        Refusal(
            "the KMS key is scheduled for deletion ({code} at {action}). While a form may need it, cancel that and "
            "enable it: `aws kms cancel-key-deletion`, then `aws kms enable-key`",
            f"DisabledException {_STATE}",
            "(?i)pending ?deletion",
        ),
    ),
    Meaning(
        OutOfUseError,
        Refusal(
            "the KMS key is disabled ({code} at {action}). While a form may need it, enable it: `aws kms enable-key`",
            "DisabledException",
        ),
    ),
    Meaning(
        OutOfUseError,
        Refusal(
            "the KMS key has no key material ({code} at {action}): it was deleted, has expired, or was never imported. "
            "Import the same again",
            _STATE,
            "(?i)pending ?import",
        ),
    ),
    Meaning(OutOfUseError, Refusal("the KMS key is in a state that allows no {action} ({code})", _STATE)),
    Meaning(
        OutOfUseError,
        Refusal("there is no such KMS key in this region and account ({code} at {action})", "NotFoundException"),
    ),
    *(Meaning(StorePermissionError, refusal) for refusal in DENIALS),
    *(Meaning(StorePermissionError, refusal) for refusal in (*OF_CLOCK, *CREDENTIALS, SLOW_CREDENTIALS)),
    Meaning(
        StoreUnavailableError,
        Refusal(
            "AWS KMS throttles: more calls than the account's quota in this region allows ({code} at {action}). Run "
            "again later; for an endpoint ask AWS for a higher quota of cryptographic operations with RSA keys",
            "ThrottlingException",
        ),
    ),
    Meaning(
        StoreUnavailableError,
        Refusal(
            "AWS KMS has a fault, or can't use the key at the moment ({code} at {action}); run again later",
            "DependencyTimeoutException KMSInternalException KeyUnavailableException",
        ),
    ),
    Meaning(StoreUnavailableError, BUSY),
    Meaning(
        StoreUnavailableError,
        Refusal(
            "a quota of AWS KMS is used up ({code} at {action}): KMS keys of the account in this region, say; ask AWS "
            "for more",
            "LimitExceededException",
        ),
    ),
    Meaning(
        StoreUnavailableError,
        Refusal(
            "what AWS had given to import the key with is not valid any more ({code} at {action}); run again",
            "ExpiredImportTokenException IncorrectKeyMaterialException InvalidCiphertextException "
            "InvalidImportTokenException",
        ),
    ),
    *(Meaning(StoreUnavailableError, refusal) for refusal in OUT_OF_REACH),
    Meaning(
        StoreUnavailableError,
        Refusal(
            "AWS KMS does not take {action} for this key ({code}): is it one of RSA_2048 to encrypt and decrypt, in "
            "this region?",
            "InvalidArnException InvalidKeyUsageException ParamValidationError UnsupportedOperationException "
            "ValidationException",
        ),
    ),
)
"""The first row that is about an answer counts."""


def as_ours(url: str, action: str, code: str, message: str) -> Exception:
    """The error for the person, but for two that mean no trouble: a ValueError says that what was to be decrypted was
    encrypted with another key. ``code``: AWS's, or the class of boto3's own error, which has no ``message`` here."""
    if action == "kms:Decrypt" and code in _ANOTHER_KEY:
        return ValueError("encrypted with another key")
    if code == "AlreadyExistsException":
        return AliasTakenError(url)
    words = {"variable": "AWS_ENDPOINT_URL_KMS", "deadline": DEADLINE}
    rows = ((row.kind, row.refusal.sentence(action, code, message, **words)) for row in _MEANINGS)
    unknown = f"AWS gave an answer to {action} that isn't known here ({quotable(code, 60)}); run again"
    kind, said = next(((kind, said) for kind, said in rows if said), (StoreUnavailableError, unknown))
    if code in DENIED.split():  # who may not do what to which key
        said += f"{_RIGHTS}. AWS says: {quotable(message, 300)}"
    return kind(url, said)
