"""AWS End User Messaging Social as the emulator speaks it: where boto3 finds it, and by which credentials."""

import pytest

from whatsapp_flow_keys.clock import Clock
from whatsapp_flow_keys.registrars.aws_social.address import AwsNumber
from whatsapp_flow_keys.registrars.aws_social.client import AwsSocialClient
from whatsapp_flow_keys.registrars.aws_social.settings import AwsSocialSettings
from whatsapp_graph_emulator import Emulator
from whatsapp_graph_emulator.aws_edge import aws_id

REGION = "eu-central-1"
SECRET_KEY, SESSION_TOKEN = "wJalrSecretKeyOfNobody", "IQoJSessionTokenOfNobody"


def environment(url: str) -> dict[str, str]:
    """What a person sets to have the emulator for AWS."""
    return {
        "AWS_ENDPOINT_URL_SOCIALMESSAGING": url,
        "AWS_ACCESS_KEY_ID": "AKIAOFNOBODYATALL000",
        "AWS_SECRET_ACCESS_KEY": SECRET_KEY,
        "AWS_SESSION_TOKEN": SESSION_TOKEN,
        "AWS_REGION": REGION,
        "AWS_EC2_METADATA_DISABLED": "true",
    }


def put_in(monkeypatch: pytest.MonkeyPatch, emulator: Emulator) -> None:
    """The environment of this process; no profile of the machine counts."""
    for name in ("AWS_PROFILE", "AWS_DEFAULT_REGION"):
        monkeypatch.delenv(name, raising=False)
    for name in ("AWS_CONFIG_FILE", "AWS_SHARED_CREDENTIALS_FILE"):
        monkeypatch.setenv(name, "/dev/null")
    for name, value in environment(emulator.url).items():
        monkeypatch.setenv(name, value)


def number_at_aws(number: str) -> AwsNumber:
    """What AWS calls the number, where the emulator is AWS."""
    return AwsNumber(aws_id(number), REGION)


def url_of(number: str) -> str:
    """The registrar of a program."""
    return f"awssocial://{aws_id(number)}?region={REGION}"


def client(number: str, clock: Clock, *, deadline: float = 30.0) -> AwsSocialClient:
    """The registrar of this number."""
    return AwsSocialClient(AwsSocialSettings(number_at_aws(number), deadline=deadline), clock)
