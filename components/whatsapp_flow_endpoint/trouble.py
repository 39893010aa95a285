"""Names what is usually wrong with a request or an answer, for the log. It quotes nothing of a form."""

import re
from collections.abc import Iterable, Iterator, Mapping
from math import inf
from threading import Lock
from typing import Any

from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import padding

from whatsapp_flow_keys.clock import Clock
from whatsapp_flow_keys.custody.decryption_key import DecryptionKey
from whatsapp_flow_keys.fingerprint import short
from whatsapp_flow_keys.flow_protocol.message import SealedRequest
from whatsapp_flow_keys.keys import PrivateKey

_DECLARED = re.compile(r"[A-Za-z_][A-Za-z0-9_]{0,39}")

_SHA1, _SHA256 = hashes.SHA1(), hashes.SHA256()  # noqa: S303 (it names what others did wrong, and protects nothing)
_OTHER_HASHES = {
    "OAEP with SHA-256 but MGF1 with SHA-1 (Java's default): set MGF1 to SHA-256, too": (_SHA256, _SHA1),
    "OAEP with SHA-1: set SHA-256 for it and for MGF1": (_SHA1, _SHA1),
}


DIAGNOSES_APART = 1.0
"""Seconds between two diagnoses of an endpoint, at least: each costs two private operations for each key."""


class Diagnosis:
    """Whether to look into why no key opens a request: once a second at most. Thread-safe."""

    def __init__(self, clock: Clock) -> None:
        self._clock, self._lock, self._made_at = clock, Lock(), -inf

    def is_due(self) -> bool:
        """True for one of those who ask within a second, who then makes it."""
        with self._lock:
            now = self._clock.monotonic()
            if now - self._made_at < DIAGNOSES_APART:
                return False
            self._made_at = now
            return True


def wrong_hash(request: SealedRequest, keys: Iterable[DecryptionKey]) -> str | None:
    """How a request that no key opens was encrypted, if that is why. Costs up to two private operations a key. A key
    service is not asked: it decrypts in no other way."""
    for key in keys:
        if not isinstance(key, PrivateKey):
            continue
        for name, (hash_, mgf_hash) in _OTHER_HASHES.items():
            try:
                key.unwrap(request.wrapped_key, padding.OAEP(padding.MGF1(mgf_hash), hash_, None))
            except ValueError:
                continue
            return f"its AES key was encrypted for key {short(key.fingerprint)} by {name}"
    return None


def not_json(answer: Any, typed: Mapping[str, Any]) -> str:
    """What in a handler's answer is no JSON, and where; no name that was ``typed`` into the form is shown."""
    try:
        return _not_json(answer, "the answer", frozenset(_strings(typed))) or "the answer is no JSON"
    except RecursionError:
        return "the answer is nested too deeply, or contains itself"
    except Exception as error:  # noqa: BLE001 - a dict of the handler's own kind may raise anything
        return f"the answer raised {type(error).__name__} when it was read"


def _not_json(value: Any, where: str, typed: frozenset[str]) -> str | None:
    if isinstance(value, Mapping) and not isinstance(value, dict):
        return f"{where} is a {type(value).__name__}, not a dict"
    if isinstance(value, dict):
        wrong = next((key for key in value if not isinstance(key, str)), None)
        if wrong is not None:
            return f"{where} has a name that is a {type(wrong).__name__}, not a string"
        inner = (_not_json(inner, where + _step(name, typed), typed) for name, inner in value.items())
        return next(filter(None, inner), None)
    if isinstance(value, list | tuple):
        inner = (_not_json(inner, f"{where}[{at}]", typed) for at, inner in enumerate(value))
        return next(filter(None, inner), None)
    if isinstance(value, float) and (value != value or value in (float("inf"), float("-inf"))):
        return f"{where} is {value}, which JSON can't represent"
    if value is None or isinstance(value, str | int | float):
        return None
    return f"{where} is a {type(value).__name__}, which JSON can't represent: make it a string or a number"


def _step(name: str, typed: frozenset[str]) -> str:
    """A name such as a screen declares; any other may be what a person typed, and could break the line."""
    return f".{name}" if _DECLARED.fullmatch(name) and name not in typed else "[a name]"


def _strings(value: Any) -> Iterator[str]:
    """Every string in JSON that isn't a name."""
    if isinstance(value, str):
        yield value
    elif isinstance(value, Mapping | list):
        for inner in value.values() if isinstance(value, Mapping) else value:
            yield from _strings(inner)
