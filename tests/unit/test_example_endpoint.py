"""The example endpoint: a person books a table, through the kit and the emulator's client; and its Flow fits it."""

import importlib.util
import json
import re
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from tests.forms import APP_SECRET, key, ring
from tests.servers.http_servers import waitress_server
from whatsapp_flow_keys import document
from whatsapp_graph_emulator.flow_client import FlowClient, Outcome

FOLDER = Path(__file__).parents[2] / "examples" / "endpoint"


@pytest.fixture
def example(monkeypatch: pytest.MonkeyPatch) -> Any:
    """The example's module, started anew."""
    monkeypatch.setenv("WHATSAPP_FLOW_KEYS", document.dump(ring(key())))
    monkeypatch.setenv("WHATSAPP_APP_SECRET", APP_SECRET)
    spec = importlib.util.spec_from_file_location("example_endpoint", FOLDER / "app.py")
    assert spec is not None
    assert spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


@pytest.fixture
def person(example: Any) -> Iterator[FlowClient]:
    """Somebody with the form open."""
    with waitress_server(example.app) as url:
        yield FlowClient(url, lambda: key().public_key_pem, app_secret=APP_SECRET)


def first_day(person: FlowClient, token: str) -> str:
    opened = person.open_flow(token).answer
    assert opened is not None
    assert opened["screen"] == "DAY"
    return str(opened["data"]["days"][0]["id"])


def test_a_person_books_a_table_in_two_screens(person: FlowClient) -> None:
    day = first_day(person, "a-form")
    times = person.submit("DAY", {"day": day}, flow_token="a-form").answer
    assert times is not None
    assert times["screen"] == "TIME"
    time = times["data"]["times"][0]["id"]
    booked = person.submit("TIME", {"day": day, "time": time}, flow_token="a-form").answer
    params = {"day": day, "time": time, "flow_token": "a-form"}
    assert booked == {"screen": "SUCCESS", "data": {"extension_message_response": {"params": params}}}


def test_a_time_that_somebody_else_took_leads_back_with_a_word(person: FlowClient) -> None:
    day = first_day(person, "a-form")
    for token in ("a-form", "another-form"):
        answer = person.submit("TIME", {"day": day, "time": "19:00"}, flow_token=token).answer
    assert answer is not None
    assert answer["screen"] == "TIME"
    assert answer["data"]["has_error"] is True
    assert "19:00" not in [time["id"] for time in answer["data"]["times"]]


def test_a_form_that_has_booked_is_closed(person: FlowClient) -> None:
    day = first_day(person, "a-form")
    person.submit("TIME", {"day": day, "time": "19:00"}, flow_token="a-form")
    again = person.open_flow("a-form")
    assert again.outcome is Outcome.FLOW_TOKEN_INVALID
    assert again.answer == {"error_msg": "Your table is booked already."}


def test_each_screen_of_the_flow_declares_what_the_endpoint_gives_it(example: Any) -> None:
    flow = json.loads((FOLDER / "flow.json").read_text())
    declared = {screen["id"]: set(screen["data"]) for screen in flow["screens"]}
    request = example.FlowRequest("3.0", "INIT", flow_token="a-form")
    given = [example.days(request), example.times({"day": "2026-11-30"})]
    assert {answer["screen"]: set(answer["data"]) for answer in given} == declared
    assert set(flow["routing_model"]) == set(declared)


def test_each_screen_of_the_flow_uses_what_it_declares() -> None:
    flow = json.loads((FOLDER / "flow.json").read_text())
    for screen in flow["screens"]:
        used = set(re.findall(r"\$\{data\.(\w+)\}", json.dumps(screen["layout"])))
        assert used == set(screen["data"])
