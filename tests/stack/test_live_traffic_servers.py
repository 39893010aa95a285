"""Rotations while people fill in forms, behind every kind of server that the kit runs behind: one stack, one key ring.

Each server reads the ring by itself, and has its own traffic while the engine rotates the key of all of them.
"""

from collections.abc import Callable, Iterator, Mapping
from contextlib import AbstractContextManager, ExitStack, contextmanager
from pathlib import Path

import pytest

from tests.contract.endpoint_page import program_server
from tests.forms import APP_SECRET
from tests.pages import ROOT
from tests.servers.endpoint_app import echo
from tests.servers.http_servers import gunicorn_server, hypercorn_server, uvicorn_server, waitress_server
from tests.servers.lambda_function import function_app
from tests.stack.project import Project, on_file
from whatsapp_flow_endpoint import FlowEndpoint
from whatsapp_flow_endpoint.asgi import asgi_app
from whatsapp_flow_endpoint.aws_lambda import lambda_handler
from whatsapp_flow_endpoint.wsgi import wsgi_app
from whatsapp_graph_emulator.flow_client import FlowClient, Outcome
from whatsapp_graph_emulator.flow_load import FlowLoad, Report

RATE = 2.0
"""Forms a second to each server; 16 in all."""
DEVICES = 10
"""At a time, for each server. Each sends four forms, so for 20 s."""

pytestmark = pytest.mark.usefixtures("patient_people")

Server = Callable[[Path], AbstractContextManager[str]]


def endpoint() -> FlowEndpoint:
    """Has its keys by the environment of this process."""
    return FlowEndpoint.from_env(echo)


SERVERS: Mapping[str, Server] = {
    "gunicorn": lambda folder: gunicorn_server({}, folder / "gunicorn.log"),
    "waitress": lambda _: waitress_server(wsgi_app(endpoint())),
    "uvicorn": lambda _: uvicorn_server(asgi_app(endpoint())),
    "hypercorn": lambda _: hypercorn_server(asgi_app(endpoint())),
    "FastAPI": lambda folder: program_server("fastapi_app.py", folder),
    "Flask": lambda folder: program_server("flask_app.py", folder),
    "Django": lambda folder: program_server("django_urls.py", folder),
    "AWS Lambda": lambda _: waitress_server(function_app(lambda_handler(endpoint()))),
}


@contextmanager
def all_servers(folder: Path) -> Iterator[dict[str, str]]:
    """The URL of each."""
    with ExitStack() as running:
        yield {name: running.enter_context(server(folder)) for name, server in SERVERS.items()}


@contextmanager
def forms_to(clients: Mapping[str, Callable[[], FlowClient]]) -> Iterator[dict[str, FlowLoad]]:
    """Steady traffic to each server, until the block ends."""
    with ExitStack() as running:
        yield {
            name: running.enter_context(FlowLoad(new_device, rate=RATE, devices=DEVICES, requests_per_device=4))
            for name, new_device in clients.items()
        }


def opens_the_first_form(new_device: Callable[[], FlowClient]) -> bool:
    """Whether a device that has just fetched the key is answered at once."""
    form = new_device().open_flow("of a device that is new")
    return form.outcome is Outcome.ANSWERED and not form.answers_421


def without_a_failure(report: Report) -> bool:
    return report.answered == report.requests > 2 * RATE and report.answers_421 == 0


def test_the_page_says_how_many_servers_get_how_many_forms() -> None:
    page = " ".join((ROOT / "docs" / "endpoint.md").read_text().split())
    assert len(SERVERS) == 8
    assert f"All eight read one ring in a file and get {RATE:.0f} forms a second each, {8 * RATE:.0f} in all" in page


def test_two_rotations_fail_no_form_behind_any_server(
    project: Project, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def rotate(trigger: str | None) -> str | None:
        project.declare(on_file(project, rotation_trigger=trigger))
        project.up()
        return project.served()

    def client_of(url: str) -> Callable[[], FlowClient]:
        return lambda: project.emulator.flow_client(project.number, url, app_secret=APP_SECRET)

    served = {rotate(None)}
    for name, value in {**project.outputs()["line"], "WHATSAPP_APP_SECRET": APP_SECRET}.items():
        monkeypatch.setenv(name, value)
    with all_servers(tmp_path) as urls:
        clients = {name: client_of(url) for name, url in urls.items()}
        with forms_to(clients) as loads:
            for trigger in ("one", "two"):
                served.add(rotate(trigger))
                assert [name for name, new_device in clients.items() if not opens_the_first_form(new_device)] == []
            reports = {name: load.stop() for name, load in loads.items()}
    assert len(served) == 3
    failed = {name: str(report) for name, report in reports.items() if not without_a_failure(report)}
    assert failed == {}
