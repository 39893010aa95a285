"""Calls that end early: the person pressed Ctrl-C, or the time is up that the program gives a resource.

Only the waiting between steps is cut short. A request, with its attempts, has a time limit of its own, and what it did
is known then.
"""

import time
from collections.abc import Iterator
from contextlib import contextmanager
from contextvars import ContextVar
from threading import Event

from whatsapp_flow_keys.clock import SystemClock
from whatsapp_flow_keys.errors import StoppedError

_ends: ContextVar[float | None] = ContextVar("ends", default=None)


@contextmanager
def within(seconds: float) -> Iterator[None]:
    """The call under way may take so long; 0 is no limit."""
    token = _ends.set(time.monotonic() + seconds if seconds > 0 else None)
    try:
        yield
    finally:
        _ends.reset(token)


class StoppableClock(SystemClock):
    """The machine's clock, whose waits can be ended.

    Raises :class:`StoppedError` from :meth:`sleep`.
    """

    def __init__(self) -> None:
        self._cancelled = Event()

    def cancel(self) -> None:
        """Ends every wait, also those to come."""
        self._cancelled.set()

    def sleep(self, seconds: float) -> None:
        """Waits."""
        ends = _ends.get()
        left = None if ends is None else ends - time.monotonic()
        if self._cancelled.wait(seconds if left is None else max(0.0, min(seconds, left))):
            raise StoppedError("stopped while it waited, as the engine asked; run `pulumi up` again to go on from here")
        if left is not None and left < seconds:
            raise StoppedError(
                "the time is up that customTimeouts gives it; run `pulumi up` again to go on from here, with more time"
            )
