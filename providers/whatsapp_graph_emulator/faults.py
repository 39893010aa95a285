"""Faults on demand: which of them meets which request, and how often it did. What they do is in `faulty_answers`.

| kind | what happens to the request |
|---|---|
| `error` | that error is answered before any effect; whatever is not given is Meta's documented value for the code |
| `error_after` | a POST has its effect, then an error is answered as by `error` |
| `delay` | it waits for `seconds`, then goes on (also to the next fault that matches) |
| `lost_answer` | it has its effect, then the connection closes without an answer |
| `late_commit` | the connection closes without an answer at once, a POST has its effect `seconds` later |
| `no_effect` | a POST that Meta would take is answered with success, and has no effect |
| `stale_read` | a GET within `seconds` of the last accepted POST answers what was served before that POST |
| `keyless_read` | a GET answers as if no key were set, with the number's `shape` and `no_key` or those given here |
| `cut_body` | it has its effect, then the connection closes after half of the body that Content-Length announces |
| `drip` | it has its effect, then the body comes byte by byte, spread over `seconds` in all |
| `wrong_date` | it is answered as ever, with a Date header that is `seconds_ahead` (negative: behind) |
| `refuse` | the connection closes without an answer and without an effect |

With `times` a fault happens that often, else until it is removed; with `after` the first requests that match are left
alone; with `every` it happens to each nth of those that follow, beginning with the first, so that a `stale_read` with
`every` 2 flaps between stale and fresh.

They meet the requests of AWS's operations, too: a PUT there counts as a POST. An error is one of Meta's by `code`,
which meets Graph requests only, or one of AWS's by `aws_code`, which meets AWS's.

A delay between write and read is not documented by Meta, nor is a read that misses the key: `stale_read`,
`keyless_read`, `no_effect` and `error_after` are tests of the client's caution.
"""

from __future__ import annotations

import itertools
import threading
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import Any

from whatsapp_graph_emulator import fields
from whatsapp_graph_emulator.answers import AwsError, GraphError
from whatsapp_graph_emulator.aws_edge import documented_aws_error
from whatsapp_graph_emulator.documented_errors import documented_error
from whatsapp_graph_emulator.errors import BadField
from whatsapp_graph_emulator.number import NO_KEY_STYLES, SHAPES

KINDS = (
    ERROR := "error",
    ERROR_AFTER := "error_after",
    DELAY := "delay",
    LOST_ANSWER := "lost_answer",
    LATE_COMMIT := "late_commit",
    NO_EFFECT := "no_effect",
    STALE_READ := "stale_read",
    KEYLESS_READ := "keyless_read",
    CUT_BODY := "cut_body",
    DRIP := "drip",
    WRONG_DATE := "wrong_date",
    REFUSE := "refuse",
)
_WITH_ERROR = (ERROR, ERROR_AFTER)
_TIMED = (DELAY, LATE_COMMIT, STALE_READ, DRIP)
# What needs an effect or something to read leaves other methods alone.
_ONLY_METHOD = {ERROR_AFTER: "POST", LATE_COMMIT: "POST", NO_EFFECT: "POST", STALE_READ: "GET", KEYLESS_READ: "GET"}

_TEN_YEARS = 10 * 366 * 24 * 60 * 60


@dataclass(frozen=True)
class Meeting:
    """A request, as a fault sees it. `at_aws`: it is one of AWS's, and not of the Graph API."""

    phone_number_id: str | None
    method: str
    seconds_since_post: float | None
    at_aws: bool


@dataclass(frozen=True)
class Fault:
    """A fault as it was asked for.

    `error` is set for the kinds that answer one; `keyless` are the fields of a number that a `keyless_read` changes.
    """

    kind: str
    phone_number_id: str | None = None
    method: str | None = None
    times: int | None = None
    after: int = 0
    every: int = 1
    seconds: float = 0.0
    seconds_ahead: int = 0
    error: GraphError | AwsError | None = None
    keyless: Mapping[str, Any] = field(default_factory=dict)

    def matches(self, met: Meeting) -> bool:
        if self.phone_number_id not in (None, met.phone_number_id) or self.method not in (None, met.method):
            return False
        if self.error is not None and isinstance(self.error, AwsError) != met.at_aws:
            return False
        if self.kind == STALE_READ:
            return met.seconds_since_post is not None and met.seconds_since_post < self.seconds
        return True


@dataclass
class _Armed:
    fault: Fault
    asked: dict[str, object]
    matched: int = 0
    hits: int = field(default=0)

    def strikes(self) -> bool:
        """Counts a request that matches; true if the fault is to happen to it."""
        fault = self.fault
        self.matched += 1
        if self.matched <= fault.after or (self.matched - fault.after - 1) % fault.every:
            return False
        if fault.times is not None and self.hits >= fault.times:
            return False
        self.hits += 1
        return True


