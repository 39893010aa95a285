"""Without OpenTelemetry's API nothing of it is loaded, without an SDK nothing is told; and a server may fork."""

import json
import os
import subprocess
import sys
from typing import Any

import pytest

from tests.forms import APP_SECRET, key, ring, sent
from whatsapp_flow_keys import document

ENDPOINT = """
import json, os, sys
from whatsapp_flow_endpoint import FlowEndpoint
from whatsapp_flow_endpoint.asgi import asgi_app
headers, body = json.loads(os.environ["FORM"])
def answered(endpoint):
    asgi_app(endpoint)
    return endpoint.answer(headers, body.encode()).status
def made():
    return FlowEndpoint.from_env(lambda request: {})
def loaded():
    return sorted(name for name in sys.modules if name.partition(".")[0] == "opentelemetry")
"""

ABSENT = "import sys; sys.modules['opentelemetry'] = None"
"""As if it was not installed."""

SDK = """
from opentelemetry import metrics, trace
from opentelemetry.sdk.metrics import MeterProvider
from opentelemetry.sdk.metrics.export import InMemoryMetricReader
from opentelemetry.sdk.trace import TracerProvider
from opentelemetry.sdk.trace.export import SimpleSpanProcessor
from opentelemetry.sdk.trace.export.in_memory_span_exporter import InMemorySpanExporter
reader, spans = InMemoryMetricReader(), InMemorySpanExporter()
def set_up():
    tracers = TracerProvider()
    tracers.add_span_processor(SimpleSpanProcessor(spans))
    trace.set_tracer_provider(tracers)
    metrics.set_meter_provider(MeterProvider([reader]))
def told():
    (resource,) = reader.get_metrics_data().resource_metrics
    (scope,) = resource.scope_metrics
    count = {m.name: m.data.data_points for m in scope.metrics}["whatsapp.flow.request.duration"][0].count
    return [count, [span.name for span in spans.get_finished_spans()], scope.scope.name, bool(scope.scope.version)]
"""
ONE_FORM = [1, ["handle form", "answer flow request"], "whatsapp_flow_endpoint", True]


def ran(*program: str) -> Any:
    """What a program in a process of its own prints as JSON, and its log."""
    form = sent()
    environ = {
        **os.environ,
        "WHATSAPP_FLOW_KEYS": document.dump(ring(key())),
        "WHATSAPP_APP_SECRET": APP_SECRET,
        "FORM": json.dumps([form.signed, form.body.decode()]),
    }
    done = subprocess.run([sys.executable, "-c", "\n".join(program)], env=environ, capture_output=True, text=True)
    assert done.returncode == 0, done.stderr
    return json.loads(done.stdout), done.stderr


def test_an_endpoint_answers_where_the_api_is_not_installed_and_says_nothing_of_it() -> None:
    assert ran(ABSENT, ENDPOINT, "print(json.dumps(answered(made())))") == (200, "")


def test_nothing_of_opentelemetry_is_loaded_before_an_endpoint_is_made() -> None:
    modules = "import whatsapp_flow_endpoint.wsgi, whatsapp_flow_endpoint.aws_lambda, whatsapp_flow_endpoint.testing"
    assert ran(ENDPOINT, modules, "print(json.dumps(loaded()))") == ([], "")


def test_with_the_api_alone_no_sdk_is_loaded_and_nothing_is_said() -> None:
    found, said = ran(ENDPOINT, "status = answered(made())", "print(json.dumps([status, loaded()]))")
    status, modules = found
    assert (status, said) == (200, "")
    assert "opentelemetry.trace" in modules
    assert not [name for name in modules if name.startswith("opentelemetry.sdk")]


@pytest.mark.parametrize(
    "program",
    ["set_up(); endpoint = made()", "endpoint = made(); set_up()"],
    ids=["before the endpoint is made", "after it"],
)
def test_an_sdk_is_told_whenever_it_is_set_up(program: str) -> None:
    assert ran(ENDPOINT, SDK, program, "answered(endpoint)", "print(json.dumps(told()))") == (ONE_FORM, "")


@pytest.mark.parametrize(
    "older",
    [
        "import opentelemetry.trace; del opentelemetry.trace.set_span_in_context",
        "import opentelemetry.metrics as m; m.get_meter = lambda *_: m.NoOpMeter('old')\n"
        "m.NoOpMeter.create_histogram = lambda self, name, unit='', description='': None",
    ],
    ids=["a name is missing", "an argument is missing"],
)
def test_an_api_that_is_too_old_stops_no_endpoint(older: str) -> None:
    status, said = ran(older, ENDPOINT, "print(json.dumps(answered(made())))")
    assert status == 200
    assert said == (
        "the opentelemetry-api that is installed is too old, so this endpoint tells it nothing: pip install "
        '"whatsapp-flow-encryption[otel]"\n'
    )


FORKED = """
endpoint = made()
{before}
came, goes = os.pipe()
child = os.fork()
if child == 0:
    {after}
    assert answered(endpoint) == 200
    os.write(goes, json.dumps(told()).encode())
    os._exit(0)
os.close(goes)
assert os.waitpid(child, 0)[1] == 0
print(os.read(came, 65536).decode())
"""


@pytest.mark.parametrize(("before", "after"), [("set_up()", "pass"), ("pass", "set_up()")], ids=["before", "after"])
def test_a_worker_tells_what_it_answers_whether_the_sdk_was_set_up_before_it_was_forked_or_after(
    before: str, after: str
) -> None:
    """As by gunicorn with ``--preload``."""
    assert ran(ENDPOINT, SDK, FORKED.format(before=before, after=after)) == (ONE_FORM, "")
