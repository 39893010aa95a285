"""What an endpoint tells OpenTelemetry, as its real SDK collects it in memory."""

from collections.abc import Sequence
from typing import Any

import pytest
from opentelemetry.sdk.metrics import MeterProvider
from opentelemetry.sdk.metrics.export import InMemoryMetricReader, Metric
from opentelemetry.sdk.trace import ReadableSpan, TracerProvider
from opentelemetry.sdk.trace.export import SimpleSpanProcessor
from opentelemetry.sdk.trace.export.in_memory_span_exporter import InMemorySpanExporter
from opentelemetry.trace import Tracer

from whatsapp_flow_endpoint.open_telemetry import OpenTelemetryWatch

Attributes = dict[str, Any]


class Exported:
    """Of the endpoints that a test makes from now on."""

    def __init__(self, monkeypatch: pytest.MonkeyPatch) -> None:
        self._reader, self._spans = InMemoryMetricReader(), InMemorySpanExporter()
        self._tracers = TracerProvider(shutdown_on_exit=False)
        self._tracers.add_span_processor(SimpleSpanProcessor(self._spans))
        meters = MeterProvider([self._reader], shutdown_on_exit=False)
        self.watch = OpenTelemetryWatch(meters, self._tracers)
        for module in ("endpoint", "asgi", "pywa"):
            monkeypatch.setattr(f"whatsapp_flow_endpoint.{module}.watch_of_this_process", lambda: self.watch)

    def tracer(self) -> Tracer:
        """One of the application's own."""
        return self._tracers.get_tracer("application")

    def metrics(self) -> dict[str, Metric]:
        """By name, as they are at this moment."""
        data = self._reader.get_metrics_data()
        scopes = [scope for resource in data.resource_metrics for scope in resource.scope_metrics] if data else []
        return {metric.name: metric for scope in scopes for metric in scope.metrics}

    def of(self, name: str) -> list[tuple[Attributes, float]]:
        """Each set of attributes of a metric, and its value; of a histogram, how many values it has."""
        metric = self.metrics().get(name)
        points: Sequence[Any] = metric.data.data_points if metric else ()
        return [(dict(point.attributes), getattr(point, "count", None) or point.value) for point in points]

    def sums(self, name: str) -> list[tuple[Attributes, float]]:
        """Each set of attributes of a histogram, and the sum of its values."""
        points: Sequence[Any] = self.metrics()[name].data.data_points
        return [(dict(point.attributes), point.sum) for point in points]

    def spans(self) -> tuple[ReadableSpan, ...]:
        """Those that have ended, in this order."""
        return self._spans.get_finished_spans()

    def span(self, name: str) -> ReadableSpan:
        """The only one of this name."""
        (span,) = [span for span in self.spans() if span.name == name]
        return span

    def everything(self) -> str:
        """All that an exporter is given, as text."""
        data = self._reader.get_metrics_data()
        return "\n".join([data.to_json() if data else "", *(span.to_json() for span in self.spans())])


def is_below(span: ReadableSpan, above: ReadableSpan) -> bool:
    """Whether ``above`` is the parent of ``span``."""
    assert above.context is not None
    return span.parent is not None and span.parent.span_id == above.context.span_id
