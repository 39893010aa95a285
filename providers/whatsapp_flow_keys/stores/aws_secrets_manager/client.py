"""The calls of AWS: shared clients, time limits, errors as sentences. What is sent and answered stays out of logs."""

import logging
import os
import re
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from contextvars import ContextVar
from functools import lru_cache
from threading import Lock
from typing import Any

from whatsapp_flow_keys.errors import StorePermissionError, StoreUnavailableError
from whatsapp_flow_keys.stores.aws_secrets_manager.address import AwsSecret
from whatsapp_flow_keys.stores.client_library import ATTEMPTS, seconds_per_attempt


class RefusedError(StoreUnavailableError):
    """The service said no, by a ``code`` whose meaning depends on what is there."""

    def __init__(self, url: str, said: str, code: str) -> None:
        super().__init__(url, said)
        self.code = code


_KMS = (
    "the secret's KMS key can't be used ({code} at {action}): it must be enabled, and its policy and the caller's must "
    "allow kms:Decrypt, and for writing kms:GenerateDataKey and kms:Encrypt"
)

_EXPIRED = "ExpiredToken ExpiredTokenException LoginRefreshRequired UnauthorizedSSOTokenError"
_MISSING = (
    "CredentialRetrievalError NoAuthTokenError NoCredentialsError PartialCredentialsError ProfileNotFound "
    "SSOTokenLoadError TokenRetrievalError"
)
_NOT_ACCEPTED = (
    "IncompleteSignature InvalidClientTokenId InvalidSignatureException MissingAuthenticationToken "
    "MissingAuthenticationTokenException OptInRequired SignatureDoesNotMatch UnrecognizedClientException"
)

_ERRORS: tuple[tuple[type[StoreUnavailableError], str, str], ...] = (
    (
        RefusedError,
        "AWS refused {action} ({code}); check the name, kms_key_id and the tags, and that no other service manages it",
        "InvalidParameterException InvalidRequestException ResourceExistsException ResourceNotFoundException",
    ),
    (
        StorePermissionError,
        "these credentials may not do {action}; allow it in their policy, or use others",
        "AccessDenied AccessDeniedException",
    ),
    (
        StorePermissionError,
        "AWS doesn't accept these credentials ({code} at {action}); check AWS_PROFILE, or AWS_ACCESS_KEY_ID and its "
        "like, and the machine's clock",
        _NOT_ACCEPTED,
    ),
    (
        StorePermissionError,
        "the AWS credentials have expired ({code} at {action}); log in again (`aws sso login`), or renew "
        "AWS_SESSION_TOKEN",
        _EXPIRED,
    ),
    (
        StorePermissionError,
        "there are no usable AWS credentials for {action} ({code}); set AWS_PROFILE, or AWS_ACCESS_KEY_ID and its like",
        _MISSING,
    ),
    (StorePermissionError, _KMS, "DecryptionFailure EncryptionFailure"),
    (
        StoreUnavailableError,
        "AWS is busy or has a fault ({code} at {action}); run again later",
        "InternalFailure InternalServiceError RequestLimitExceeded ServiceUnavailable Throttling ThrottlingException "
        "TooManyRequestsException",
    ),
    (
        StoreUnavailableError,
        "a quota of Secrets Manager is used up ({code} at {action}): versions of this secret younger than a day, or "
        "secrets of the account; run again tomorrow, or ask AWS for more",
        "LimitExceededException",
    ),
    (
        StoreUnavailableError,
        "AWS can't be reached or doesn't answer ({code} at {action}); check the network, the region, AWS_ENDPOINT_URL "
        "and WHATSAPP_STORE_DEADLINE, and run again",
        "ConnectTimeoutError ConnectionClosedError EndpointConnectionError HTTPClientError ProxyConnectionError "
        "ReadTimeoutError ResponseStreamingError SSLError ValueError",  # ValueError: an endpoint that is no URL
    ),
    (StoreUnavailableError, "the AWS region is missing; give region=, or set AWS_REGION", "NoRegionError"),
    (
        StoreUnavailableError,
        "AWS calls a parameter of {action} wrong ({code}); check the name, kms_key_id and the tags",
        "ParamValidationError ValidationException",
    ),
)
"""What an error's code means to the person who meets it; for an error that boto3 raises itself, its class."""


