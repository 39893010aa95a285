"""The endpoint's log: lines that many requests could cause are written once a second at most, and counted."""

import logging
import re
from math import inf
from threading import Lock

from whatsapp_flow_keys.clock import Clock

_LOG = logging.getLogger("whatsapp_flow_endpoint")

LINES_APART = 1.0
"""Seconds between two lines that say the same, at least."""
_MOST_KINDS = 20
"""So many different lines are distinguished. All others have one line a second for each ``what``, so that nobody can
fill a disk with mistakes that are always different."""

_KEPT_FOR = 60.0
"""Seconds for which a line is distinguished after it was said. Then another may take its place, and what was left out
of it is no longer counted."""

_NUMBER = re.compile(r"\d+")


class LogLines:
    """Thread-safe. Lines that differ in numbers only say the same."""

    def __init__(self, clock: Clock) -> None:
        self._clock, self._lock = clock, Lock()
        self._said: dict[tuple[str, str], tuple[float, int]] = {}

    def say(self, what: str, why: str, level: int = logging.WARNING) -> None:
        """Logs ``what: why``, unless it did so within a second; then the next such line says how many were left out.

        ``what``: one of a few fixed beginnings.
        """
        more = self._more(what, _NUMBER.sub("0", why))
        if more is None:
            return
        first, *rest = why.split("\n")
        counted = f"{first} (and {more} more since the last such line)" if more else first
        _LOG.log(level, "%s: %s", what, "\n".join([counted, *rest]))

    def _more(self, what: str, why: str) -> int | None:
        """How many lines were left out since the last one; None where this one is, too."""
        with self._lock:
            now = self._clock.monotonic()
            kind = (what, why)
            if kind not in self._said and not self._make_room(now):
                kind = (what, "")
            said_at, left_out = self._said.get(kind, (-inf, 0))
            is_due = now - said_at >= LINES_APART
            self._said[kind] = (now, 0) if is_due else (said_at, left_out + 1)
            return left_out if is_due else None

    def _make_room(self, now: float) -> bool:
        """Forgets what was said longest ago, if that is long enough; whether there is room for one more kind."""
        while len(self._said) >= _MOST_KINDS:
            oldest = min(self._said, key=lambda kind: self._said[kind][0])
            if now - self._said[oldest][0] < _KEPT_FOR:
                return False
            del self._said[oldest]
        return True
