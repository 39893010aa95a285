"""Store URLs: what configuration, ``endpoint_env`` and the state call a store. They hold no secret."""

import os
import re
from collections.abc import Mapping, Sequence
from importlib import import_module
from typing import cast

from whatsapp_flow_keys.errors import InputError
from whatsapp_flow_keys.stores.kind import StoreKind
from whatsapp_flow_keys.stores.store import Store

STACK = "stack"
"""The default store: a secret of the stack itself."""

KINDS = {
    "file": "whatsapp_flow_keys.stores.file",
    "hashivault": "whatsapp_flow_keys.stores.vault",
    "awssecretsmanager": "whatsapp_flow_keys.stores.aws_secrets_manager",
    "azurekeyvault": "whatsapp_flow_keys.stores.azure_key_vault",
    "gcpsecretmanager": "whatsapp_flow_keys.stores.gcp_secret_manager",
    "kubernetes": "whatsapp_flow_keys.stores.kubernetes",
}
"""By scheme, the folder whose ``KIND`` it is: a program pays for the stores that it names."""


def write_url(scheme: str, **given: object) -> str:
    """The URL of what a program gives to the store class of this scheme; ``given``: see :class:`StoreKind`."""
    return cast(StoreKind, import_module(KINDS[scheme]).KIND).write(**given)


def open_store(url: object, field: str = "store") -> Store:
    """The store behind a URL; nothing is read yet. Raises :class:`InputError`, which names ``field``."""
    if not isinstance(url, str) or not url.strip():
        raise InputError(f"{field}: is empty; give a store's URL, as in file:///var/lib/flows/ring.json")
    if url == STACK:
        raise InputError(f"{field}: the stack can only be the store of a program, not a backup or a place of its own")
    kind = _kind(url)
    if kind is None:
        known = ", ".join(f"`{scheme}://…`" for scheme in KINDS)
        raise InputError(f"{field}: {url[:80]!r} is not a store; known are `{STACK}`, {known}")
    return kind.open(url, field)


def complete_url(url: str, environ: Mapping[str, str] | None = None) -> str:
    """``url`` with what the environment knows of where the store is: a region, a server's address, a folder.

    The result is what gets recorded, so that the environment of another day can't send a later call elsewhere.
    A URL that is wrong is left for :func:`open_store` to refuse.
    """
    environ = os.environ if environ is None else environ
    kind = _kind(url)
    return kind.complete(url, environ) if kind else url


def parse_stores(store: object, backups: object) -> tuple[Store, ...]:
    """The stores of a number, the first one first; without :data:`STACK`, whose ring lies in the state.

    Raises :class:`InputError` when one can't be used or is given twice.
    """
    first = () if store == STACK else (open_store(store, "store"),)
    if not isinstance(backups, list | tuple):
        raise InputError("backups: must be a list of stores")
    others = tuple(open_store(url, f"backups[{index}]") for index, url in enumerate(backups))
    urls = [opened.url for opened in (*first, *others)]
    for url in urls:
        if urls.count(url) > 1:
            raise InputError(f"backups: {url} is named twice; a backup must be another place than the store")
    return (*first, *others)


def is_same_place(one: object, other: object) -> bool:
    """Whether two URLs name one place, whatever their other settings; False where either can't be read.

    An anchor that only one of them has makes no other place.
    """
    if one == other:
        return True
    try:
        if STACK in (one, other) or open_store(one).url != open_store(other).url:
            return False
    except InputError:
        return False
    return len({anchor for url in (one, other) if (anchor := _anchor_in(str(url)))}) <= 1


def anchored(url: str, locations: Sequence[str]) -> str:
    """``url`` with the anchor, such as the account, with which one of ``locations`` recorded the same place.

    So that the credentials of another day can't take a store of the same name in another account for it.
    """
    for location in locations:
        anchor = _anchor_in(location)
        if anchor and not _anchor_in(url) and is_same_place(location, url):
            return f"{url}{'&' if '?' in url else '?'}{anchor}"
    return url


def _kind(url: str) -> StoreKind | None:
    module = KINDS.get(url.partition(":")[0].lower())
    return cast(StoreKind, import_module(module).KIND) if module else None


def _anchor_in(url: str) -> str | None:
    """``account=123456789012``, for a kind whose anchor is the account."""
    kind = _kind(url)
    found = re.search(rf"[?&]({kind.anchor}=[^&]+)", url) if kind and kind.anchor else None
    return found[1] if found else None
