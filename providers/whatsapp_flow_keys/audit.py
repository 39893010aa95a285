"""The audit log: what is done to a key, or refused, as one line of JSON each. No secret is ever in one.

Writing it never stops the work that it reports: a sink that fails is reported once, and the work goes on.
"""

import json
import logging
import os
import stat
from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum
from threading import Lock
from typing import Protocol

from whatsapp_flow_keys.actor import actor_in
from whatsapp_flow_keys.clock import Clock, SystemClock

AUDIT_LOG = "WHATSAPP_AUDIT_LOG"
"""The environment variable that names a file for the audit log."""

OK, FAILED, UNKNOWN = "ok", "failed", "unknown"
"""Outcomes. ``unknown``: it was done, or not, or will be. What was refused has its rule as outcome."""

_LOGGER = logging.getLogger(__name__)
_START = b'{"time":'


class Operation(StrEnum):
    """What can be done to a key."""

    GENERATED = "generated"
    """The pair was made."""
    ADOPTED = "adopted"
    """An existing private key was taken instead of making one."""
    STAGED = "staged"
    """The private key was written to a store that did not hold it."""
    OFFERED = "offered"
    """Marked in every store as about to be published."""
    PUBLISHED = "published"
    """The public key was sent to Meta."""
    VERIFIED = "verified"
    """What Meta serves was read back and proven by a round trip. Any other failure of a registration is one of this."""
    PROMOTED = "promoted"
    """The key is current in a store."""
    RETIRED = "retired"
    """The key left the ring of a store, since no form needs it any more."""
    RESTORED = "restored"
    """The key is back in a store that had lost it, or whose document was soft-deleted."""
    DELETED = "deleted"
    """The key went with the document of a store."""
    REFUSED = "refused"
    """A rule stopped the step, so that no key was lost or published too early."""


@dataclass(frozen=True)
class Event:
    """One thing that was done. ``reason`` is a sentence, ``store`` a URL, ``stack`` organization/project/stack."""

    operation: Operation
    phone_number_id: str
    stack: str
    fingerprint: str | None = None
    outcome: str = OK
    reason: str | None = None
    store: str | None = None
    trace_id: str | None = None

    def line(self, time: datetime, actor: str) -> str:
        """The event as one line of ASCII, without its end. Every field is there, null where it isn't known.

        ``actor`` is who did it, see :func:`~whatsapp_flow_keys.actor.actor_in`.
        """
        return json.dumps(
            {
                "time": time.isoformat(),
                "operation": self.operation.value,
                "phone_number_id": self.phone_number_id,
                "fingerprint": self.fingerprint,
                "stack": self.stack,
                "actor": actor,
                "outcome": self.outcome,
                "reason": self.reason,
                "store": self.store,
                "trace_id": self.trace_id,
            }
        )


class Audit(Protocol):
    """Where events go."""

    def record(self, event: Event) -> None:
        """Never raises, and never waits for a reader."""


class AuditLog:
    """Events through :mod:`logging` (logger ``whatsapp_flow_keys.audit``, level INFO), and to a file if one is named.

    Thread-safe; several processes may append to one file. ``warn`` gets one sentence for each sink that fails.
    """

    def __init__(
        self, path: str | None = None, *, clock: Clock | None = None, warn: Callable[[str], None] = print
    ) -> None:
        self._path = path
        self._clock = clock or SystemClock()
        self._warn = warn
        self._actor = actor_in(os.environ)
        self._reported: set[str] = set()
        self._lock = Lock()

    def record(self, event: Event) -> None:
        """See :class:`Audit`. Each line bears the time of its writing."""
        line = event.line(self._clock.now(), self._actor)
        try:
            _LOGGER.info("%s", line)
        except Exception as error:  # noqa: BLE001 (a person's own handler can raise anything)
            self._report("a handler of the logger whatsapp_flow_keys.audit failed", error)
        if self._path:
            try:
                _append(self._path, line)
            except (OSError, ValueError) as error:
                self._report(f"the audit log {self._path} can't be written", error)

    def _report(self, what: str, error: Exception) -> None:
        with self._lock:
            if what in self._reported:
                return
            self._reported.add(what)
        # The text of another error than the system's may hold anything.
        why = error.strerror if isinstance(error, OSError) and error.strerror else type(error).__name__
        try:
            self._warn(f"warning: {what}: {why}. No work is stopped by it, but its lines of the audit log are missing")
        except (OSError, ValueError):  # print, where nobody listens any more
            return


def _append(path: str, line: str) -> None:
    """One write, so that lines of several processes don't mix. Raises :class:`OSError`, also for a FIFO unread."""
    flags = os.O_WRONLY | os.O_APPEND | os.O_CREAT | os.O_NONBLOCK | os.O_NOCTTY
    file = os.open(path, flags, 0o600)
    try:
        status = os.fstat(file)
        if stat.S_ISREG(status.st_mode) and status.st_size and not _is_audit_log(path):
            raise OSError(None, "it is another file than an audit log, and was not touched")
        text = f"{line}\n".encode("ascii")
        if os.write(file, text) < len(text):
            raise OSError(None, "a line was cut short")
    finally:
        os.close(file)


def _is_audit_log(path: str) -> bool:
    """False for what would be spoiled by a line more, such as a key ring. What may not be read can be appended to."""
    try:
        with open(path, "rb") as file:
            return file.read(len(_START)) == _START
    except PermissionError:
        return True
