"""What a contender speaks with the bench: a line of JSON in, a line of JSON out, until its input ends.

The clock starts before anything else is imported, so a contender's imports, done in its `load`, count as cold start.
"""

import time

_BEGAN = time.perf_counter()

import json  # noqa: E402 - after the clock
import sys  # noqa: E402
from collections.abc import Callable, Sequence  # noqa: E402
from itertools import cycle, islice  # noqa: E402
from typing import TypeVar  # noqa: E402

Request = TypeVar("Request")
Fields = dict[str, str]
"""The JSON of a request's body: ``encrypted_flow_data``, ``encrypted_aes_key``, ``initial_vector``."""
Load = Callable[[str], Callable[[Request], str]]
"""From the private key as PEM to a function that answers one request."""
Prepare = Callable[[dict[str, str], str], Request]
"""From the HTTP headers and body to what the contender begins with, which is not measured."""


def serve(load: Load[Request], prepare: Prepare[Request]) -> None:
    """Answers each request that the first line gives, then as many again as each further line says.

    In: ``{"private_key", "requests": [{"headers", "body"}]}``. Out: ``{"answers", "seconds", "peak_bytes"}``, the
    seconds from the start to the first answer. Then, in: ``{"exchanges", "threads"}``; out: ``{"seconds",
    "cpu_seconds"}``.
    """
    given = json.loads(sys.stdin.readline())
    exchange = load(given["private_key"])
    requests = [prepare(request["headers"], request["body"]) for request in given["requests"]]
    answers = [exchange(requests[0])]
    seconds, peak = time.perf_counter() - _BEGAN, peak_bytes()
    answers += [exchange(request) for request in requests[1:]]
    _say({"answers": answers, "seconds": seconds, "peak_bytes": peak})
    for line in sys.stdin:
        asked = json.loads(line)
        cpu_began = time.process_time()
        seconds = _seconds_for(exchange, requests, asked["exchanges"], asked["threads"])
        _say({"seconds": seconds, "cpu_seconds": time.process_time() - cpu_began})


def fields(_headers: dict[str, str], body: str) -> Fields:
    """What an exchange without HTTP and signature begins with."""
    given: Fields = json.loads(body)
    return given


def peak_bytes() -> int:
    """The most memory that this process ever held, resident."""
    if sys.platform == "linux":
        # Not ru_maxrss: Linux hands the parent's peak on to a child that it starts.
        with open("/proc/self/status") as status:
            return next(int(line.split()[1]) * 1024 for line in status if line.startswith("VmHWM:"))
    import resource  # only here, since it is memory, too

    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss  # bytes on macOS


def _seconds_for(
    exchange: Callable[[Request], str], requests: Sequence[Request], exchanges: int, threads: int
) -> float:
    def run() -> None:
        for request in islice(cycle(requests), exchanges // threads):
            exchange(request)

    if threads == 1:
        began = time.perf_counter()
        run()
        return time.perf_counter() - began
    from threading import Thread  # only here: a cold start needs no threads

    running = [Thread(target=run) for _ in range(threads)]
    began = time.perf_counter()
    for thread in running:
        thread.start()
    for thread in running:
        thread.join()
    return time.perf_counter() - began


def _say(answer: dict[str, object]) -> None:
    print(json.dumps(answer), flush=True)
