"""The keys that an endpoint holds while they change: read again in the background, and when none opens a request.

One reader at a time, and never two reads within a second, so that requests which no key opens can't wear the store
out. A read that fails takes nothing away. No thread lives longer than its read, so a server may fork.
"""

import logging
from collections import deque
from collections.abc import Callable
from concurrent.futures import Future
from threading import Lock, Thread

from whatsapp_flow_endpoint.flow_keys import FlowKeys
from whatsapp_flow_keys.clock import Clock, SystemClock
from whatsapp_flow_keys.errors import FlowKeysError
from whatsapp_flow_keys.ring import KeyRing

_LOG = logging.getLogger("whatsapp_flow_endpoint")

EVERY = 60.0
"""Seconds after which a request has the keys read again, behind its back."""
APART = 1.0
"""Seconds between the beginnings of two reads, at least."""

IN_VAIN, IN_VAIN_WITHIN = 3, 10.0
"""So many reads in a row without a new key, within so many seconds, are no rotation."""

Read = Future[None]
"""A read that is asked for or under way; done when it has ended, well or not."""


class LiveKeys:
    """The newest keys that could be read. Thread-safe."""

    def __init__(
        self, keys: FlowKeys, read: Callable[[], KeyRing] | None = None, *, clock: Clock | None = None
    ) -> None:
        """``keys`` are held until ``read`` gives others; without ``read``, for ever."""
        self._keys, self._read, self._clock = keys, read, clock or SystemClock()
        self._lock = Lock()
        self._under_way: Read | None = None
        self._next: Read | None = None
        self._began = self._clock.monotonic()
        self._ended_began = self._began
        self._failing = False
        self._in_vain: deque[float] = deque(maxlen=IN_VAIN)

    @property
    def now(self) -> FlowKeys:
        """What is held at the moment."""
        return self._keys

    def refresh(self) -> None:
        """Has the keys read again if that is due, and doesn't wait for it."""
        if self._read and self._clock.monotonic() - self._began > EVERY:
            self.read_after(self._clock.monotonic())

    def read_after(self, moment: float, *, holds_a_thread: bool = False) -> Read | None:
        """What to wait for until a read that began after ``moment`` (of the clock's monotonic time) has ended.

        None if one has, or if there is nothing to read. Ask again after each read: an earlier one may be under way.
        None also for who ``holds_a_thread`` of a server while it waits, if the last reads were in vain and another is
        not due yet: else what no key opens would soon hold every thread. The read takes place all the same.
        """
        with self._lock:
            if self._read is None or self._ended_began >= moment:
                return None
            begun = self._under_way or self._next
            if begun is None:
                self._next = self._start(self._read)
            if holds_a_thread and self._reads_in_vain() and (begun or not self._is_due()):
                return None
            return begun or self._next

    def _is_due(self) -> bool:
        return self._clock.monotonic() >= self._began + APART

    def _reads_in_vain(self) -> bool:
        """Whether garbage comes in: one read after the other, and no new key."""
        return len(self._in_vain) == IN_VAIN and self._in_vain[0] > self._clock.monotonic() - IN_VAIN_WITHIN

    def _start(self, read: Callable[[], KeyRing]) -> Read | None:
        asked: Read = Future()
        try:
            Thread(target=self._run, args=(read, asked), name="flow-keys", daemon=True).start()
        except RuntimeError as error:  # the process has no thread left, or is ending
            self._say_failed(str(error))
            return None
        return asked

    def _run(self, read: Callable[[], KeyRing], this: Read) -> None:
        self._clock.sleep(max(0.0, self._began + APART - self._clock.monotonic()))
        with self._lock:
            self._began = began = self._clock.monotonic()
            self._next, self._under_way = None, this
        fingerprints = self._keys.fingerprints
        try:
            self._take(read)
        finally:
            with self._lock:
                self._under_way, self._ended_began = None, began
                self._in_vain.append(began)
                if self._keys.fingerprints != fingerprints:
                    self._in_vain.clear()
            this.set_result(None)

    def _take(self, read: Callable[[], KeyRing]) -> None:
        before = self._keys
        try:
            self._keys = before.renewed(read())
        except FlowKeysError as error:
            self._say_failed(str(error))
        except Exception as error:  # noqa: BLE001 - whatever a client library raises; its text may hold anything
            self._say_failed(f"{type(error).__name__} while reading")
        else:
            if self._failing or self._keys.fingerprints != before.fingerprints:
                _LOG.info("keys: %s", ", ".join(fingerprint[:12] for fingerprint in self._keys.fingerprints))
            self._failing = False

    def _say_failed(self, why: str) -> None:
        """As a warning the first time, so that an outage doesn't fill the log."""
        _LOG.log(logging.DEBUG if self._failing else logging.WARNING, "goes on with the keys it has: %s", why)
        self._failing = True
