"""Store URLs: what configuration, ``endpoint_env`` and the state call a store. They hold no secret."""

import os
import re
from collections.abc import Mapping, Sequence
from importlib import import_module
from typing import Protocol, cast

from whatsapp_flow_keys.errors import InputError
from whatsapp_flow_keys.stores.store import Store

STACK = "stack"
"""The default store: a secret of the stack itself."""

STACK_LATER = "stack, asked for by an Output"
"""What no store is: with the stack as the store there is one resource more, so the program has to know it at once."""

_ACCOUNT = re.compile(r"[?&](account=[0-9]+)")


class _Kind(Protocol):
    """A store's class."""

    def from_url(self, url: str, field: str) -> Store:
        """The store behind a complete URL; nothing is read yet. Raises :class:`InputError`."""

    def complete(self, url: str, environ: Mapping[str, str]) -> str:
        """``url`` with what the environment knows of where the store is; unchanged where it is whole, or wrong."""


_KINDS = {
    "file": ("whatsapp_flow_keys.stores.file", "FileStore"),
    "hashivault": ("whatsapp_flow_keys.stores.vault.store", "VaultStore"),
    "awssecretsmanager": ("whatsapp_flow_keys.stores.aws_secrets_manager.store", "AwsSecretsManagerStore"),
    "azurekeyvault": ("whatsapp_flow_keys.stores.azure_key_vault.store", "AzureKeyVaultStore"),
}
"""By scheme, the module and the class: a program pays for the stores that it names."""


def open_store(url: object, field: str = "store") -> Store:
    """The store behind a URL; nothing is read yet. Raises :class:`InputError`, which names ``field``."""
    if not isinstance(url, str) or not url.strip():
        raise InputError(f"{field}: is empty; give a store's URL, as in file:///var/lib/flows/ring.json")
    if url == STACK:
        raise InputError(f"{field}: the stack can only be the store of a program, not a backup or a place of its own")
    if url == STACK_LATER:
        raise InputError(f"{field}: an Output can't ask for the stack as the store; give StackStore()")
    kind = _kind(url)
    if kind is None:
        known = ", ".join(f"`{scheme}://…`" for scheme in _KINDS)
        raise InputError(f"{field}: {url[:80]!r} is not a store; known are `{STACK}`, {known}")
    return kind.from_url(url, field)


def complete_url(url: str, environ: Mapping[str, str] = os.environ) -> str:
    """``url`` with what the environment knows of where the store is: a region, a server's address, a folder.

    The result is what gets recorded, so that the environment of another day can't send a later call elsewhere.
    A URL that is wrong is left for :func:`open_store` to refuse.
    """
    kind = _kind(url)
    return kind.complete(url, environ) if kind else url


def parse_stores(store: object, backups: object) -> tuple[Store, ...]:
    """The stores of a number, the first one first; without :data:`STACK`, whose ring lies in the state.

    Raises :class:`InputError` when one can't be used or stands there twice.
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

    An account that only one of them names makes no other place.
    """
    if one == other:
        return True
    try:
        if STACK in (one, other) or open_store(one).url != open_store(other).url:
            return False
    except InputError:
        return False
    accounts = {account[1] for account in (_ACCOUNT.search(str(one)), _ACCOUNT.search(str(other))) if account}
    return len(accounts) <= 1


def anchored(url: str, locations: Sequence[str]) -> str:
    """``url`` with the account in which one of ``locations`` recorded the same place.

    So that the credentials of another day can't take a store of the same name in another account for it.
    """
    for location in locations:
        account = _ACCOUNT.search(location)
        if account and not _ACCOUNT.search(url) and is_same_place(location, url):
            return f"{url}{'&' if '?' in url else '?'}{account[1]}"
    return url


def _kind(url: str) -> _Kind | None:
    named = _KINDS.get(url.partition(":")[0].lower())
    if named is None:
        return None
    module, name = named
    return cast(_Kind, getattr(import_module(module), name))
