"""Which number of AWS is asked for, and how long a call may take. Credentials are boto3's own to find."""

from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any

from whatsapp_flow_keys.registrars.app_secret import account_name, app_secret, check_secret, setting_name
from whatsapp_flow_keys.registrars.aws_social.address import AwsNumber
from whatsapp_flow_keys.registrars.retries import DEFAULT_DEADLINE, deadline_of_environment


@dataclass(frozen=True)
class AwsSocialSettings:
    """``deadline`` is the total time of one call with all its retries, in seconds. ``account`` is the WhatsApp
    account's name among several.

    Raises :class:`SettingError` when a value can't be used.
    """

    number: AwsNumber
    app_secret: str | None = field(default=None, repr=False)
    deadline: float = DEFAULT_DEADLINE
    account: str | None = None

    def __post_init__(self) -> None:
        check_secret("appSecret", self.app_secret, self.account)

    def name(self, setting: str) -> str:
        """What the program's configuration calls a setting of this account, as in ``whatsapp:appSecret``."""
        return setting_name(setting, self.account)


def aws_social_settings(number: AwsNumber, config: Callable[[str], Any]) -> AwsSocialSettings:
    """Settings from a stack's configuration, with the environment where it says nothing. No access token is needed."""
    return AwsSocialSettings(number, app_secret(config), deadline_of_environment(), account_name(config))
