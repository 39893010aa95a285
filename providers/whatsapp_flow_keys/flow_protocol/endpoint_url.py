"""An endpoint's URL, as people write it. Apart from the endpoint, since a preview checks one without asking anybody."""

import re
from urllib.parse import urlsplit

from whatsapp_flow_keys.errors import InputError
from whatsapp_flow_keys.loopback import is_loopback


def parse_endpoint_url(value: object, name: str) -> str:
    """An endpoint's URL. Raises :class:`InputError`, which names the field and quotes no query."""
    if not isinstance(value, str) or not value.isprintable() or not value or " " in value:
        raise InputError(f"{name}: must be a URL without blanks, as in https://flows.example.com/support")
    try:
        parts = urlsplit(value)
        host, _ = parts.hostname or "", parts.port
    except ValueError:
        raise InputError(f"{name}: is not a URL") from None
    if parts.scheme not in ("https", "http") or not re.fullmatch(r"(?!\.)([0-9A-Za-z:_-]|\.(?!\.))+", host):
        raise InputError(f"{name}: is not a URL like https://flows.example.com/support")
    if "@" in parts.netloc or "#" in value:
        raise InputError(f"{name}: must hold no user, password or fragment")
    if parts.scheme == "http" and not is_loopback(host):
        raise InputError(f"{name}: must start with https:// (http:// is taken for this machine only)")
    return value
