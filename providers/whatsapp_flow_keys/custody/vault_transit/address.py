"""Where the Transit keys are: a server, a mount, a namespace, and what the name of each number's key begins with."""

import re

from whatsapp_flow_keys.errors import InputError
from whatsapp_flow_keys.vault_server.address import Mounted, Shape

PREFIX = "whatsapp-flows-"
SHAPE = Shape("vaulttransit", "transit", f"vaulttransit://vault.example.com:8200/{PREFIX}?mount=transit")

_PREFIX = re.compile(r"[A-Za-z0-9_][A-Za-z0-9_.-]*(?<![0-9])|[A-Za-z_]")
"""What Transit takes as the name of a key, before the digits of a phone number ID, which none of its own may join."""


def parse(url: str, field: str) -> Mounted:
    """The place that a URL names, whose path is the prefix. Raises :class:`InputError`, which names ``field``."""
    mounted = SHAPE.parse(url, field)
    if not _PREFIX.fullmatch(mounted.path):
        raise InputError(
            f"{field}: {mounted.path[:80]!r} can't begin a Transit key's name; use letters, digits, . - and _, with no "
            f"digit at the end, as in {SHAPE.example}"
        )
    return mounted


def write(key_prefix: object, address: object, mount: object, namespace: object) -> str:
    """The URL of what a program gives."""
    return SHAPE.write(key_prefix, address, mount, namespace)
