"""What goes back: the HTTP answer, and the shapes that a handler's answer can have.

Source: Meta, "Implementing Endpoint for Flows": next screen, final answer, the statuses 421, 427 and 432.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from http import HTTPStatus
from typing import Any

from whatsapp_flow_endpoint.flow_request import FlowRequest

UNDECRYPTABLE = 421
"""WhatsApp's client fetches the public key again and sends the request once more."""
TOKEN_NO_LONGER_VALID = 427
SIGNATURE_REFUSED = 432
BUSY = 503

_REASONS = {
    UNDECRYPTABLE: "Misdirected Request",
    TOKEN_NO_LONGER_VALID: "Flow Token No Longer Valid",
    SIGNATURE_REFUSED: "Signature Refused",
}


@dataclass(frozen=True)
class Answer:
    """An HTTP answer.

    Args:
        status: HTTP's; docs/endpoint.md says what each means.
        body: base64 text for 200 and 427, and empty or one sentence for all else.
    """

    status: int
    body: str = ""

    @property
    def reason(self) -> str:
        """The words beside the status."""
        return _REASONS.get(self.status) or HTTPStatus(self.status).phrase

    @property
    def headers(self) -> list[tuple[str, str]]:
        """``Content-Type``, ``Content-Length``, and what the status asks for."""
        allow = [("Allow", "POST")] if self.status == HTTPStatus.METHOD_NOT_ALLOWED else []
        return [
            ("Content-Type", "text/plain; charset=utf-8"),
            ("Content-Length", str(len(self.body.encode()))),
            *allow,
        ]


NOT_A_POST = Answer(405, "This is a WhatsApp Flow endpoint: WhatsApp sends it a POST.\n")


class FlowTokenNoLongerValid(Exception):
    """For a handler to raise: the form is closed and its button disabled, with ``message`` shown to the person.

    The answer has status 427. Its body is encrypted, as in Meta's sample endpoint.
    """

    def __init__(self, message: str) -> None:
        super().__init__(message)
        self.message = message
        """What the person is shown."""


def show(screen: str, data: Mapping[str, Any] | None = None) -> dict[str, Any]:
    """The answer that leads to a screen of the Flow; ``data`` is what that screen declares."""
    return {"screen": screen, "data": dict(data or {})}


def complete(request: FlowRequest, params: Mapping[str, Any] | None = None) -> dict[str, Any]:
    """The answer that ends the Flow; ``params`` come back to your webhook with the form's response message."""
    token = {} if request.flow_token is None else {"flow_token": request.flow_token}
    return {"screen": "SUCCESS", "data": {"extension_message_response": {"params": {**(params or {}), **token}}}}
