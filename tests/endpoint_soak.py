"""Requests without end through one endpoint, of every kind, while its keys rotate and its store is down at times.

`python -m tests.endpoint_soak [REQUESTS]`: how much memory they leave behind. `make soak` runs 200,000.
"""

import itertools
import json
import logging
import resource
import sys
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from tests.forms import APP_SECRET, FORM, PING, TYPED_IN, key, ring, sent
from whatsapp_flow_endpoint import FlowEndpoint, FlowKeys, FlowRequest, show
from whatsapp_flow_endpoint.live_keys import LiveKeys
from whatsapp_flow_keys.errors import StoreUnavailableError
from whatsapp_flow_keys.flow_protocol.signature import HEADER, sign
from whatsapp_flow_keys.ring import KeyRing

REQUESTS = 200_000
ALLOWED_KIB = 4 * 1024
"""What may be left after the warm-up: 20 bytes a request at most."""

Request = tuple[dict[str, str], bytes]
Handler = Callable[[FlowRequest], dict[str, Any]]


class FastClock:
    """Waiting takes no time."""

    def __init__(self) -> None:
        self.at = 0.0

    def now(self) -> datetime:
        return datetime(2026, 11, 25, tzinfo=UTC)

    def monotonic(self) -> float:
        self.at += 0.001
        return self.at

    def sleep(self, seconds: float) -> None:
        self.at += seconds


def echo(request: FlowRequest) -> dict[str, Any]:
    """Gives back what was typed in, and fails now and then."""
    if request.screen == "BROKEN":
        raise ValueError(TYPED_IN)
    return show("NEXT", request.data)


def soak(
    requests: int, handler: Handler = echo, say: Callable[[str], None] = lambda _: None
) -> tuple[int, dict[int, int]]:
    """KiB that the process grew by after the first tenth of the requests, and how many answers had which status."""
    endpoint, stream = _endpoint(handler), _stream()
    statuses: dict[int, int] = {}
    before = 0
    for count in range(1, requests + 1):
        with _quietly():
            status = endpoint.answer(*next(stream)).status
        statuses[status] = statuses.get(status, 0) + 1
        if count == requests // 10:
            before = _peak_kib()
        if count % (requests // 10) == 0:
            say(f"{count:>9,} requests, {_peak_kib() / 1024:.1f} MiB, answers {statuses}")
    return _peak_kib() - before, statuses


@contextmanager
def _quietly() -> Iterator[None]:
    """Half of the requests are refused, each with a line in the log."""
    before = logging.root.manager.disable
    logging.disable(logging.CRITICAL)
    try:
        yield
    finally:
        logging.disable(before)


def _endpoint(handler: Handler) -> FlowEndpoint:
    names = [f"soak {at}" for at in range(4)]
    reads = itertools.count(1)

    def read() -> KeyRing:
        count = next(reads)
        if count % 7 == 0:
            raise StoreUnavailableError("the store", "down")
        turn = count // 50
        current, previous = names[turn % 4], names[(turn - 1) % 4]
        return ring(key(current), key(previous), key("current"), revision=count)

    keys = LiveKeys(FlowKeys(ring(key("current"))), read, clock=(clock := FastClock()))
    return FlowEndpoint(handler, keys, app_secrets=(APP_SECRET,), clock=clock)


def _stream() -> Iterator[Request]:
    """One request of ten can't be opened, and has the keys read. No form is the same as one before."""
    while True:
        for size in (10, 300, 3000, 30):
            yield _signed(sent({**FORM, "data": {"day": "x" * size}}).body)
        yield _signed(sent(PING).body)
        yield _signed(sent({**FORM, "screen": "BROKEN"}).body)
        yield _signed(sent(to=key("a stranger's")).body)
        yield _signed(b'{"encrypted_aes_key": "AAAA"}')
        yield _signed(json.dumps([FORM]).encode())
        yield {HEADER: sign("another", b"{}")}, b"{}"


def _signed(body: bytes) -> Request:
    return {HEADER: sign(APP_SECRET, body)}, body


def _peak_kib() -> int:
    status = Path("/proc/self/status")
    if status.exists():  # Linux hands getrusage's peak down from the process that started this one
        return int(status.read_text().partition("VmHWM:")[2].split()[0])
    peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    return peak // 1024 if sys.platform == "darwin" else peak


def main() -> int:
    """0 if the memory did not grow."""
    requests = int(sys.argv[1]) if len(sys.argv) > 1 else REQUESTS
    grown, statuses = soak(requests, say=lambda text: print(text, flush=True))
    print(
        f"{requests:,} requests: grew by {grown} KiB after the first tenth ({ALLOWED_KIB} allowed); answers {statuses}"
    )
    return 0 if grown <= ALLOWED_KIB else 1


if __name__ == "__main__":
    sys.exit(main())
