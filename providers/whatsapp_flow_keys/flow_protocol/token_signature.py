"""The signature of a flow token: a JWT that Meta makes of it with the app secret.

Source: Meta, "Implementing Endpoint for Flows", flow token signature: HS256, with the app secret as its key, and the
token in the payload as ``flow_token``. The page names no other claim, so no other is looked at.
"""

import base64
import re
from collections.abc import Iterable, Mapping
from typing import Any

from whatsapp_flow_keys.flow_protocol.message import strict_json
from whatsapp_flow_keys.flow_protocol.signature import is_digest

_JWT = re.compile(r"(([A-Za-z0-9_-]+)\.([A-Za-z0-9_-]+))\.([A-Za-z0-9_-]{43})")


def is_token_signed(jwt: str, flow_token: str, app_secrets: Iterable[str]) -> bool:
    """Whether ``jwt`` was made of this token with one of the secrets."""
    parts = _JWT.fullmatch(jwt)
    if parts is None:
        return False
    signed, header, payload, digest = parts.groups()
    if not is_digest(_base64url(digest), signed.encode(), app_secrets):
        return False
    try:
        head, claims = _object(header), _object(payload)
    except ValueError:
        return False
    return head.get("alg") == "HS256" and "crit" not in head and claims.get("flow_token") == flow_token


def _object(part: str) -> Mapping[str, Any]:
    value = strict_json(_base64url(part))
    if not isinstance(value, Mapping):
        raise ValueError("not an object")
    return value


def _base64url(part: str) -> bytes:
    return base64.urlsafe_b64decode(part + "=" * (-len(part) % 4))
