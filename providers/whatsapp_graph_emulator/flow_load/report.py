"""What came of a load: counts and waits while it runs, and a report for a reader or for a program."""

from __future__ import annotations

import itertools
import json
import math
from collections import Counter
from collections.abc import Iterator, Mapping
from dataclasses import asdict, dataclass, field

from whatsapp_graph_emulator.flow_client import Exchange, Outcome

LATE_SECONDS = 0.1
"""A request that starts later than this after its time is late: a tenth of a second is more than threads need."""

WRONG_ANSWER = "wrong answer"

_MEANINGS = {outcome.value: outcome.meaning for outcome in Outcome} | {
    WRONG_ANSWER: "the endpoint answered, but not what was expected"
}


@dataclass(frozen=True)
class Latency:
    """How long people waited for an answer that came, in ms, resends and fetching of keys included."""

    p50: float
    p90: float
    p99: float
    max: float


@dataclass(frozen=True)
class Report:
    """A load so far, or at its end. `str` of it is a table.

    `seconds` that it ran, `rate` in requests a second, `devices` at a time and `devices_used` in all. `requests` were
    started: `answered`, or in `failures` (a count for each `Outcome` value, or "wrong answer"), or still under way.
    `statuses` counts the HTTP statuses of failed requests that had one. `answers_421` and `key_fetches` are counts.
    `latency_ms` is None where nothing was answered. `late` requests were sent, but started more than 100 ms after their
    time, and `longest_late_ms` is the longest delay of any: both are the load generator's own doing.
    """

    seconds: float
    rate: float
    devices: int
    devices_used: int
    requests: int
    answered: int
    failures: Mapping[str, int]
    statuses: Mapping[int, int]
    answers_421: int
    key_fetches: int
    latency_ms: Latency | None
    late: int
    longest_late_ms: float

    @property
    def failed(self) -> int:
        """All that failed."""
        return sum(self.failures.values())

    @property
    def under_way(self) -> int:
        """Started and neither answered nor failed yet."""
        return self.requests - self.answered - self.failed

    def as_json(self) -> str:
        """A JSON object with the fields of this class and `failed`, `under_way`."""
        return json.dumps(asdict(self) | {"failed": self.failed, "under_way": self.under_way}, indent=2)

    def progress(self) -> str:
        """One line for somebody who watches."""
        line = f"{_clock(self.seconds)}  {self.requests:,} sent  {self.answered:,} answered  {self.failed:,} failed"
        if self.failures:
            line += f" ({', '.join(self.failures)})"
        return f"{line}  {self.answers_421:,} times 421  {self.under_way:,} under way"

    def __str__(self) -> str:
        return "\n".join(self._lines())

    def _lines(self) -> Iterator[str]:
        yield (
            f"{_clock(self.seconds)} at {self.rate:g} forms a second, "
            f"{self.devices:,} devices at a time, {self.devices_used:,} in all"
        )
        yield ""
        yield _row("forms sent", self.requests)
        yield _row("answered", self.answered, self._share(self.answered))
        yield _row("failed", self.failed, self._share(self.failed))
        for name, count in self.failures.items():
            yield f"    {count:>15,}  {name}: {_MEANINGS[name]}"
        if self.statuses:
            yield _row("", "", ", ".join(f"HTTP {status}: {count:,}" for status, count in self.statuses.items()))
        if self.under_way:
            yield _row("under way", self.under_way, "left behind before they ended")
        yield ""
        yield _row("421 met", self.answers_421, "each has the key fetched again and the form sent once more")
        yield _row("keys fetched", self.key_fetches)
        if self.latency_ms is not None:
            wait = self.latency_ms
            shown = f"p50 {wait.p50:,.1f}   p90 {wait.p90:,.1f}   p99 {wait.p99:,.1f}   longest {wait.max:,.1f}"
            yield _row("waited, ms", "", shown)
        yield _row("started late", self.late, f"by this program's own delay; at most {self.longest_late_ms:,.1f} ms")

    def _share(self, count: int) -> str:
        # Cut, not rounded: 100 % is said only of all.
        return f"{math.floor(10_000 * count / self.requests) / 100:.2f} %" if self.requests else ""


def _row(name: str, count: int | str, remark: str = "") -> str:
    shown = f"{count:,}" if isinstance(count, int) else count
    return f"  {name:<12} {shown:>8}  {remark}".rstrip()


def _clock(seconds: float) -> str:
    if seconds < 60:
        return f"{seconds:.1f} s"
    minutes, rest = divmod(int(seconds), 60)
    hours, minutes = divmod(minutes, 60)
    return f"{hours}:{minutes:02}:{rest:02}" if hours else f"{minutes}:{rest:02} min"


@dataclass
class Tally:
    """The counts of a running load, not thread-safe. Its size does not grow with the time it runs."""

    requests: int = 0
    answered: int = 0
    failures: Counter[str] = field(default_factory=Counter)
    statuses: Counter[int] = field(default_factory=Counter)
    answers_421: int = 0
    key_fetches: int = 0
    devices_used: int = 0
    late: int = 0
    longest_late: float = 0.0
    waits: Counter[float] = field(default_factory=Counter)
    """Requests by the time waited, in ms to one decimal."""

    def begin(self, *, late: float, fresh_device: bool) -> None:
        """Counts a request that started `late` seconds after its time, on a device that may be new."""
        self.requests += 1
        self.devices_used += fresh_device
        self.late += late > LATE_SECONDS
        self.longest_late = max(self.longest_late, late)

    def end(self, exchange: Exchange, *, right: bool) -> None:
        """Counts what came of it; `right` is False where the answer was not the expected one."""
        self.answers_421 += exchange.answers_421
        self.key_fetches += exchange.key_fetches
        if exchange.outcome is Outcome.ANSWERED:
            self.waits[round(1000 * exchange.seconds, 1)] += 1
        if exchange.outcome is Outcome.ANSWERED and right:
            self.answered += 1
            return
        self.failures[exchange.outcome.value if right else WRONG_ANSWER] += 1
        if exchange.status is not None:
            self.statuses[exchange.status] += 1

    def report(self, *, seconds: float, rate: float, devices: int) -> Report:
        """These counts, unchanging."""
        return Report(
            seconds=round(seconds, 3),
            rate=rate,
            devices=devices,
            devices_used=self.devices_used,
            requests=self.requests,
            answered=self.answered,
            failures=dict(self.failures.most_common()),
            statuses=dict(self.statuses.most_common()),
            answers_421=self.answers_421,
            key_fetches=self.key_fetches,
            latency_ms=_latency(self.waits),
            late=self.late,
            longest_late_ms=round(1000 * self.longest_late, 1),
        )


def _latency(waits: Counter[float]) -> Latency | None:
    if not waits:
        return None
    ordered = sorted(waits.items())
    return Latency(*(_percentile(ordered, share) for share in (0.5, 0.9, 0.99, 1.0)))


def _percentile(ordered: list[tuple[float, int]], share: float) -> float:
    """The smallest wait that this share of the requests did not exceed (nearest rank)."""
    rank = math.ceil(share * sum(count for _, count in ordered))
    counted = itertools.accumulate(count for _, count in ordered)
    return next(wait for (wait, _), so_far in zip(ordered, counted, strict=True) if so_far >= rank)
