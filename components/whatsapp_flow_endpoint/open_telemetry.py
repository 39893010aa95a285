"""Tells OpenTelemetry what an endpoint does: metrics, and spans below that of the web framework.

It uses OpenTelemetry's API alone, so without an SDK in the process nothing is recorded. What an attribute can be is one
of a few: kinds, statuses, the keys and the numbers that the endpoint holds, types of exceptions. Of an exception
nothing else is told, since its text and the values in its stack trace may hold what a person typed.

Source: OpenTelemetry, semantic conventions: "Naming", "Metrics", "Recording errors", and "HTTP metrics", which has the
boundaries of durations.
"""

from asyncio import CancelledError
from collections.abc import Iterable
from contextlib import AbstractContextManager
from dataclasses import dataclass
from functools import partial
from http import HTTPStatus
from importlib.metadata import PackageNotFoundError, version
from time import perf_counter
from typing import Self
from weakref import ref

from opentelemetry.context import Context, attach, detach, get_current
from opentelemetry.metrics import CallbackOptions, MeterProvider, Observation, get_meter
from opentelemetry.trace import INVALID_SPAN, Span, StatusCode, TracerProvider, get_tracer, set_span_in_context
from opentelemetry.util.types import AttributeValue

from whatsapp_flow_endpoint.answer import FlowTokenNoLongerValid
from whatsapp_flow_endpoint.watching import UNREAD, AgingKeys, Current, RequestWatch, Watch, nothing
from whatsapp_flow_keys.fingerprint import short
from whatsapp_flow_keys.ring import Role

SCOPE, _DISTRIBUTION = "whatsapp_flow_endpoint", "whatsapp-flow-encryption"

STATUS, ERROR = "http.response.status_code", "error.type"
KIND = "whatsapp.flow.request.kind"
TRIED_KEYS = "whatsapp.flow.request.tried_keys"
ROLE = "whatsapp.flow.key.role"
FINGERPRINT = "whatsapp.flow.key.fingerprint"
NUMBER = "whatsapp.phone_number_id"
REASON = "whatsapp.flow.wait.reason"

CANCELLED = "cancelled"
"""The type of the error where nobody waits for the answer any more."""

_SECONDS = (0.005, 0.01, 0.025, 0.05, 0.075, 0.1, 0.25, 0.5, 0.75, 1.0, 2.5, 5.0, 7.5, 10.0)
_SECONDS_OF_A_READ = (*_SECONDS, 20.0, 30.0)
_KEYS_TRIED = (1, 2, 3, 4, 5, 10, 20, 50, 100, 200, 500)

Attributes = dict[str, AttributeValue]


class OpenTelemetryWatch(Watch):
    """Tells the providers of the process, whenever these are set; or the given ones."""

    def __init__(self, meters: MeterProvider | None = None, tracers: TracerProvider | None = None) -> None:
        meter = get_meter(SCOPE, _version(), meters)
        self.tracer = get_tracer(SCOPE, _version(), tracers)
        self.durations = meter.create_histogram(
            "whatsapp.flow.request.duration",
            unit="s",
            description="From a request to its answer",
            explicit_bucket_boundaries_advisory=_SECONDS,
        )
        self.tried_keys = meter.create_histogram(
            TRIED_KEYS,
            unit="{key}",
            description="Keys that were tried on a request",
            explicit_bucket_boundaries_advisory=_KEYS_TRIED,
        )
        self.waiting = meter.create_up_down_counter(
            "whatsapp.flow.request.waiting", unit="{request}", description="Requests that wait"
        )
        self.opened = meter.create_counter(
            "whatsapp.flow.key.requests", unit="{request}", description="Requests that a key opened"
        )
        self.reads = meter.create_counter(
            "whatsapp.flow.key.reads", unit="{read}", description="Reads of the keys from their store"
        )
        self.read_durations = meter.create_histogram(
            "whatsapp.flow.key.read.duration",
            unit="s",
            description="Of a read of the keys from their store",
            explicit_bucket_boundaries_advisory=_SECONDS_OF_A_READ,
        )
        self.handler_durations = meter.create_histogram(
            "whatsapp.flow.handler.duration",
            unit="s",
            description="Of a call of a handler",
            explicit_bucket_boundaries_advisory=_SECONDS,
        )
        self.handlers = meter.create_up_down_counter(
            "whatsapp.flow.handler.active", unit="{call}", description="Calls of handlers that are under way"
        )
        self._aging: list[ref[AgingKeys]] = []
        meter.create_observable_gauge(
            "whatsapp.flow.key.read.age",
            [self._ages],
            unit="s",
            description="Since the last read that gave the keys of a number",
        )

    def request(self) -> RequestWatch:
        return _Request(self)

    def reading(self, phone_number_id: str) -> AbstractContextManager[object]:
        return _Reading(self, phone_number_id)

    def aging(self, keys: AgingKeys) -> None:
        self._aging.append(ref(keys, self._aging.remove))

    def waiting_for_a_thread(self, threads: str, change: int) -> None:
        self.waiting.add(change, {REASON: threads})

    def _ages(self, _: CallbackOptions) -> Iterable[Observation]:
        alive = [keys for each in tuple(self._aging) if (keys := each())]
        return [Observation(keys.age, {NUMBER: keys.phone_number_id}) for keys in alive]


