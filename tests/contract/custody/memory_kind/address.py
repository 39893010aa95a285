"""``memorykeys://SAFE/``; the safe may come from the environment."""

from collections.abc import Mapping

from whatsapp_flow_keys.address import Address, parse_address, text

SCHEME = "memorykeys"


def parse(url: str, field: str) -> Address:
    """Raises :class:`InputError`, which names ``field``."""
    return parse_address(url, field, settings=(), example="memorykeys://safe/lines", what="key service")


def complete(url: str, environ: Mapping[str, str]) -> str:
    """With the safe of MEMORY_SAFE, where the URL names none."""
    return url.replace(":///", f"://{environ.get('MEMORY_SAFE', '')}/")


def write(name: object, safe: object) -> str:
    """The URL of what a program gives."""
    return str(Address(SCHEME, text(safe), text(name)))
