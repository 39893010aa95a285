"""Error notices: WhatsApp's client tells that it could not use the last answer. Each shape that Meta's page shows."""

from typing import Any

import pytest

from tests.forms import FORM, TYPED_IN, endpoint_of, sent
from whatsapp_flow_endpoint import FlowRequest

NAME = "payload-schema-error"
SAID = {"error_message": TYPED_IN}
ACKNOWLEDGED = {"data": {"acknowledged": True}}


def answer_to(payload: dict[str, Any]) -> Any:
    form = sent(payload)
    return form.decrypt(endpoint_of(echo).answer(form.signed, form.body))


def echo(request: FlowRequest) -> dict[str, Any]:
    return {"handled": dict(request.data)}


@pytest.mark.parametrize("action", ["INIT", "data_exchange"])
@pytest.mark.parametrize(
    "data",
    [
        {"error": NAME, **SAID},  # the page's sample
        {"error_key": NAME, **SAID},  # the page's table
        {"error": NAME, "error_key": NAME, **SAID},
        {"error": None, "error_key": NAME, **SAID},
    ],
)
@pytest.mark.parametrize("of_a_screen", [True, False])
def test_each_shape_is_acknowledged_and_named(
    action: str, data: dict[str, Any], of_a_screen: bool, caplog: pytest.LogCaptureFixture
) -> None:
    """The sample has no ``screen``, and the table requires it."""
    notice = {**FORM, "action": action, "data": data, "screen": "DAY" if of_a_screen else None}
    assert FlowRequest.read(notice).error == NAME
    assert answer_to(notice) == ACKNOWLEDGED
    assert NAME in caplog.text
    assert TYPED_IN not in caplog.text


@pytest.mark.parametrize(
    "data",
    [
        {"error": TYPED_IN, **SAID, "day": TYPED_IN},
        {"error_key": TYPED_IN, **SAID, "day": TYPED_IN},
        {"error": NAME},
        {"error_key": NAME},
        SAID,
        {"error": True, **SAID},
        {"error": [NAME], **SAID},
        {"error": None, **SAID},
        {},
    ],
)
def test_a_form_with_such_fields_of_its_own_reaches_the_handler(data: dict[str, Any]) -> None:
    assert answer_to({**FORM, "data": data}) == {"handled": data}


def test_going_back_with_such_fields_reaches_the_handler() -> None:
    data = {"error": NAME, **SAID}
    assert answer_to({**FORM, "action": "BACK", "data": data}) == {"handled": data}
