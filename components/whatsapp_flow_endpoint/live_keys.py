"""The keys that an endpoint holds while they change: read again in the background, and when none opens a request.

Never do two reads begin within a second, so that requests which no key opens can't wear the store out. Beside a read
that lasts longer another may begin, since its answer may be lost; a few at most. A read that fails takes nothing away,
nor does one whose answer comes late. No thread lives longer than its read, so a server may fork.
"""

import logging
from collections import deque
from collections.abc import Callable
from concurrent.futures import Future, wait
from dataclasses import dataclass
from math import inf
from threading import Lock, Thread

from whatsapp_flow_endpoint.flow_keys import FlowKeys
from whatsapp_flow_endpoint.watching import Watch
from whatsapp_flow_keys.clock import Clock, SystemClock
from whatsapp_flow_keys.errors import FlowKeysError
from whatsapp_flow_keys.fingerprint import short
from whatsapp_flow_keys.ring import KeyRing

_LOG = logging.getLogger("whatsapp_flow_endpoint")

EVERY = 60.0
"""Seconds after which a request has the keys read again, behind its back, and after which an outage is named again."""
APART = 1.0
"""Seconds between the beginnings of two reads, at least; a read that lasts longer may hang."""
AT_ONCE = 3
"""So many reads are under way at most; a store's client may wait 30 s for an answer."""

IN_VAIN, IN_VAIN_WITHIN = 3, 10.0
"""So many reads in a row without a new key, within so many seconds, are no rotation."""


@dataclass(frozen=True)
class Read:
    """What to wait for: the next end of a read, well or not; and after how many seconds to ask again at the latest,
    since by then another may begin."""

    ended: Future[None]
    seconds: float


