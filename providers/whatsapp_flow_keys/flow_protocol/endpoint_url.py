"""An endpoint's URL, as people write it. Apart from the endpoint, since a preview checks one without asking anybody."""

from whatsapp_flow_keys.errors import InputError
from whatsapp_flow_keys.web_address import why_not_a_web_address

_LIKE = "https://flows.example.com/support"


def parse_endpoint_url(value: object, name: str) -> str:
    """An endpoint's URL. Raises :class:`InputError`, which names the field and quotes no query."""
    if not isinstance(value, str) or not value:
        raise InputError(f"{name}: must be a URL like {_LIKE}")
    if said := why_not_a_web_address(value, _LIKE, query=True):
        raise InputError(f"{name}: {said}")
    return value
