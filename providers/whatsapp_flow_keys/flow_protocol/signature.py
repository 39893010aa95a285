"""The signature of a Flow request: HMAC-SHA256 of its raw body under the app secret, in the header of Meta's webhooks.

Source: Meta, "Implementing Endpoint for Flows", request signature validation.
"""

import functools
import re
from collections.abc import Iterable

from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.hmac import HMAC

HEADER = "X-Hub-Signature-256"

_SIGNATURE = re.compile("sha256=([0-9a-f]{64})")


def sign(app_secret: str, body: bytes) -> str:
    """The header's value: ``sha256=`` and 64 lower-case hex digits."""
    return f"sha256={_digested(app_secret, body).finalize().hex()}"


def is_signed(signature: str, body: bytes, app_secrets: Iterable[str]) -> bool:
    """Whether the header's value was made with one of the secrets; the time it takes tells nobody how nearly."""
    given = _SIGNATURE.fullmatch(signature)
    if given is None:
        return False
    return is_digest(bytes.fromhex(given[1]), body, app_secrets)


def is_digest(digest: bytes, data: bytes, app_secrets: Iterable[str]) -> bool:
    """Whether this is the HMAC-SHA256 of ``data`` under one of the secrets. Tries each, in constant time."""
    matches = [_matches(digest, data, secret) for secret in app_secrets]
    return any(matches)


def _matches(digest: bytes, data: bytes, app_secret: str) -> bool:
    try:
        _digested(app_secret, data).verify(digest)
    except InvalidSignature:
        return False
    return True


def _digested(app_secret: str, body: bytes) -> HMAC:
    digest = _keyed(app_secret).copy()
    digest.update(body)
    return digest


@functools.lru_cache(maxsize=16)
def _keyed(app_secret: str) -> HMAC:
    return HMAC(app_secret.encode(), hashes.SHA256())
