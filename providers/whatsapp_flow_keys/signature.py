"""The signature of a Flow request: HMAC-SHA256 of its raw body under the app secret, in the header of Meta's webhooks.

Source: Meta, "Implementing Endpoint for Flows", request signature validation.
"""

import hmac
from collections.abc import Iterable

HEADER = "X-Hub-Signature-256"

_PREFIX = "sha256="


def sign(app_secret: str, body: bytes) -> str:
    """The header's value: ``sha256=`` and 64 lower-case hex digits."""
    return _PREFIX + hmac.digest(app_secret.encode(), body, "sha256").hex()


def is_signed(signature: str, body: bytes, app_secrets: Iterable[str]) -> bool:
    """Whether the header's value was made with one of the secrets; the time it takes tells nobody how nearly."""
    given = signature.encode(errors="replace")
    matches = [hmac.compare_digest(sign(secret, body).encode(), given) for secret in app_secrets]
    return any(matches)