class _Request(RequestWatch):
    def __init__(self, told: OpenTelemetryWatch) -> None:
        self._told, self._kind = told, UNREAD
        self._status: int | None = None
        self._span: Span = INVALID_SPAN
        self._context = get_current()

    def __enter__(self) -> Self:
        self._began = perf_counter()
        self._span = self._told.tracer.start_span("answer flow request", self._context)
        self._context = _within(self._span, self._context)
        return self

    def __exit__(self, raised: type[BaseException] | None, *_: object) -> None:
        attributes: Attributes = {KIND: self._kind}
        if self._status is None:
            attributes[ERROR] = _type(raised)
        else:
            attributes[STATUS] = self._status
            if self._status >= HTTPStatus.INTERNAL_SERVER_ERROR:
                attributes[ERROR] = str(self._status)
        self._told.durations.record(perf_counter() - self._began, attributes, self._context)
        _end(self._span, attributes)

    def tried(self, keys: int) -> None:
        self._told.tried_keys.record(keys, None, self._context)
        self._span.set_attribute(TRIED_KEYS, keys)

    def opened(self, fingerprint: str, role: Role | None, phone_number_id: str | None) -> None:
        key: Attributes = {FINGERPRINT: short(fingerprint)}
        if role:
            key[ROLE] = role.value
        if phone_number_id:
            key[NUMBER] = phone_number_id
        self._told.opened.add(1, key, self._context)
        self._span.set_attributes(key)

    def is_a(self, kind: str) -> None:
        self._kind = kind

    def waits(self, reason: str) -> AbstractContextManager[object]:
        return _Waiting(self._told, self._context, reason)

    def handled(self) -> AbstractContextManager[Current]:
        return _Handled(self._told, self._context, self._kind)

    def answered(self, status: int) -> None:
        self._status = status


@dataclass
class _Waiting:
    told: OpenTelemetryWatch
    context: Context
    reason: str

    def __enter__(self) -> None:
        self.told.waiting.add(1, {REASON: self.reason}, self.context)
        self._span = self.told.tracer.start_span(f"wait for {self.reason}", self.context)

    def __exit__(self, *_: object) -> None:
        self.told.waiting.add(-1, {REASON: self.reason}, self.context)
        self._span.end()


@dataclass
class _Handled:
    told: OpenTelemetryWatch
    context: Context
    kind: str

    def __enter__(self) -> Current:
        self.told.handlers.add(1, {KIND: self.kind}, self.context)
        self._began = perf_counter()
        self._span = self.told.tracer.start_span(f"handle {self.kind}", self.context)
        within = _within(self._span, self.context)
        return nothing if within is self.context else partial(_Attached, within)

    def __exit__(self, raised: type[BaseException] | None, *_: object) -> None:
        self.told.handlers.add(-1, {KIND: self.kind}, self.context)
        attributes: Attributes = {KIND: self.kind}
        if raised and not issubclass(raised, FlowTokenNoLongerValid):
            attributes[ERROR] = _type(raised)
        self.told.handler_durations.record(perf_counter() - self._began, attributes, self.context)
        _end(self._span, attributes)


@dataclass
class _Reading:
    told: OpenTelemetryWatch
    phone_number_id: str

    def __enter__(self) -> None:
        self._began = perf_counter()

    def __exit__(self, raised: type[BaseException] | None, *_: object) -> None:
        failed: Attributes = {ERROR: _type(raised)} if raised else {}
        self.told.reads.add(1, {NUMBER: self.phone_number_id, **failed})
        self.told.read_durations.record(perf_counter() - self._began, failed)


@dataclass
class _Attached:
    """Within it this context is the current one of the thread or the task."""

    context: Context

    def __enter__(self) -> None:
        self._token = attach(self.context)

    def __exit__(self, *_: object) -> None:
        detach(self._token)


def _within(span: Span, parent: Context) -> Context:
    """``parent`` itself where there is no SDK. A span that is not sampled counts: what is below it must not be."""
    return set_span_in_context(span, parent) if span.get_span_context().is_valid else parent


def _end(span: Span, attributes: Attributes) -> None:
    span.set_attributes(attributes)
    if ERROR in attributes:
        span.set_status(StatusCode.ERROR)
    span.end()


def _type(raised: type[BaseException] | None) -> str:
    if raised is None or issubclass(raised, GeneratorExit | CancelledError):
        return CANCELLED
    return raised.__qualname__ if raised.__module__ == "builtins" else f"{raised.__module__}.{raised.__qualname__}"


def _version() -> str:
    try:
        return version(_DISTRIBUTION)
    except PackageNotFoundError:  # it runs from a checkout
        return ""
