"""AWS End User Messaging Social through boto3: it passes a number's public key on to Meta, and reads it back."""

from collections.abc import Callable
from typing import TYPE_CHECKING, Any

from whatsapp_flow_keys.extras import require_extra
from whatsapp_flow_keys.registrars.aws_social.address import complete, parse_number, write
from whatsapp_flow_keys.registrars.aws_social.settings import AwsSocialSettings, aws_social_settings
from whatsapp_flow_keys.registrars.registrar import RegistrarKind

if TYPE_CHECKING:
    from whatsapp_flow_keys.registrars.aws_social.client import AwsSocialClient


def _connect(settings: AwsSocialSettings) -> "AwsSocialClient":
    from whatsapp_flow_keys.registrars.aws_social.client import AwsSocialClient  # with cryptography: see meta_graph

    return AwsSocialClient(settings)


def _check(url: str, field: str) -> None:
    parse_number(url, field)
    require_extra("aws", "boto3", field=field, what="registrar")


def _settings(url: str, config: Callable[[str], Any]) -> AwsSocialSettings:
    return aws_social_settings(parse_number(url, "registrar"), config)


KIND = RegistrarKind(_check, _settings, _connect, write, complete)
