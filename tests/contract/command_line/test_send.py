"""`send`: one form to the live endpoint, and what comes of it."""

import json
from collections.abc import Iterator
from typing import Any

import pytest

from tests.contract.command_line.shell import NOBODY, Shell, clear_the_key, let_somebody_publish, lose_both
from tests.forms import APP_SECRET, TYPED_IN, endpoint_of
from tests.servers.http_servers import waitress_server
from whatsapp_flow_endpoint import FlowRequest, FlowTokenNoLongerValid, show
from whatsapp_flow_endpoint.wsgi import wsgi_app

DAY = ("--screen", "DAY", "--data", json.dumps({"day": TYPED_IN}))


def echo(request: FlowRequest) -> dict[str, Any]:
    if request.flow_token == "of a form that was sent":
        raise FlowTokenNoLongerValid("too late")
    return show(request.screen or "FIRST", {"action": request.action, "token": request.flow_token, **request.data})


@pytest.fixture
def url(shell: Shell) -> Iterator[str]:
    """An endpoint with the keys of the ring."""
    shell.variables["WHATSAPP_APP_SECRET"] = APP_SECRET
    with waitress_server(wsgi_app(endpoint_of(echo, *shell.private_keys()))) as running:
        yield running


def send(shell: Shell, url: str, *words: str, **variables: str) -> tuple[int, str]:
    return shell.run("send", *shell.stores, "--endpoint", url, *words, **variables)


def test_a_form_is_opened_and_the_answer_printed(shell: Shell, url: str) -> None:
    status, output = send(shell, url)
    assert (status, json.loads(output)) == (0, show("FIRST", {"action": "INIT", "token": "whatsapp-flow-keys"}))


def test_a_screen_is_submitted_with_what_was_typed_in_and_a_token_of_the_environment(shell: Shell, url: str) -> None:
    status, output = send(shell, url, *DAY, WHATSAPP_FLOW_TOKEN="of-a-message")
    answer = show("DAY", {"action": "data_exchange", "token": "of-a-message", "day": TYPED_IN})
    assert (status, json.loads(output)) == (0, answer)


def test_it_is_encrypted_with_the_key_that_meta_serves(shell: Shell, url: str) -> None:
    let_somebody_publish(shell)
    status, output = send(shell, url, *DAY)
    assert (status, "answered 421: it does not hold the private key" in output) == (1, True)


def test_without_a_token_it_is_encrypted_with_the_current_key_of_the_ring(shell: Shell, url: str) -> None:
    let_somebody_publish(shell)
    assert send(shell, url, WHATSAPP_ACCESS_TOKEN="")[0] == 0


@pytest.mark.parametrize("data", ["Monday", "[1]", '"Monday"', "{"])
def test_what_is_no_object_is_invalid_usage_and_not_quoted(shell: Shell, data: str) -> None:
    status, output = send(shell, NOBODY, "--data", data)
    assert (status, "--data: must be a JSON object like" in output) == (3, True)
    assert "Monday" not in output.replace('{"day": "Monday"}', "")


@pytest.mark.parametrize(
    ("variables", "said"),
    [
        ({"WHATSAPP_APP_SECRET": ""}, "answered 432: it wants a signed request; set WHATSAPP_APP_SECRET here"),
        ({"WHATSAPP_FLOW_TOKEN": "of a form that was sent"}, "answered 427: the flow_token is no longer valid"),
        ({"WHATSAPP_GRAPH_URL": NOBODY}, "Meta could not be asked to read"),
        ({"WHATSAPP_ACCESS_TOKEN": "", "WHATSAPP_FLOW_PASSPHRASE": ""}, "WHATSAPP_FLOW_PASSPHRASE is not set"),
    ],
)
def test_what_came_instead_of_an_answer_is_named(shell: Shell, url: str, variables: dict[str, str], said: str) -> None:
    status, output = send(shell, url, *DAY, **variables)
    assert (status, said in output) == (1, True), output
    assert TYPED_IN not in output


def test_without_a_ring_nothing_is_sent(shell: Shell, url: str) -> None:
    lose_both(shell)
    status, output = send(shell, url)
    assert (status, "there is no key ring. Nothing was sent" in output) == (1, True)


def test_without_a_key_at_meta_nothing_is_sent(shell: Shell, url: str) -> None:
    clear_the_key(shell)
    status, output = send(shell, url)
    assert (status, "Meta serves no public key" in output) == (1, True)
