"""Where the Graph API is and who asks: validated once, with secrets that never show in a ``repr``."""

import re
from dataclasses import dataclass, field
from urllib.parse import urlsplit

from whatsapp_flow_keys.errors import InputError
from whatsapp_flow_keys.loopback import is_loopback

DEFAULT_URL = "https://graph.facebook.com"
DEFAULT_VERSION = "v26.0"
DEFAULT_DEADLINE = 30.0


@dataclass(frozen=True)
class GraphSettings:
    """``access_tokens`` are tried in order: the next one only after Meta said that the one before is not valid.

    ``deadline`` is the total time of one call with all its retries, in seconds. Raises :class:`InputError`, whose text
    names the setting, when a value can't be used.
    """

    access_tokens: tuple[str, ...] = field(repr=False)
    app_secret: str | None = field(default=None, repr=False)
    url: str = DEFAULT_URL
    version: str = DEFAULT_VERSION
    deadline: float = DEFAULT_DEADLINE

    def __post_init__(self) -> None:
        _check_url(self.url)
        if not re.fullmatch(r"v[0-9]{1,3}\.[0-9]{1,3}", self.version):
            raise InputError(f"whatsapp:graphVersion: {self.version[:20]!r} is not a version like {DEFAULT_VERSION}")
        if not self.access_tokens:
            raise InputError(
                "whatsapp:accessToken: is missing; set it with `pulumi config set --secret whatsapp:accessToken`, or "
                "in the environment variable WHATSAPP_ACCESS_TOKEN"
            )
        for token in self.access_tokens:
            _check_secret(token, "whatsapp:accessToken")
        if self.app_secret is not None:
            _check_secret(self.app_secret, "whatsapp:appSecret")


def _check_url(url: str) -> None:
    if not url.isprintable() or " " in url:  # urlsplit overlooks them, HTTP does not
        raise InputError("whatsapp:graphUrl: holds blanks, line ends or characters that no URL has")
    try:
        parts = urlsplit(url)
        host, _ = parts.hostname or "", parts.port
    except ValueError:
        raise InputError("whatsapp:graphUrl: is not a URL") from None
    if parts.scheme not in ("https", "http") or not host:
        raise InputError(f"whatsapp:graphUrl: is not a URL like {DEFAULT_URL}")
    if not re.fullmatch(r"(?!\.)([0-9A-Za-z:_-]|\.(?!\.))+", host):
        raise InputError("whatsapp:graphUrl: names no host")
    if "@" in parts.netloc or "?" in url or "#" in url:
        raise InputError("whatsapp:graphUrl: must hold no user, password, query or fragment")
    if parts.scheme == "http" and not is_loopback(host):
        raise InputError("whatsapp:graphUrl: must start with https:// (http:// is taken for this machine only)")


def _check_secret(value: str, name: str) -> None:
    if not value or not value.isascii() or not value.isprintable() or " " in value:
        raise InputError(f"{name}: is empty or holds blanks, line ends or characters that no token has")
