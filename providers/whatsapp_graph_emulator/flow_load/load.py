"""Sends forms at a steady rate over many devices. An open loop: each request has its time, whatever the answers do."""

from __future__ import annotations

import itertools
import math
import threading
import time
import uuid
from collections import deque
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, replace
from types import TracebackType
from typing import Any

from whatsapp_graph_emulator.errors import BadField
from whatsapp_graph_emulator.flow_client import Exchange, FlowClient, Outcome, opening
from whatsapp_graph_emulator.flow_load.report import Report, Tally

Payload = Mapping[str, object]


def opened_flow() -> Payload:
    """A Flow is opened, which every endpoint answers with its first screen; no other has the flow_token."""
    return opening(str(uuid.uuid4()))


@dataclass(frozen=True)
class _Device:
    client: FlowClient
    requests_left: int
    fresh: bool = True


class FlowLoad:
    """Requests at `rate` a second until `total` were sent, or with None until `stop`; in a `with` block or by `start`.

    `new_device` makes a device, which fetches the key at its first request and keeps it. Of `devices` at a time each is
    replaced after `requests_per_device` requests, the first ones earlier and each at another time, so that old and
    fresh keys are in use together. Where all are busy, one more is made: a slow answer delays nobody else.

    `payload` gives what each request sends. `judge` is given the payload and the decrypted answer, and returns False
    where that is wrong. What either or `new_device` raises ends the load, and `wait` and `stop` raise it.

    Raises `BadField` for a number out of range.
    """

    def __init__(
        self,
        new_device: Callable[[], FlowClient],
        *,
        rate: float = 20.0,
        total: int | None = None,
        devices: int = 50,
        requests_per_device: int = 20,
        payload: Callable[[], Payload] = opened_flow,
        judge: Callable[[Payload, Mapping[str, Any]], bool] | None = None,
    ) -> None:
        if not 0 < rate < math.inf:
            raise BadField("rate", "must be a number of requests a second above 0")
        if devices < 1:
            raise BadField("devices", "must be 1 or more")
        if requests_per_device < 1:
            raise BadField("requests_per_device", "must be 1 or more")
        self._new_device, self._payload, self._judge = new_device, payload, judge
        self._rate, self._total = rate, total
        self._devices, self._requests_per_device = devices, requests_per_device
        self._idle: deque[_Device] = deque()
        self._tally = Tally()
        self._changed = threading.Condition()
        self._stopping = threading.Event()
        self._last_due = math.inf
        self._all_started = False
        self._threads = 0
        self._ended: float | None = None
        self._error: BaseException | None = None

    def __enter__(self) -> FlowLoad:
        self.start()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, traceback: TracebackType | None
    ) -> None:
        self.stop()

    def start(self) -> None:
        """Starts sending; once."""
        for position in range(1, self._devices + 1):
            self._idle.append(self._made(math.ceil(self._requests_per_device * position / self._devices)))
        self._began = time.monotonic()
        threading.Thread(target=self._send_on_time, name="flow-load", daemon=True).start()

    def wait(self, seconds: float | None = None) -> bool:
        """Waits until `total` requests have ended, for so many seconds at most; whether they have."""
        with self._changed:
            ended = self._changed.wait_for(lambda: self._all_started and not self._threads, seconds)
            if self._error is not None:
                raise self._error
            return ended

    def stop(self) -> Report:
        """Starts no request that is not due yet, waits for those under way (`FlowClient` ends each), and reports."""
        self._halt(time.monotonic())
        self.wait()
        return self.report()

    def report(self) -> Report:
        """What came of it so far."""
        with self._changed:
            until = time.monotonic() if self._ended is None else self._ended
            return self._tally.report(seconds=until - self._began, rate=self._rate, devices=self._devices)

    def _send_on_time(self) -> None:
        numbers: Iterable[int] = itertools.count() if self._total is None else range(self._total)
        with _Keeping(self._fail):
            for number in numbers:
                due = self._began + number / self._rate
                self._stopping.wait(max(0.0, due - time.monotonic()))
                if due > self._last_due:
                    break
                threading.Thread(target=self._request, args=(due,), name="flow-device", daemon=True).start()
                with self._changed:
                    self._threads += 1
        with self._changed:
            self._all_started = True
            self._note_the_end()

    def _request(self, due: float) -> None:
        with _Keeping(self._fail):
            payload = self._payload()
            device = self._begin(due)
            exchange = device.client.send(payload)
            right = exchange.outcome is not Outcome.ANSWERED or self._is_right(payload, exchange)
            self._end(device, exchange, right=right)
        with self._changed:
            self._threads -= 1
            self._note_the_end()

    def _begin(self, due: float) -> _Device:
        with self._changed:
            device = self._idle.popleft() if self._idle else self._made(self._requests_per_device)
            self._tally.begin(late=max(0.0, time.monotonic() - due), fresh_device=device.fresh)
            return device

    def _is_right(self, payload: Payload, exchange: Exchange) -> bool:
        return self._judge is None or exchange.answer is None or self._judge(payload, exchange.answer)

    def _end(self, device: _Device, exchange: Exchange, *, right: bool) -> None:
        with self._changed:
            self._tally.end(exchange, right=right)
            if len(self._idle) >= self._devices:
                return
            if device.requests_left > 1:
                self._idle.append(replace(device, requests_left=device.requests_left - 1, fresh=False))
            else:
                self._idle.append(self._made(self._requests_per_device))

    def _made(self, requests_left: int) -> _Device:
        return _Device(self._new_device(), requests_left)

    def _note_the_end(self) -> None:
        if self._all_started and not self._threads:
            self._ended = time.monotonic()
        self._changed.notify_all()

    def _fail(self, error: BaseException) -> None:
        with self._changed:
            self._error = self._error or error
        self._halt(-math.inf)

    def _halt(self, last_due: float) -> None:
        self._last_due = min(self._last_due, last_due)
        self._stopping.set()


class _Keeping:
    """Hands on what is raised in a thread, where nobody would see it."""

    def __init__(self, keep: Callable[[BaseException], None]) -> None:
        self._keep = keep

    def __enter__(self) -> None:
        pass

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, traceback: TracebackType | None
    ) -> bool:
        if error is not None:
            self._keep(error)
        return True
