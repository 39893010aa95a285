"""The run-time kit of a Flow endpoint: opens what people typed into a form, and answers it. It never imports Pulumi.

::

    from whatsapp_flow_endpoint import FlowEndpoint, FlowRequest, complete, show
    from whatsapp_flow_endpoint.wsgi import wsgi_app

    def book(request: FlowRequest) -> dict:
        if request.screen == "DAY":
            return complete(request, {"day": request.data["day"]})
        return show("DAY", {"days": ["Monday", "Tuesday"]})

    app = wsgi_app(FlowEndpoint.from_env(book))
"""

from whatsapp_flow_endpoint.answer import Answer, FlowTokenNoLongerValid, complete, show
from whatsapp_flow_endpoint.endpoint import FlowEndpoint
from whatsapp_flow_endpoint.flow_keys import FlowKeys
from whatsapp_flow_endpoint.flow_request import FlowRequest
from whatsapp_flow_keys.errors import FlowMessageError
from whatsapp_flow_keys.flow_protocol.message import Session

__all__ = [
    "Answer",
    "FlowEndpoint",
    "FlowKeys",
    "FlowMessageError",
    "FlowRequest",
    "FlowTokenNoLongerValid",
    "Session",
    "complete",
    "show",
]
