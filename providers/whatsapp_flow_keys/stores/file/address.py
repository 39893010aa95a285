"""The path in a file's URL."""

import os
from collections.abc import Mapping
from pathlib import Path
from urllib.parse import unquote, urlsplit

from whatsapp_flow_keys.errors import InputError


def parse_path(url: str, field: str) -> str:
    """Of ``file:///absolute/path``, also ``file:/…`` and with ``localhost``; blanks and the like percent-encoded.

    Raises :class:`InputError`, which names ``field``.
    """
    try:
        parts = urlsplit(url)
    except ValueError:
        raise InputError(f"{field}: {url[:80]!r} is not a URL") from None
    if parts.netloc not in ("", "localhost") or parts.query or parts.fragment:
        raise InputError(f"{field}: a file store's URL has three slashes and a path: file:///var/lib/flows/ring.json")
    return unquote(parts.path, errors="surrogateescape")


def complete(url: str, _environ: Mapping[str, str]) -> str:
    """``file:ring.json`` counts from the folder that the program runs in, which is the project's."""
    path = url.partition(":")[2].partition("?")[0]
    if path.startswith("/") or path != url.partition(":")[2] or not path or path.endswith("/"):
        return url
    return Path(os.path.abspath(unquote(path))).as_uri()


def write(path: object) -> str:
    """The URL of a path; a relative one counts from the folder that the program runs in."""
    return Path(os.path.abspath(path)).as_uri() if isinstance(path, str) and path else "file:"
