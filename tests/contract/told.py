"""What tests of the audit log compare with."""

from tests.contract.conftest import Line
from whatsapp_flow_keys.audit import Event

WHOLE = ["staged", "offered", "published", "verified", "promoted"]
"""A registration from its staging to its promotion."""


def last(line: Line) -> Event:
    """What was told most recently."""
    return line.told.events[-1]
