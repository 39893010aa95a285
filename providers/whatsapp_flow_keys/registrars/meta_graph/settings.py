"""Where the Graph API is and who asks: validated once, with secrets that never show in a ``repr``."""

import os
import re
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any

from whatsapp_flow_keys.errors import SettingError
from whatsapp_flow_keys.registrars.app_secret import account_name, app_secret, check_secret, setting_name
from whatsapp_flow_keys.registrars.retries import DEFAULT_DEADLINE, deadline_of_environment
from whatsapp_flow_keys.web_address import why_not_a_web_address

DEFAULT_URL = "https://graph.facebook.com"
DEFAULT_VERSION = "v26.0"


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
        for token in self.access_tokens:
            check_secret("accessToken", token, self.account)
        check_secret("appSecret", self.app_secret, self.account)

    def name(self, setting: str) -> str:
        """What the program's configuration calls a setting of this account, as in ``whatsapp:accessToken``."""
        return setting_name(setting, self.account)

    def _error(self, setting: str, said: str) -> SettingError:
        return SettingError(setting, said, self.account)


def graph_settings(config: Callable[[str], Any]) -> GraphSettings:
    """Settings from a stack's configuration, with the environment where it says nothing.

    The environment's token is also the second to be tried: plain ``refresh`` and ``destroy`` run with the recorded
    configuration, so with an old token. An account that is one of several has its own token only: whose the
    environment's is, nobody knows.
    """
    configured, account = config("whatsapp:accessToken"), account_name(config)
    given = [configured, None if account else os.environ.get("WHATSAPP_ACCESS_TOKEN")]
    tokens = tuple(dict.fromkeys(str(token).strip() for token in given if token))
    # A secret of the environment belongs to the environment's token: another app's would spoil the proof.
    secret = app_secret(config, of_environment=not configured)
    url = config("whatsapp:graphUrl") or os.environ.get("WHATSAPP_GRAPH_URL") or DEFAULT_URL
    version = config("whatsapp:graphVersion") or DEFAULT_VERSION
    return GraphSettings(tokens, secret, str(url), str(version), deadline_of_environment(), account)
