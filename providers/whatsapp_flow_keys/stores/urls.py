"""Store URLs: what configuration, ``endpoint_env`` and the state call a store. They hold no secret."""

from urllib.parse import unquote, urlsplit

from whatsapp_flow_keys.errors import InputError
from whatsapp_flow_keys.stores.file import FileStore
from whatsapp_flow_keys.stores.store import Store

STACK = "stack"
"""The default store: a secret of the stack itself."""


def open_store(url: object, field: str = "store") -> Store:
    """The store behind a URL; nothing is read yet. Raises :class:`InputError`, which names ``field``."""
    if not isinstance(url, str) or not url.strip():
        raise InputError(f"{field}: is empty; give a store's URL, as in file:///var/lib/flows/ring.json")
    try:
        parts = urlsplit(url)
    except ValueError:
        raise InputError(f"{field}: {url[:80]!r} is not a URL") from None
    if parts.scheme == "file":
        if parts.netloc not in ("", "localhost") or parts.query or parts.fragment:
            raise InputError(
                f"{field}: a file store's URL has three slashes and a path: file:///var/lib/flows/ring.json"
            )
        return FileStore(unquote(parts.path, errors="surrogateescape"), field)
    raise InputError(f"{field}: {url[:80]!r} is not a store; known are `{STACK}` and `file:///…`")


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
