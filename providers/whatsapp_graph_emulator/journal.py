"""Remembers the Graph requests that came in, for tests to look at. Never a query string, header or body."""

from __future__ import annotations

import threading
from collections import deque
from datetime import UTC, datetime
from typing import TypedDict

REMEMBERED = 10_000


class RequestEntry(TypedDict):
    """One Graph request. `at` is the UTC time of arrival (ISO 8601); `phone_number_id` is the id in the path, None
    where the path has none; `status` is the HTTP status answered, None where no answer was given (yet)."""

    at: str
    method: str
    path: str
    phone_number_id: str | None
    status: int | None


class Journal:
    """The last 10,000 Graph requests in order of arrival. Safe to use from many threads."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._entries: deque[RequestEntry] = deque(maxlen=REMEMBERED)

    def arrived(self, method: str, path: str, phone_number_id: str | None) -> RequestEntry:
        entry = RequestEntry(
            at=datetime.now(UTC).isoformat(),
            method=method,
            path=path,
            phone_number_id=phone_number_id,
            status=None,
        )
        with self._lock:
            self._entries.append(entry)
        return entry

    def answered(self, entry: RequestEntry, status: int) -> None:
        with self._lock:
            entry["status"] = status

    def entries(self, phone_number_id: str | None = None, method: str | None = None) -> list[RequestEntry]:
        """Copies of the entries, oldest first; each argument that is given narrows them down."""
        with self._lock:
            return [
                entry.copy()
                for entry in self._entries
                if phone_number_id in (None, entry["phone_number_id"]) and method in (None, entry["method"])
            ]

    def clear(self) -> None:
        with self._lock:
            self._entries.clear()
