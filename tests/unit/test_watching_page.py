"""docs/watching.md has what an endpoint tells OpenTelemetry, and its alerts speak of nothing else."""

import re
from collections.abc import Iterator
from pathlib import Path

import pytest
from opentelemetry.sdk.metrics.export import Gauge, Histogram, Metric, Sum

from tests.exported import Exported
from tests.watched_endpoint import send_everything
from whatsapp_flow_endpoint import asgi, watching
from whatsapp_flow_endpoint.open_telemetry import CANCELLED
from whatsapp_flow_keys.ring import Role

PAGE = (Path(__file__).parents[2] / "docs" / "watching.md").read_text()
EXPRESSIONS = re.findall(r"^```(?:yaml|promql)\n(.*?)^```$", PAGE, re.MULTILINE | re.DOTALL)

_WORDS_OF_THE_LANGUAGE = {"sum", "max", "by", "rate", "increase", "histogram_quantile", "and", "or", "m", "d"}
_LABELS_OF_PROMETHEUS = {"job", "instance", "le"}


@pytest.fixture(scope="module")
def exported() -> Iterator[Exported]:
    """What was told once everything was sent."""
    with pytest.MonkeyPatch.context() as patches:
        exported = Exported(patches)
        send_everything(exported)
        yield exported


def rows(first: str) -> list[list[str]]:
    """The cells of the table whose first heading this is."""
    lines = PAGE.partition(f"| {first} |")[2].partition("\n\n")[0].splitlines()[2:]
    return [[cell.strip() for cell in line.strip("|").split("|")] for line in lines]


def in_code(text: str) -> list[str]:
    return re.findall(r"`([^`]+)`", text)


def kind_of(metric: Metric) -> str:
    if isinstance(metric.data, Sum):
        return "counter" if metric.data.is_monotonic else "up-down counter"
    return {Histogram: "histogram", Gauge: "gauge"}[type(metric.data)]


def attributes_of(metric: Metric) -> set[str]:
    return {name for point in metric.data.data_points for name in point.attributes or ()}


def in_prometheus(metric: Metric) -> set[str]:
    """Its names there: dots become underscores, the unit follows, and what the kind asks for."""
    name = metric.name.replace(".", "_") + ("_seconds" if metric.unit == "s" else "")
    endings = {"histogram": ("_count", "_bucket"), "counter": ("_total",)}
    return {name + ending for ending in endings.get(kind_of(metric), ("",))}


def test_the_page_has_every_metric_with_its_kind_its_unit_and_its_attributes(exported: Exported) -> None:
    of_the_page = {
        (name, kind, unit, frozenset(in_code(attributes)))
        for first, kind, given, attributes, _ in rows("metric")
        for name, unit in [(*in_code(first), *in_code(given))]
    }
    assert of_the_page == {
        (metric.name, kind_of(metric), metric.unit, frozenset(attributes_of(metric)))
        for metric in exported.metrics().values()
    }


def test_the_page_counts_the_buckets_of_a_series(exported: Exported) -> None:
    histograms = [metric.data for metric in exported.metrics().values() if isinstance(metric.data, Histogram)]
    fewest = min(len(point.bucket_counts) for histogram in histograms for point in histogram.data_points)
    assert f"each of their series has {fewest} buckets or more" in PAGE


def test_the_page_has_every_attribute_of_a_metric(exported: Exported) -> None:
    named = {name for first, _ in rows("attribute") for name in in_code(first)}
    assert named == set().union(*map(attributes_of, exported.metrics().values()))


def test_the_page_has_every_value_of_the_attributes_whose_values_are_ours() -> None:
    values = {name: in_code(said) for first, said in rows("attribute") for name in in_code(first)}
    kinds = {watching.FORM, watching.PING, watching.ERROR_NOTICE, watching.UNREAD}
    assert set(values["whatsapp.flow.request.kind"]) == kinds
    assert set(values["whatsapp.flow.key.role"]) >= {role.value for role in Role}
    threads = {each.name for each in asgi._Turns(1)._threads.values()}
    assert set(values["whatsapp.flow.wait.reason"]) >= {watching.KEYS, watching.SAME_REQUEST, *threads}
    assert CANCELLED in values["error.type"]


def test_the_page_has_every_span_with_its_attributes(exported: Exported) -> None:
    of_the_page = {name: set(in_code(attributes)) for first, _, attributes in rows("span") for name in in_code(first)}
    told: dict[str, set[str]] = {}
    for span in exported.spans():
        told.setdefault(span.name, set()).update(span.attributes or ())
    assert of_the_page == told


def test_the_expressions_speak_of_metrics_and_attributes_that_there_are(exported: Exported) -> None:
    metrics = exported.metrics().values()
    known = set().union(*map(in_prometheus, metrics)) | _WORDS_OF_THE_LANGUAGE | _LABELS_OF_PROMETHEUS
    labels = {name.replace(".", "_") for metric in metrics for name in attributes_of(metric)}
    expressions = [*re.findall(r"expr: \|\n(.*?)\n +for:", EXPRESSIONS[0], re.DOTALL), EXPRESSIONS[1]]
    assert len(expressions) == 4
    for expression in expressions:
        words = re.findall(r"[a-z_]+", re.sub(r'"[^"]*"', "", expression))
        assert set(words) - known - labels == set()


def test_there_are_three_alerts_and_the_page_says_what_to_do_at_each() -> None:
    alerts = re.findall(r"- alert: (\w+)", EXPRESSIONS[0])
    assert len(alerts) == 3
    assert re.findall(r"^\*\*(\w+)\*\*: ", PAGE, re.MULTILINE) == alerts
