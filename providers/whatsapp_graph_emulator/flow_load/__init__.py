"""Many people fill in a Flow at a steady rate, so that a rotation or a deployment can be seen to lose no form.

`load` sends, `report` counts and words what came of it, and `python -m whatsapp_graph_emulator.flow_load` does both.
"""

from whatsapp_graph_emulator.flow_load.load import FlowLoad
from whatsapp_graph_emulator.flow_load.report import Report

__all__ = ["FlowLoad", "Report"]
