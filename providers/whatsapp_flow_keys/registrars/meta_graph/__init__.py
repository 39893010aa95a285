"""Meta's Graph API, as far as the encryption key of a phone number needs it: set the public key, read it back."""

from typing import TYPE_CHECKING

from whatsapp_flow_keys.errors import InputError
from whatsapp_flow_keys.registrars.kinds import META
from whatsapp_flow_keys.registrars.meta_graph.settings import GraphSettings, graph_settings
from whatsapp_flow_keys.registrars.registrar import RegistrarKind

if TYPE_CHECKING:
    from whatsapp_flow_keys.registrars.meta_graph.client import GraphClient


def _connect(settings: GraphSettings) -> "GraphClient":
    from whatsapp_flow_keys.registrars.meta_graph.client import GraphClient  # with requests: a preview asks nobody

    return GraphClient(settings)


def _check(url: str, field: str) -> None:
    """It needs no more than its name: the token that it is asked with says whose numbers they are."""
    if url != META:
        raise InputError(f"{field}: {url[:80]!r} is not a registrar; Meta's Graph API is `{META}`, without more")


KIND = RegistrarKind(_check, lambda _url, config: graph_settings(config), _connect, lambda: META)
