"""Threads for work that would hold up an event loop. What none of them has begun in time is taken back."""

import asyncio
from collections import OrderedDict
from collections.abc import Callable
from contextlib import suppress
from contextvars import copy_context
from functools import partial
from threading import Condition, Thread
from typing import Any, TypeVar

from whatsapp_flow_endpoint.watching import Watch

IDLE = 60.0
"""Seconds without work after which a thread ends."""

T = TypeVar("T")


class NoThreadFree(Exception):
    """All threads were busy until the time was over. The work was not begun, and won't be."""


class Threads:
    """Up to ``most`` threads, started as they are needed. They are daemons, so what hangs ends with the process."""

    def __init__(self, most: int, name: str, watch: Watch | None = None) -> None:
        self.most, self.name, self._watch = most, name, watch or Watch()
        self._changed = Condition()
        self._waiting: OrderedDict[asyncio.Future[Any], Callable[[], Any]] = OrderedDict()
        self._started = self._idle = 0

    async def run(self, work: Callable[[], T], *, seconds: float) -> T:
        """What ``work`` returns or raises in one of the threads, where it finds the context variables of the caller.

        Raises :class:`NoThreadFree` if none of them has begun it within ``seconds``.
        """
        loop = asyncio.get_running_loop()
        ended: asyncio.Future[T] = loop.create_future()
        self._put(ended, partial(copy_context().run, work))
        timer = loop.call_later(max(0.0, seconds), self._give_up, ended)
        try:
            return await ended
        finally:
            timer.cancel()
            self._take_back(ended)  # of a caller that was cancelled

    def _give_up(self, ended: asyncio.Future[Any]) -> None:
        if self._take_back(ended) and not ended.done():
            ended.set_exception(NoThreadFree())

    def _put(self, job: asyncio.Future[T], work: Callable[[], T]) -> None:
        self._watch.waiting_for_a_thread(self.name, 1)
        with self._changed:
            self._waiting[job] = work
            if len(self._waiting) > self._idle and self._started < self.most:
                with suppress(RuntimeError):  # the process has no thread left; those that run may take it
                    Thread(target=self._serve, name=self.name, daemon=True).start()
                    self._started += 1
            self._changed.notify()

    def _take_back(self, job: asyncio.Future[Any]) -> bool:
        """False if a thread has begun it."""
        with self._changed:
            was_waiting = self._waiting.pop(job, None) is not None
        if was_waiting:
            self._watch.waiting_for_a_thread(self.name, -1)
        return was_waiting

    def _serve(self) -> None:
        while self._serve_one():
            pass

    def _serve_one(self) -> bool:
        """False if there was none for long. Keeps nothing of it: a thread that idles holds no form."""
        with self._changed:
            self._idle += 1
            self._changed.wait_for(lambda: self._waiting, IDLE)
            self._idle -= 1
            if not self._waiting:
                self._started -= 1
                return False
            job, work = self._waiting.popitem(last=False)
        self._watch.waiting_for_a_thread(self.name, -1)
        try:
            settle = partial(_settle, job, work())
        except BaseException as error:  # noqa: BLE001 - raised again where it is awaited
            settle = partial(_fail, job, error)
        with suppress(RuntimeError):  # its loop has been closed meanwhile
            job.get_loop().call_soon_threadsafe(settle)
        return True


def _settle(job: asyncio.Future[T], result: T) -> None:
    if not job.done():  # else nobody waits for it any more
        job.set_result(result)


def _fail(job: asyncio.Future[Any], error: BaseException) -> None:
    if not job.done():
        job.set_exception(error)
