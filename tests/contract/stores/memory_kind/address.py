"""``memory://SHELF/NAME``; the shelf may come from the environment."""

from collections.abc import Mapping

from whatsapp_flow_keys.address import Address, parse_address, text

SCHEME = "memory"


def parse(url: str, field: str) -> Address:
    """Raises :class:`InputError`, which names ``field``."""
    return parse_address(url, field, settings=(), example="memory://shelf/name")


def complete(url: str, environ: Mapping[str, str]) -> str:
    """With the shelf of MEMORY_SHELF, where the URL names none."""
    return url.replace(":///", f"://{environ.get('MEMORY_SHELF', '')}/")


def write(name: object, shelf: object) -> str:
    """The URL of what a program gives."""
    return str(Address(SCHEME, text(shelf), text(name)))
