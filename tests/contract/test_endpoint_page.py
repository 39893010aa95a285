"""The programs of docs/endpoint.md, run unchanged: a form that is sent to them is answered."""

import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from urllib.parse import urljoin

import pytest
import requests

from tests.contract.endpoint_page import FILES, PAGE, PROGRAMS, program_server
from tests.forms import APP_SECRET, FORM, NUMBER, TYPED_IN, key, ring, sent
from whatsapp_flow_keys import document


@pytest.fixture(params=PROGRAMS)
def flow(request: pytest.FixtureRequest, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[str]:
    """The URL of a program of the page, in the environment of an endpoint."""
    monkeypatch.setenv("WHATSAPP_FLOW_KEYS", document.dump(ring(key())))
    monkeypatch.setenv("WHATSAPP_APP_SECRET", APP_SECRET)
    with program_server(request.param, tmp_path) as url:
        yield url


def test_a_form_that_is_sent_to_the_path_without_a_slash_is_answered(flow: str) -> None:
    form = sent()
    got = requests.post(flow, data=form.body, headers=form.signed, timeout=20, allow_redirects=False)
    refused = [requests.request(method, flow, timeout=20).status_code for method in ("GET", "HEAD")]
    assert got.status_code == 200
    params = {"day": TYPED_IN, "flow_token": FORM["flow_token"]}
    assert form.session.decrypt_answer(got.text)["data"]["extension_message_response"]["params"] == params
    assert refused == [405, 405]


@pytest.mark.parametrize("flow", ["agency.py"], indirect=True)
def test_the_path_names_the_number_in_the_program_for_several(flow: str) -> None:
    form = sent()
    statuses = [
        requests.post(urljoin(flow, path), data=form.body, headers=form.signed, timeout=20).status_code
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
