"""The kinds of registrar, by what their URLs begin with. A URL holds no secret; states record it, as a store's."""

import os
from collections.abc import Mapping
from importlib import import_module
from typing import cast

from whatsapp_flow_keys.errors import InputError
from whatsapp_flow_keys.registrars.registrar import RegistrarKind

META = "meta"
"""The default: Meta's Graph API, with the account's access token."""

REGISTRAR = "WHATSAPP_REGISTRAR"
"""Names the environment variable with the registrar of what has no program: an import and the command line."""

KINDS = {
    META: "whatsapp_flow_keys.registrars.meta_graph",
    "awssocial": "whatsapp_flow_keys.registrars.aws_social",
}
"""By scheme, the folder whose ``KIND`` it is: a program pays for the registrars that it names."""


def registrar_kind(url: object, field: str = "registrar") -> RegistrarKind:
    """The kind of registrar that a URL names. Raises :class:`InputError`, which names ``field``."""
    kind = _kind(url) if isinstance(url, str) else None
    if kind is None:
        known = ", ".join(f"`{scheme}`" if scheme == META else f"`{scheme}://…`" for scheme in KINDS)
        raise InputError(f"{field}: {str(url)[:80]!r} is not a registrar; known are {known}")
    return kind


def parse_registrar(url: object, field: str = "registrar") -> str:
    """The URL, if it is a registrar's. Raises :class:`InputError`, which names ``field``."""
    registrar_kind(url, field).check(str(url), field)
    return str(url)


def complete_registrar(url: str, environ: Mapping[str, str] | None = None) -> str:
    """``url`` with what the environment knows of where the registrar is: a region.

    The result is what gets recorded, so that the environment of another day can't send a later call elsewhere.
    A URL that is wrong is left for :func:`parse_registrar` to refuse.
    """
    kind = _kind(url)
    return kind.complete(url, os.environ if environ is None else environ) if kind else url


def write_registrar(scheme: str, **given: object) -> str:
    """The URL of what a program gives to the registrar class of this scheme; ``given``: see :class:`RegistrarKind`."""
    return registrar_kind(scheme).write(**given)


def registrar_of_environment(given: str | None = None, field: str = REGISTRAR) -> str:
    """The registrar of what has no program: ``given``, or the environment's, or Meta; complete.

    Raises :class:`InputError`, which names ``field`` where that is what was given.
    """
    url = complete_registrar(given or os.environ.get(REGISTRAR, "").strip() or META)
    return parse_registrar(url, field if given else REGISTRAR)


def _kind(url: str) -> RegistrarKind | None:
    module = KINDS.get(url.partition(":")[0].lower())
    return cast(RegistrarKind, import_module(module).KIND) if module else None
