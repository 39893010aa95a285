"""Meta's Graph API, as far as the encryption key of a phone number needs it: set the public key, read it back."""

from typing import TYPE_CHECKING

from whatsapp_flow_keys.registrars.meta_graph.settings import GraphSettings, graph_settings
from whatsapp_flow_keys.registrars.registrar import RegistrarKind

if TYPE_CHECKING:
    from whatsapp_flow_keys.registrars.meta_graph.client import GraphClient


def _connect(settings: GraphSettings) -> "GraphClient":
    from whatsapp_flow_keys.registrars.meta_graph.client import GraphClient  # with requests: a preview asks nobody

    return GraphClient(settings)


KIND = RegistrarKind(graph_settings, _connect)
