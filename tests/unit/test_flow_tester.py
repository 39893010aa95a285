"""FlowTester: forms that a test sends to an endpoint of its own process, or to a handler alone."""

from typing import Any

import pytest

from tests.forms import endpoint_of, key
from whatsapp_flow_endpoint import FlowRequest, FlowTokenNoLongerValid, show
from whatsapp_flow_endpoint.testing import FlowTester, Reply


def echo(request: FlowRequest) -> dict[str, Any]:
    return show(request.screen or "FIRST", {"action": request.action, **request.data})


async def echo_later(request: FlowRequest) -> dict[str, Any]:
    return echo(request)


@pytest.mark.parametrize("handler", [echo, echo_later], ids=["plain", "async"])
def test_a_handler_alone_gets_what_a_person_does(handler: Any) -> None:
    form = FlowTester(handler)
    assert form.init().answer == show("FIRST", {"action": "INIT"})
    assert form.exchange("DAY", {"day": "Monday"}).answer == show("DAY", {"action": "data_exchange", "day": "Monday"})
    assert form.back("TIME").answer == show("TIME", {"action": "BACK"})
    assert form.ping() == Reply(200, {"data": {"status": "active"}})


def test_an_endpoint_is_sent_signed_forms_that_its_newest_key_opens() -> None:
    endpoint = endpoint_of(echo, key("new"), key())
    assert FlowTester(endpoint).exchange("DAY").answer == show("DAY", {"action": "data_exchange"})
    unsigned = endpoint_of(echo, app_secrets=())
    assert FlowTester(unsigned).init().status == 200


def test_every_request_of_a_form_has_its_token() -> None:
    got: list[FlowRequest] = []

    def keep(request: FlowRequest) -> dict[str, Any]:
        got.append(request)
        return show("NEXT")

    form = FlowTester(keep, flow_token="token-of-this-form")
    form.init({"from": "a message"})
    form.exchange("DAY")
    assert got == [
        FlowRequest("3.0", "INIT", None, {"from": "a message"}, "token-of-this-form"),
        FlowRequest("3.0", "data_exchange", "DAY", {}, "token-of-this-form"),
    ]


def test_a_form_that_is_closed_has_a_message_and_a_handler_that_fails_has_no_answer() -> None:
    def close(_: FlowRequest) -> dict[str, Any]:
        raise FlowTokenNoLongerValid("too late")

    def fail(_: FlowRequest) -> dict[str, Any]:
        raise ValueError

    assert FlowTester(close).init() == Reply(427, {"error_msg": "too late"})
    assert FlowTester(fail).init() == Reply(500)