class Faults:
    """The faults that are armed, in the order they were asked for. Safe to use from many threads."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._ids = itertools.count(1)
        self._armed: dict[int, _Armed] = {}

    def add(self, body: Mapping[str, object]) -> int:
        """Arms the fault that `read_fault` finds in `body` and returns its id; raises `BadField`."""
        armed = _Armed(read_fault(body), dict(body))
        with self._lock:
            number = next(self._ids)
            self._armed[number] = armed
        return number

    def met_by(self, request: Meeting) -> list[Fault]:
        """The faults that happen to a request: delays first come first, then at most one of another kind, which ends
        the request's way; faults after that one are not counted for it."""
        met: list[Fault] = []
        with self._lock:
            for armed in self._armed.values():
                if armed.fault.matches(request) and armed.strikes():
                    met.append(armed.fault)
                    if armed.fault.kind != DELAY:
                        break
        return met

    def shown(self) -> list[dict[str, object]]:
        """Each fault as it was asked for, with its `id` and `hits`."""
        with self._lock:
            return [{"id": number, **armed.asked, "hits": armed.hits} for number, armed in self._armed.items()]

    def remove(self, number: int) -> bool:
        """False where there is no such fault."""
        with self._lock:
            return self._armed.pop(number, None) is not None

    def clear(self) -> None:
        with self._lock:
            self._armed.clear()


_ANY_KIND: dict[str, Callable[[str, object], object]] = {
    "phone_number_id": fields.phone_number_id,
    "method": fields.one_of("GET", "POST"),
    "times": fields.whole_number(1),
    "after": fields.whole_number(0),
    "every": fields.whole_number(1),
}
_ERROR_ONLY: dict[str, Callable[[str, object], object]] = {
    "code": fields.whole_number(0),
    "aws_code": fields.text,
    "status": fields.whole_number(400, 599),
    "subcode": fields.whole_number(0),
    "message": fields.text,
    "type": fields.text,
    "is_transient": fields.flag,
    "retry_after": fields.whole_number(0),
    "headers": fields.headers,
}
_DATE_ONLY: dict[str, Callable[[str, object], object]] = {
    "seconds_ahead": fields.whole_number(-_TEN_YEARS, _TEN_YEARS),
}
_KEYLESS_ONLY: dict[str, Callable[[str, object], object]] = {
    "shape": fields.one_of(*SHAPES),
    "no_key": fields.one_of(*NO_KEY_STYLES),
}


def read_fault(body: Mapping[str, object]) -> Fault:
    """The fault in a JSON object. A field with null counts as not given.

    Raises `BadField` for an unknown field, a wrong value, or a field that the kind does not have or lacks.
    """
    fields.known_only(body, ["kind", *_ANY_KIND, "seconds", *_ERROR_ONLY, *_KEYLESS_ONLY, *_DATE_ONLY])
    given = {name: value for name, value in body.items() if value is not None}
    kind = fields.one_of(*KINDS)("kind", given.get("kind"))
    _only_for(kind, _TIMED, ("seconds",), given)
    _only_for(kind, _WITH_ERROR, _ERROR_ONLY, given)
    _only_for(kind, (KEYLESS_READ,), _KEYLESS_ONLY, given)
    _only_for(kind, (WRONG_DATE,), _DATE_ONLY, given)
    options = _checked(_ANY_KIND, given)
    if kind in _ONLY_METHOD and options.setdefault("method", _ONLY_METHOD[kind]) != _ONLY_METHOD[kind]:
        raise BadField("method", f'a fault of kind "{kind}" meets {_ONLY_METHOD[kind]} requests only')
    if kind in _TIMED:
        options["seconds"] = fields.seconds("seconds", given.get("seconds"))
    if kind == WRONG_DATE:
        options["seconds_ahead"] = _DATE_ONLY["seconds_ahead"]("seconds_ahead", given.get("seconds_ahead"))
    if kind in _WITH_ERROR:
        options["error"] = _read_error(kind, given)
    return Fault(kind=kind, keyless=_checked(_KEYLESS_ONLY, given), **options)


def _only_for(kind: str, kinds: Sequence[str], names: Iterable[str], given: Mapping[str, object]) -> None:
    """Raises `BadField` for the first of `names` that is given though it is for other kinds."""
    for name in names:
        if name in given and kind not in kinds:
            raise BadField(name, f"is for {', '.join(kinds)} only")


def _checked(checks: Mapping[str, Callable[[str, object], object]], given: Mapping[str, object]) -> dict[str, Any]:
    return {name: check(name, given[name]) for name, check in checks.items() if name in given}


def _read_error(kind: str, given: Mapping[str, object]) -> GraphError | AwsError:
    checked = _checked(_ERROR_ONLY, given)
    if "aws_code" in checked:
        return _read_aws_error(checked)
    if "code" not in checked:
        raise BadField("code", f'a fault of kind "{kind}" needs the code of Meta\'s error, or aws_code')
    error = documented_error(checked.pop("code"))
    headers = checked.pop("headers", {})
    if "retry_after" in checked:
        headers = {"Retry-After": str(checked.pop("retry_after"))} | headers
    return replace(error, headers=headers, **checked)


def _read_aws_error(checked: dict[str, Any]) -> AwsError:
    error = documented_aws_error(checked.pop("aws_code"))
    for name in checked.keys() - {"status", "message"}:
        raise BadField(name, "is for Meta's errors only, not beside aws_code")
    return replace(error, **checked)
