"""The app secret and the names of an account's settings, which every registrar has: an endpoint's pings are signed."""

import os
from collections.abc import Callable
from typing import Any

from whatsapp_flow_keys.errors import SettingError
from whatsapp_flow_keys.registrars.registrar import ACCOUNT


def app_secret(config: Callable[[str], Any], *, of_environment: bool = True) -> str | None:
    """``whatsapp:appSecret``, or the environment's, which is nobody's where a program has several accounts.

    ``of_environment``: whether that one may be this account's.
    """
    of_environment = of_environment and not config(ACCOUNT)
    secret = config("whatsapp:appSecret") or (os.environ.get("WHATSAPP_APP_SECRET") if of_environment else None)
    return str(secret).strip() if secret else None


def account_name(config: Callable[[str], Any]) -> str | None:
    """The account's name, where a program has several."""
    account = config(ACCOUNT)
    return str(account) if account else None


def setting_name(setting: str, account: str | None) -> str:
    """What the program's configuration calls a setting of the account, as in ``whatsapp:accessToken``."""
    return f"{account or 'whatsapp'}:{setting}"


def check_secret(setting: str, value: str | None, account: str | None) -> None:
    """Raises :class:`SettingError` where a token or a secret is given that none can be."""
    if value is not None and (not value or not value.isascii() or not value.isprintable() or " " in value):
        raise SettingError(setting, "is empty or holds blanks, line ends or characters that no token has", account)
