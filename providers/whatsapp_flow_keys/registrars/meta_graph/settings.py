"""Where the Graph API is and who asks: validated once, with secrets that never show in a ``repr``."""

import os
import re
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any

from whatsapp_flow_keys.clock import parse_seconds
from whatsapp_flow_keys.errors import SettingError
from whatsapp_flow_keys.registrars.registrar import ACCOUNT
from whatsapp_flow_keys.web_address import why_not_a_web_address

DEFAULT_URL = "https://graph.facebook.com"
DEFAULT_VERSION = "v26.0"
DEFAULT_DEADLINE = 30.0

_DEADLINE = "WHATSAPP_GRAPH_DEADLINE"


@dataclass(frozen=True)
class GraphSettings:
    """``access_tokens`` are tried in order: the next one only after Meta said that the one before is not valid.

    ``deadline`` is the total time of one call with all its retries, in seconds. ``account`` is its name among several.
    Raises :class:`SettingError` when a value can't be used.
    """

    access_tokens: tuple[str, ...] = field(repr=False)
    app_secret: str | None = field(default=None, repr=False)
    url: str = DEFAULT_URL
    version: str = DEFAULT_VERSION
    deadline: float = DEFAULT_DEADLINE
    account: str | None = None

    def __post_init__(self) -> None:
        if said := why_not_a_web_address(self.url, DEFAULT_URL, query=False):
            raise self._error("graphUrl", said)
        if not re.fullmatch(r"v[0-9]{1,3}\.[0-9]{1,3}", self.version):
            raise self._error("graphVersion", f"{self.version[:20]!r} is not a version like {DEFAULT_VERSION}")
        if not self.access_tokens:
            or_else = "" if self.account else ", or in the environment variable WHATSAPP_ACCESS_TOKEN"
            command = f"`pulumi config set --secret {self.name('accessToken')}`"
            raise self._error("accessToken", f"is missing; set it with {command}{or_else}")
        secrets = [("accessToken", token) for token in self.access_tokens]
        secrets += [("appSecret", self.app_secret)] if self.app_secret is not None else []
        for setting, value in secrets:
            if not value or not value.isascii() or not value.isprintable() or " " in value:
                raise self._error(setting, "is empty or holds blanks, line ends or characters that no token has")

    def name(self, setting: str) -> str:
        """What the program's configuration calls a setting of this account, as in ``whatsapp:accessToken``."""
        return f"{self.account or 'whatsapp'}:{setting}"

    def _error(self, setting: str, said: str) -> SettingError:
        return SettingError(setting, said, self.account)


def graph_settings(config: Callable[[str], Any]) -> GraphSettings:
    """Settings from a stack's configuration, with the environment where it says nothing.

    The environment's token is also the second to be tried: plain ``refresh`` and ``destroy`` run with the recorded
    configuration, so with an old token. An account that is one of several has its own token only: whose the
    environment's is, nobody knows.
    """
    configured, account = config("whatsapp:accessToken"), config(ACCOUNT)
    given = [configured, None if account else os.environ.get("WHATSAPP_ACCESS_TOKEN")]
    tokens = tuple(dict.fromkeys(str(token).strip() for token in given if token))
    # A secret of the environment belongs to the environment's token: another app's would spoil the proof.
    secret = config("whatsapp:appSecret") or (None if configured or account else os.environ.get("WHATSAPP_APP_SECRET"))
    url = config("whatsapp:graphUrl") or os.environ.get("WHATSAPP_GRAPH_URL") or DEFAULT_URL
    version = config("whatsapp:graphVersion") or DEFAULT_VERSION
    deadline = parse_seconds(os.environ.get(_DEADLINE) or DEFAULT_DEADLINE, _DEADLINE)
    app_secret = str(secret).strip() if secret else None
    return GraphSettings(tokens, app_secret, str(url), str(version), deadline, str(account) if account else None)
