"""What AWS raises as errors of ours: one table, from code and words to a sentence that says what to do.

Source: the service model of Secrets Manager. What any service may answer is in `whatsapp_flow_keys.aws.refusals`.
"""

from dataclasses import dataclass

from whatsapp_flow_keys.aws.refusals import BUSY, CREDENTIALS, DENIALS, DENIED, OF_CLOCK, OUT_OF_REACH, Refusal
from whatsapp_flow_keys.client_library import DEADLINE
from whatsapp_flow_keys.errors import StorePermissionError, StoreUnavailableError
from whatsapp_flow_keys.quotation import quotable


class RefusedError(StoreUnavailableError):
    """The service said no, by a ``code`` whose meaning depends on what is there."""

    def __init__(self, url: str, said: str, code: str) -> None:
        super().__init__(url, said)
        self.code = code


@dataclass(frozen=True)
class Meaning:
    """A row: the kind of error that a refusal is."""

    kind: type[StoreUnavailableError]
    refusal: Refusal


_REFUSED = "InvalidParameterException InvalidRequestException ResourceExistsException ResourceNotFoundException"
_KMS = (
    "the secret's KMS key can't be used ({code} at {action}): it must be enabled, and its policy and the caller's must "
    "allow kms:Decrypt, and for writing kms:GenerateDataKey and kms:Encrypt"
)

_MEANINGS = (
    Meaning(StorePermissionError, Refusal(_KMS, DENIED, r"\bKMS\b|\bkms:")),
    Meaning(StorePermissionError, Refusal(_KMS, "DecryptionFailure EncryptionFailure")),
    *(Meaning(StorePermissionError, refusal) for refusal in DENIALS),
    Meaning(
        RefusedError,
        Refusal(
            "is a replica of a secret in another region, and AWS takes no {action} there ({code}); nothing was "
            "changed. Give the region of the secret itself",
            _REFUSED,
            "replica secret",
        ),
    ),
    Meaning(
        RefusedError,
        Refusal(
            "is scheduled for deletion, so AWS refused {action} ({code}); nothing was changed. Run again, which "
            "restores a secret of this stack's own; one that was given by secret_id= its team must restore",
            _REFUSED,
            "(marked|scheduled) for deletion",
        ),
    ),
    Meaning(
        RefusedError,
        Refusal(
            "AWS refused {action} ({code}); check the name, kms_key_id and the tags, and that no other service manages "
            "it",
            _REFUSED,
        ),
    ),
    *(Meaning(StorePermissionError, refusal) for refusal in (*OF_CLOCK, *CREDENTIALS)),
    Meaning(StoreUnavailableError, BUSY),
    Meaning(
        StoreUnavailableError,
        Refusal(
            "a quota of Secrets Manager is used up ({code} at {action}): versions of this secret younger than a day, "
            "or secrets of the account; run again tomorrow, or ask AWS for more",
            "LimitExceededException",
        ),
    ),
    *(Meaning(StoreUnavailableError, refusal) for refusal in OUT_OF_REACH),
    Meaning(
        StoreUnavailableError,
        Refusal(
            "AWS calls a parameter of {action} wrong ({code}); check the name, kms_key_id and the tags",
            "ParamValidationError ValidationException",
        ),
    ),
)
"""The first row that is about an answer counts."""


def as_ours(url: str, action: str, code: str, message: str) -> StoreUnavailableError:
    """The error for the person. ``code``: AWS's, or the class of boto3's own error, which has no ``message`` here."""
    words = {"variable": "AWS_ENDPOINT_URL_SECRETS_MANAGER", "deadline": DEADLINE}
    rows = ((row.kind, row.refusal.sentence(action, code, message, **words)) for row in _MEANINGS)
    unknown = f"AWS gave an answer to {action} that isn't known here ({quotable(code, 60)}); run again"
    kind, said = next(((kind, said) for kind, said in rows if said), (StoreUnavailableError, unknown))
    if code in DENIED.split():  # who may not do what to which secret
        said += f". AWS says: {quotable(message, 300)}"
    return RefusedError(url, said, code) if issubclass(kind, RefusedError) else kind(url, said)
