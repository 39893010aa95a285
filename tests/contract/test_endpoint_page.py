"""The programs of docs/endpoint.md, run as they stand there: a form that is sent to them is answered."""

import runpy
import subprocess
import sys
from collections.abc import Iterator
from contextlib import AbstractContextManager
from importlib import import_module
from pathlib import Path
from typing import Any
from urllib.parse import urljoin

import pytest
import requests

from tests.contract.endpoint_page import FILES, PAGE
from tests.forms import APP_SECRET, FORM, NUMBER, TYPED_IN, key, ring, sent
from tests.servers.http_servers import uvicorn_server, waitress_server
from whatsapp_flow_keys import document

PROGRAMS = ("app.py", "fastapi_app.py", "flask_app.py", "django_urls.py", "agency.py", "pywa_app.py")


@pytest.fixture(params=PROGRAMS)
def program(request: pytest.FixtureRequest, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Path]:
    """A program of the page, beside its handlers, in the environment of an endpoint."""
    for name in ("handlers.py", request.param):
        (tmp_path / name).write_text(FILES[name])
    monkeypatch.syspath_prepend(tmp_path)
    monkeypatch.setenv("WHATSAPP_FLOW_KEYS", document.dump(ring(key())))
    monkeypatch.setenv("WHATSAPP_APP_SECRET", APP_SECRET)
    yield tmp_path / request.param
    for module in ("handlers", "django_urls"):
        sys.modules.pop(module, None)


def serve(program: Path) -> AbstractContextManager[str]:
    if program.stem == "django_urls":
        return waitress_server(django_project())
    app = runpy.run_path(str(program))["app"]
    return uvicorn_server(app) if program.stem == "fastapi_app" else waitress_server(app)


def django_project() -> Any:
    """The smallest project, which has these URLs."""
    settings = {"ROOT_URLCONF": "django_urls", "ALLOWED_HOSTS": ["*"], "SECRET_KEY": "of no session"}
    import_module("django.conf").settings.configure(**settings)
    return import_module("django.core.wsgi").get_wsgi_application()


def test_a_form_that_is_sent_to_the_path_without_a_slash_is_answered(program: Path) -> None:
    form = sent()
    with serve(program) as url:
        flow = urljoin(url, "/flow")
        got = requests.post(flow, data=form.body, headers=form.signed, timeout=20, allow_redirects=False)
        refused = [requests.request(method, flow, timeout=20).status_code for method in ("GET", "HEAD")]
    assert got.status_code == 200
    params = {"day": TYPED_IN, "flow_token": FORM["flow_token"]}
    assert form.session.decrypt_answer(got.text)["data"]["extension_message_response"]["params"] == params
    assert refused == [405, 405]


@pytest.mark.parametrize("program", ["agency.py"], indirect=True)
def test_the_path_names_the_number_in_the_program_for_several(program: Path) -> None:
    form = sent()
    with serve(program) as url:
        statuses = [
            requests.post(urljoin(url, path), data=form.body, headers=form.signed, timeout=20).status_code
            for path in (f"/flow/{NUMBER}", "/flow/110200345501442")
        ]
    assert statuses == [200, 404]


def test_every_program_of_the_page_is_run() -> None:
    run_elsewhere = {"tests/unit/test_media.py", "tests/unit/test_token_signature.py"}  # a handler each, without a name
    assert len(FILES) + len(run_elsewhere) == PAGE.count("```python\n")
    assert set(FILES) == {"handlers.py", "test_handlers.py", *PROGRAMS}


def test_the_tests_of_the_page_pass(tmp_path: Path) -> None:
    for name in ("handlers.py", "test_handlers.py"):
        (tmp_path / name).write_text(FILES[name])
    command = [sys.executable, "-m", "pytest", "-q", "-p", "no:cacheprovider"]
    done = subprocess.run(command, cwd=tmp_path, stdin=subprocess.DEVNULL, capture_output=True, text=True)
    assert (done.returncode, "1 passed" in done.stdout) == (0, True), done.stdout + done.stderr