class LiveKeys:
    """The newest keys that could be read. Thread-safe."""

    def __init__(
        self, keys: FlowKeys, read: Callable[[], KeyRing] | None = None, *, clock: Clock | None = None
    ) -> None:
        """``keys`` are held until ``read`` gives others; without ``read``, for ever.

        ``read`` is called in threads of its own, in up to :data:`AT_ONCE` of them at once.
        """
        self._keys, self._read, self._clock = keys, read, clock or SystemClock()
        self._lock, self._taking = Lock(), Lock()
        self._next, self._under_way = False, 0
        self._ended: Future[None] = Future()
        self._began = self._ended_began = self._taken_began = self._clock.monotonic()
        self._failure: str | None = None
        self._said_at = self._named_at = -inf
        self._in_vain: deque[float] = deque(maxlen=IN_VAIN)
        self._watch = Watch()

    def tell(self, watch: Watch) -> None:
        """Has it watch the reads from now on."""
        self._watch = watch
        if self._read is not None:
            watch.aging(self)

    @property
    def phone_number_id(self) -> str:
        """Whose keys they are."""
        return self._keys.phone_number_id

    @property
    def age(self) -> float:
        """Seconds since the read began that gave the newest keys."""
        return self._clock.monotonic() - self._taken_began

    @property
    def now(self) -> FlowKeys:
        """What is held at the moment."""
        return self._keys

    def refresh(self) -> bool:
        """Has the keys read again if that is due, and doesn't wait for it. Whether a read began."""
        if self._read is None:
            return False
        with self._lock:
            is_old = self._clock.monotonic() - self._ended_began > (EVERY if self._keys.keys else APART)
            return is_old and self._begin_another(self._read)

    def failure_to_name(self) -> str | None:
        """Why the last read failed, for a caller that has no key; None if it didn't, or if this was given to a caller
        within :data:`EVERY` seconds."""
        with self._taking:
            now = self._clock.monotonic()
            if self._failure is None or now - self._named_at < EVERY:
                return None
            self._named_at = now
            return self._failure

    def read_after(self, moment: float, *, holds_a_thread: bool = False) -> Read | None:
        """What to wait for until a read that began after ``moment`` (of the clock's monotonic time) has ended.

        None if one has, or if there is nothing to read; of reads that failed only the last one under way counts. Ask
        again after each wait: an earlier read may have ended, or one may hang, and then this begins another beside it.
        None also for a caller that ``holds_a_thread`` of a server while it waits, if the last reads were in vain and
        another is not due yet: else what no key opens would soon hold every thread. The read takes place all the same.
        """
        with self._lock:
            if self._read is None or self._has_ended_after(moment):
                return None
            begun, due = self._is_begun(), self._is_due()
            self._begin_another(self._read)
            in_vain = holds_a_thread and self._reads_in_vain()
            if not self._is_begun() or (in_vain and (begun or not due)):
                return None
            return Read(self._ended, inf if in_vain else self._seconds_to_another())

    def _has_ended_after(self, moment: float) -> bool:
        return self._taken_began >= moment or (self._ended_began >= moment and not self._under_way)

    def finish_reading(self, until: float) -> None:
        """Waits until no read is asked for or under way, or until this moment of the clock's monotonic time."""
        while (ended := self._end_to_come()) and (left := until - self._clock.monotonic()) > 0:
            if not wait([ended], timeout=left).done:
                return

    def _end_to_come(self) -> Future[None] | None:
        with self._lock:
            return self._ended if self._is_begun() else None

    def _begin_another(self, read: Callable[[], KeyRing]) -> bool:
        """Begins a read, unless one is about to begin, or is under way and may still be answered. Whether it did."""
        if self._is_begun() and (self._next or not self._is_due() or self._under_way >= AT_ONCE):
            return False
        self._next = self._start(read)
        return self._next

    def _is_begun(self) -> bool:
        return self._next or self._under_way > 0

    def _is_due(self) -> bool:
        return self._clock.monotonic() >= self._began + APART

    def _seconds_to_another(self) -> float:
        if self._under_way >= AT_ONCE:
            return inf
        seconds = self._began + APART - self._clock.monotonic()
        return seconds if seconds > 0 else APART

    def _reads_in_vain(self) -> bool:
        """Whether garbage comes in: one read after the other, and no new key."""
        return len(self._in_vain) == IN_VAIN and self._in_vain[0] > self._clock.monotonic() - IN_VAIN_WITHIN

    def _start(self, read: Callable[[], KeyRing]) -> bool:
        try:
            Thread(target=self._run, args=(read,), name="flow-keys", daemon=True).start()
        except RuntimeError as error:  # the process has no thread left, or is ending
            self._say_failed(str(error))
            return False
        return True

    def _run(self, read: Callable[[], KeyRing]) -> None:
        self._clock.sleep(max(0.0, self._began + APART - self._clock.monotonic()))
        with self._lock:
            self._began = began = self._clock.monotonic()
            self._next, self._under_way = False, self._under_way + 1
        fingerprints = self._keys.fingerprints
        try:
            self._take(read, began)
        finally:
            with self._lock:
                self._under_way -= 1
                self._ended_began = max(self._ended_began, began)
                self._in_vain.append(self._clock.monotonic())
                if self._keys.fingerprints != fingerprints:
                    self._in_vain.clear()
                ended, self._ended = self._ended, Future()
            ended.set_result(None)

    def _take(self, read: Callable[[], KeyRing], began: float) -> None:
        try:
            with self._watch.reading(self.phone_number_id):
                ring = read()
                with self._taking:
                    self._renew(ring, began)
        except FlowKeysError as error:
            self._say_failed(str(error), began)
        except Exception as error:  # noqa: BLE001 - whatever a client library raises; its text may hold anything
            self._say_failed(f"{type(error).__name__} while reading", began)

    def _renew(self, ring: KeyRing, began: float) -> None:
        """Takes the ring, unless it is older than the one held and was asked for before that: it comes late."""
        before = self._keys
        if began < self._taken_began and ring.revision < before.revision:
            return
        self._keys = before.renewed(ring)
        self._taken_began = max(self._taken_began, began)  # after the keys: who sees it looks at them again
        if self._failure is not None or self._keys.fingerprints != before.fingerprints:
            fingerprints = ", ".join(map(short, self._keys.fingerprints))
            _LOG.info("phone number %s: keys: %s", self._keys.phone_number_id, fingerprints)
        self._failure, self._named_at = None, -inf

    def _say_failed(self, why: str, began: float = inf) -> None:
        """As a warning the first time and each :data:`EVERY` seconds, so that an outage neither fills the log nor is
        forgotten; what a later read made good is none."""
        with self._taking:
            made_good, now = began < self._taken_began, self._clock.monotonic()
            is_due = self._failure is None or now - self._said_at >= EVERY
            level = logging.WARNING if is_due and not made_good else logging.DEBUG
            goes_on, none = "phone number %s: goes on with the keys it has: %s", "phone number %s: has no key yet: %s"
            _LOG.log(level, goes_on if self._keys.keys else none, self._keys.phone_number_id, why)
            if not made_good:
                self._failure, self._said_at = why, now if is_due else self._said_at
