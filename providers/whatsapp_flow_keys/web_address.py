"""URLs of servers, as people write them, judged by one rule for all settings and inputs. Nobody is asked."""

import re
from urllib.parse import urlsplit

from whatsapp_flow_keys.loopback import leaves_in_the_clear

_HOST = re.compile(r"(?!\.)([0-9A-Za-z:_-]|\.(?!\.))+")


def why_not_a_web_address(url: str, like: str, *, query: bool) -> str | None:
    """What is wrong with the URL of a server, or None. Quotes nothing of it, since its query may hold a secret.

    Args:
        url: as it was given.
        like: an example for the sentence.
        query: whether it may have a query.
    """
    if not url.isprintable() or " " in url:  # urlsplit overlooks them, HTTP does not
        return "holds blanks, line ends or characters that no URL has"
    try:
        parts = urlsplit(url)
        host, _ = parts.hostname or "", parts.port
    except ValueError:
        return "is not a URL"
    if parts.scheme not in ("https", "http") or not host:
        return f"is not a URL like {like}"
    if not _HOST.fullmatch(host):
        return "names no host"
    if "@" in parts.netloc or "#" in url or ("?" in url and not query):
        return f"must hold no user, password{' or' if query else ', query or'} fragment"
    if leaves_in_the_clear(url):
        return "must start with https:// (http:// is taken for this machine only)"
    return None