_ALWAYS_ANSWERED = {
    "GetCallerIdentity": "Account",
    "TagResource": "ResponseMetadata",
    "UntagResource": "ResponseMetadata",
}


def ask(secret: AwsSecret, service: str, action: str, **parameters: Any) -> dict[str, Any]:
    """One call of the service. Its errors become ours; none is chained, since one may quote what was sent."""
    from botocore import xform_name
    from botocore.exceptions import BotoCoreError, ClientError
    from botocore.parsers import ResponseParserError

    seconds = seconds_per_attempt()
    try:
        with _unlogged():
            answer = getattr(shared_client(service, secret.region, seconds), xform_name(action))(**parameters)
    except ClientError as error:
        said = error.response.get("Error", {})
        code, message = said.get("Code", ""), said.get("Message", "")
    except (BotoCoreError, ResponseParserError, ValueError) as error:
        code, message = type(error).__name__, ""
    else:
        return _answer(secret, service, action, answer)
    if code in f"{_EXPIRED} {_MISSING} {_NOT_ACCEPTED}".split():
        _client.cache_clear()  # a client keeps credentials that it found in a file; somebody may have written others
    raise _error(secret.url, f"{service}:{action}", code, message) from None


def _answer(secret: AwsSecret, service: str, action: str, answer: Mapping[str, Any]) -> dict[str, Any]:
    if _ALWAYS_ANSWERED.get(action, "ARN") not in answer:
        raise StoreUnavailableError(
            secret.url, f"what answered {service}:{action} is not AWS; check AWS_ENDPOINT_URL and the proxy"
        )
    return dict(answer)


def _error(url: str, action: str, code: str, message: str) -> StoreUnavailableError:
    if code.startswith("AccessDenied") and re.search(r"\bKMS\b|\bkms:", message):
        return StorePermissionError(url, _KMS.format(action=action, code=code))
    kind: type[StoreUnavailableError] = StoreUnavailableError
    text = "AWS gave an answer to {action} that isn't known here ({code}); run again"
    for known, sentence, codes in _ERRORS:
        if code in codes.split():
            kind, text = known, sentence
    text = text.format(action=action, code=code[:60])
    if code.startswith("AccessDenied"):  # who may not do what to which secret; other messages may quote a value
        text += f". AWS says: {message[:300]}"
    return RefusedError(url, text, code) if issubclass(kind, RefusedError) else kind(url, text)


_TALKATIVE = ("botocore.auth", "botocore.endpoint", "botocore.parsers")
_asking = ContextVar("asking", default=False)


@contextmanager
def _unlogged() -> Iterator[None]:
    """At the level DEBUG boto3 logs whole requests and answers, private keys and session tokens in them."""
    for name in _TALKATIVE:
        logging.getLogger(name).addFilter(_is_not_ours)  # once: the logger knows it the next time
    before = _asking.set(True)
    try:
        yield
    finally:
        _asking.reset(before)


def _is_not_ours(_record: logging.LogRecord) -> bool:
    return not _asking.get()


_making = Lock()


def shared_client(service: str, region: str, seconds: float) -> Any:
    """The client of a service in a region: made once, since that is slow. Threads may share it, but not a session.

    Another environment gets another client, and so does a forked process, whose parent goes on using the connections.
    """
    environment = frozenset((name, value) for name, value in os.environ.items() if name.startswith("AWS_"))
    with _making:
        return _client(service, region, seconds, environment, os.getpid())


@lru_cache(maxsize=32)
def _client(service: Any, region: str, seconds: float, _environment: frozenset[tuple[str, str]], _process: int) -> Any:
    from boto3.session import Session
    from botocore.config import Config

    config = Config(
        connect_timeout=seconds,
        read_timeout=seconds,
        retries={"mode": "standard", "total_max_attempts": ATTEMPTS},
    )
    return Session().client(service, region_name=region, config=config)
