"""Meta's wire messages as immutable values, parsed strictly where it matters and generously where Meta varies."""

import json
from collections.abc import Mapping
from typing import Any

from whatsapp_flow_keys.errors import InputError
from whatsapp_flow_keys.keys import public_key_fingerprint
from whatsapp_flow_keys.quotation import quotable
from whatsapp_flow_keys.registrars.meta_graph.errors import ErrorAnswer, UnexpectedAnswerError
from whatsapp_flow_keys.registrars.registrar import ServedKey

_KEY = "business_public_key"
_STATUS = "business_public_key_signature_status"
_LONGEST_QUOTE = 300
_LONGEST_NAME = 100
_LARGEST_CODE = 10**9
_LONGEST_WAIT = 24 * 60 * 60.0
"""Seconds. Nobody waits as long; an answer that asks for more is no more than words."""


def served_key(body: Any, doing: str) -> ServedKey:
    """The key in the answer to a GET: ``data`` as a list (live) or object, or a flat object (Meta's guide).

    Blank, absent and empty all mean that no key is set. Raises :class:`UnexpectedAnswerError` for another shape.
    """
    entry = body.get("data", body) if isinstance(body, dict) else None
    if isinstance(entry, list):
        entry = entry[0] if entry else {}
    if not isinstance(entry, dict):
        raise UnexpectedAnswerError(doing)
    pem, status = entry.get(_KEY), entry.get(_STATUS)
    if not isinstance(pem, str | None) or not isinstance(status, str | None):
        raise UnexpectedAnswerError(doing)
    if entry and not entry.keys() & {_KEY, _STATUS}:
        raise UnexpectedAnswerError(doing)
    status = status and quotable(status, _LONGEST_NAME)
    if not pem or not pem.strip():
        return ServedKey(signature_status=status)
    try:
        return ServedKey(pem, public_key_fingerprint(pem), status)
    except InputError:
        raise UnexpectedAnswerError(doing, advice="Meta serves something that is not a public key.") from None


def error_answer(status: int, headers: Mapping[str, str], body: Any, hidden: tuple[str, ...]) -> ErrorAnswer:
    """Meta's error envelope as a value, with every text of ``hidden`` (tokens) taken out of what it says."""
    error = body["error"] if is_error_body(body) else {}
    extra = error.get("error_data")
    details = extra.get("details") if isinstance(extra, dict) else None
    trace = error.get("fbtrace_id") or headers.get("x-fb-trace-id")
    return ErrorAnswer(
        status=status,
        code=_number(error.get("code")),
        subcode=_number(error.get("error_subcode")),
        message=_quotable(error.get("message"), hidden),
        details=_quotable(details, hidden),
        trace_id=_quotable(trace, hidden, _LONGEST_NAME),
        is_transient=error.get("is_transient") is True,
        retry_after=_retry_after(headers),
    )


def is_error_body(body: Any) -> bool:
    """True for Meta's error envelope, ``{"error": {…}}``."""
    return isinstance(body, dict) and isinstance(body.get("error"), dict)


def _quotable(text: object, hidden: tuple[str, ...], longest: int = _LONGEST_QUOTE) -> str:
    return quotable(text, longest, hidden) if isinstance(text, str) else ""


def _number(value: object) -> int | None:
    if not isinstance(value, int) or isinstance(value, bool) or abs(value) > _LARGEST_CODE:
        return None
    return value


def _retry_after(headers: Mapping[str, str]) -> float | None:
    """Seconds from ``Retry-After``, or from the minutes in ``X-Business-Use-Case-Usage`` (Meta's rate limit page)."""
    given = headers.get("Retry-After", "")
    if given.isascii() and given.isdigit():
        return min(float(given), _LONGEST_WAIT)
    try:
        usage = json.loads(headers.get("X-Business-Use-Case-Usage", "{}"))
        minutes = [entry.get("estimated_time_to_regain_access", 0) for entries in usage.values() for entry in entries]
        longest = max(float(minute) for minute in minutes)
    except (ValueError, TypeError, AttributeError, OverflowError, RecursionError):
        return None
    return min(longest * 60, _LONGEST_WAIT) or None
