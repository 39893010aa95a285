"""The Lambda function: a Flow of one screen. It holds the keys that the secret holds, and reads new ones by itself."""

from typing import Any

from whatsapp_flow_endpoint import FlowEndpoint, FlowRequest, complete, show
from whatsapp_flow_endpoint.aws_lambda import lambda_handler

DAYS = [{"id": "saturday", "title": "Saturday"}, {"id": "sunday", "title": "Sunday"}]


def book(request: FlowRequest) -> dict[str, Any]:
    """One step of the form."""
    if request.action == "INIT":
        return show("DAY", {"days": DAYS})
    return complete(request, {"day": request.data["day"]})


handler = lambda_handler(FlowEndpoint.from_env(book))
