"""Who may call: access tokens, and the app secret's proof for them. Neither ever leaves this module."""

from __future__ import annotations

import hashlib
import hmac
import threading
import time
from collections.abc import Collection, Mapping
from dataclasses import replace

from whatsapp_graph_emulator.answers import GraphError
from whatsapp_graph_emulator.documented_errors import documented_error
from whatsapp_graph_emulator.number import Number

EXPIRED_SUBCODE = 463
TIMED_PROOF_LIFE_SECONDS = 5 * 60


class Access:
    """The tokens that the emulator knows, those that expired, and the app secret if proofs are asked for."""

    def __init__(self, tokens: Collection[str], app_secret: str | None) -> None:
        self.tokens = frozenset(tokens)
        self._app_secret = app_secret
        self._lock = threading.Lock()
        self._expired: set[str] = set()

    def expire(self, token: str) -> None:
        with self._lock:
            self._expired.add(token)

    def check_token(self, token: str | None) -> str:
        """The token, if it may call at all; else `GraphError` 190, with subcode 463 where it expired."""
        with self._lock:
            expired = token in self._expired
        if expired:
            raise replace(documented_error(190), subcode=EXPIRED_SUBCODE)
        if not token or token not in self.tokens:
            raise documented_error(190)
        return token

    def check_proof(self, token: str, params: Mapping[str, str]) -> None:
        """Meta, "Secure Graph API calls": `appsecret_proof` is the hex HMAC-SHA256 of the token under the app secret;
        with `appsecret_time` (Unix seconds, good for five minutes) it is that of `token|time`.

        Raises `GraphError` 100 where the proof is missing or wrong.
        """
        if self._app_secret is None:
            return
        proof = params.get("appsecret_proof")
        if not proof:
            raise GraphError(
                400, 100, "API calls from the server require an appsecret_proof argument", "GraphMethodException"
            )
        message, in_time = token, True
        if "appsecret_time" in params:
            message = f"{token}|{params['appsecret_time']}"
            in_time = _is_recent(params["appsecret_time"])
        expected = hmac.new(self._app_secret.encode(), message.encode(), hashlib.sha256).hexdigest()
        if not in_time or not hmac.compare_digest(expected.encode(), proof.encode()):
            raise GraphError(400, 100, "Invalid appsecret_proof provided in the API argument", "GraphMethodException")

    def check_right(self, token: str, number: Number, method: str) -> None:
        """`GraphError` 200 with subcode 1349174 where the number is not the token's."""
        if number.tokens is not None and token not in number.tokens:
            purpose = "modify encryption settings for" if method == "POST" else "access"
            message = f"Your app doesn't have permission to {purpose} this WhatsApp Business phone number"
            raise replace(documented_error(200), message=message)


def _is_recent(unix_seconds: str) -> bool:
    # A ten-digit number of seconds reaches to the year 2286; int() would take signs, blanks and any length.
    if not (unix_seconds.isascii() and unix_seconds.isdigit() and len(unix_seconds) <= 10):
        return False
    return abs(time.time() - int(unix_seconds)) <= TIMED_PROOF_LIFE_SECONDS
