"""The run-time kit of a Flow endpoint: opens what people typed into a form. It never imports Pulumi."""

from whatsapp_flow_endpoint.flow_keys import FlowKeys
from whatsapp_flow_keys.errors import FlowMessageError
from whatsapp_flow_keys.flow_message import Session

__all__ = ["FlowKeys", "FlowMessageError", "Session"]
