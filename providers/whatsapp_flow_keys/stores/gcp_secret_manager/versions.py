"""Which version of a secret counts.

Secret Manager takes every version, whatever was there, but numbers them one by one. So a document says over which
version it was written: where that is not the one before it, somebody else was first, and it doesn't count. What doesn't
say it was put there by hand, and counts. Before a deletion comes a version that says so: it takes the next number, and
nothing may be written over it for a while.
"""

import json
from dataclasses import dataclass, field
from datetime import datetime
from hashlib import sha256
from typing import Any

WRITTEN_OVER = "written_over"
"""The member of a document that names the version before it, as in ``7``; 0 where there was none."""

_DELETING, _UNTIL = "whatsapp-flow-keys/deleting", "until"


@dataclass(frozen=True)
class Version:
    """A version of a secret; ``name`` is Google's own for it, with the project's number."""

    number: int
    name: str
    data: bytes = field(repr=False)

    @property
    def counts(self) -> bool:
        """Whether it is the document, or would be if it were the newest version."""
        if not self.data.strip():
            return False
        over = _members(self.data).get(WRITTEN_OVER, self.number - 1)
        return over == self.number - 1 and not self._ends

    @property
    def _ends(self) -> str | None:
        members = _members(self.data)
        return str(members.get(_UNTIL)) if members.get("format") == _DELETING else None

    def is_deletion_under_way(self, now: datetime) -> bool:
        """Whether it says that the secret is being deleted, and the time in which that must be done isn't over."""
        try:
            return self._ends is not None and now < datetime.fromisoformat(self._ends)
        except (ValueError, TypeError):
            return False

    @property
    def digest(self) -> str:
        """Tells it from a version of the same number in another secret of that name."""
        return sha256(self.data).hexdigest()[:16]


def written_over(text: str | bytes, number: int) -> bytes:
    """The payload for a document that is written over this version; what is no document is left as it is."""
    members = _members(text)
    if "private_keys" not in members:
        return text.encode() if isinstance(text, str) else text
    return (json.dumps({**members, WRITTEN_OVER: number}, indent=1) + "\n").encode()


def deletion(until: datetime) -> bytes:
    """The payload that comes before a deletion, which is done or given up by this time."""
    return json.dumps({"format": _DELETING, _UNTIL: until.isoformat()}).encode()


def _members(data: str | bytes) -> dict[str, Any]:
    try:
        found = json.loads(data)
    except (ValueError, RecursionError):
        return {}
    return found if isinstance(found, dict) else {}
