"""The kinds of registrar, by the name that the setting ``whatsapp:registrar`` has for them."""

from importlib import import_module
from typing import cast

from whatsapp_flow_keys.errors import InputError
from whatsapp_flow_keys.registrars.registrar import RegistrarKind

REGISTRAR = "whatsapp:registrar"
DEFAULT = "meta"
KINDS = {"meta": "whatsapp_flow_keys.registrars.meta_graph"}
"""By name, the folder whose ``KIND`` it is."""


def kind_named(name: object) -> RegistrarKind:
    """The kind of registrar with this name; Meta's Graph API where it is None. Raises :class:`InputError`."""
    module = KINDS.get(str(name or DEFAULT))
    if module is None:
        raise InputError(f"{REGISTRAR}: {str(name)[:40]!r} is not a registrar; known are {', '.join(sorted(KINDS))}")
    return cast(RegistrarKind, import_module(module).KIND)
