"""Secrets passed from `check` to `create` or `update` in memory, so that the state stores only their digests.

The engine calls `check` right before them in every run, in the same process. A digest shows a change as the secret
itself would; a state that holds a key once less is smaller to write and leaks it once less.
"""

import hashlib
from threading import Lock
from typing import Any

from whatsapp_flow_keys.errors import InputError

_PREFIX = "sha256:"


class InPassing:
    """Secrets of this run by their digests. Thread-safe."""

    def __init__(self) -> None:
        self._texts: dict[str, str] = {}
        self._lock = Lock()

    def hand_on(self, value: Any) -> Any:
        """What the state records for ``value``: the digest of a string, which is kept here; anything else unchanged."""
        if not isinstance(value, str) or value.startswith(_PREFIX):
            return value
        digest = _digest(value)
        with self._lock:
            self._texts[digest] = value
        return digest

    def take(self, recorded: str, field: str) -> str:
        """The secret. Raises :class:`InputError` if no `check` of this process has seen it."""
        with self._lock:
            text = recorded if not recorded.startswith(_PREFIX) else self._texts.get(recorded)
        if text is None:
            raise InputError(
                f"{field}: this run was given its digest only, as `ignore_changes` would do; nothing was changed"
            )
        return text


def digest_of(recorded: object) -> object:
    """The digest of a string, or of the whole secret that a state of an older version records."""
    if not isinstance(recorded, str) or recorded.startswith(_PREFIX):
        return recorded
    return _digest(recorded)


def _digest(text: str) -> str:
    return _PREFIX + hashlib.sha256(text.encode()).hexdigest()
