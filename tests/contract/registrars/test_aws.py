"""AWS End User Messaging Social by boto3, over real HTTP against the emulator: what only this registrar has."""

import logging
from collections.abc import Iterator
from typing import Any

import pytest

from tests.contract.conftest import TestClock
from tests.contract.registrars import at_aws
from tests.contract.registrars.conftest import Side
from tests.pages import ROOT
from tests.pairs import pair
from tests.servers.http_servers import waitress_server
from whatsapp_flow_keys.aws.client import shared_client
from whatsapp_flow_keys.registrars.aws_social.address import AwsNumber
from whatsapp_flow_keys.registrars.aws_social.client import AwsSocialClient
from whatsapp_flow_keys.registrars.aws_social.errors import (
    AwsCredentialsError,
    AwsDeniedByMetaError,
    AwsMisconfiguredError,
    AwsNumberNotFoundError,
    AwsParameterError,
    AwsPermissionError,
    AwsSocialError,
    AwsUnexpectedAnswerError,
)
from whatsapp_flow_keys.registrars.aws_social.settings import AwsSocialSettings
from whatsapp_flow_keys.registrars.errors import NumberGoneError, WrongClockError
from whatsapp_flow_keys.registrars.registrar import Registrar
from whatsapp_graph_emulator import Emulator
from whatsapp_graph_emulator.aws_edge import AWS_PATH


@pytest.fixture
def aws(sides: dict[str, Side]) -> Registrar:
    return sides["aws"].connect(30.0)


def test_the_two_operations_are_all_that_is_asked(aws: Registrar, emulator: Emulator, number: str) -> None:
    aws.publish(number, pair().public_key_pem)
    aws.served(number)
    asked = [(request["method"], request["path"]) for request in emulator.requests(number)]
    assert asked == [("PUT", f"/{AWS_PATH}"), ("GET", f"/{AWS_PATH}")]


def test_a_firewall_has_to_let_out_the_host_that_the_page_names(
    sides: dict[str, Side], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.delenv("AWS_ENDPOINT_URL_SOCIALMESSAGING")
    host = shared_client("socialmessaging", at_aws.REGION, 1, 1).meta.endpoint_url.removeprefix("https://")
    assert f"`{host.replace(at_aws.REGION, 'REGION')}`" in (ROOT / "docs" / "networks.md").read_text()


def test_where_the_account_is_known_the_number_is_asked_for_by_its_arn(
    sides: dict[str, Side], emulator: Emulator, number: str, clock: TestClock
) -> None:
    known = AwsNumber(at_aws.number_at_aws(number).id, at_aws.REGION, "123456789012")
    AwsSocialClient(AwsSocialSettings(known), clock).publish(number, pair().public_key_pem)
    assert emulator.served(number)[1] == pair().fingerprint


@pytest.mark.parametrize(
    ("code", "kind"),
    [
        ("ValidationException", AwsParameterError),
        ("InvalidParametersException", AwsParameterError),
        ("AccessDeniedException", AwsPermissionError),
        ("AccessDeniedByMetaException", AwsDeniedByMetaError),
        ("ResourceNotFoundException", AwsNumberNotFoundError),
        ("ExpiredTokenException", AwsCredentialsError),
        ("UnrecognizedClientException", AwsCredentialsError),
        ("SomethingNewException", AwsSocialError),
    ],
)
def test_a_refusal_is_asked_once_and_says_what_to_do(
    aws: Registrar, emulator: Emulator, number: str, code: str, kind: type[AwsSocialError]
) -> None:
    emulator.fault("error", aws_code=code, phone_number_id=number)
    with pytest.raises(kind) as caught:
        aws.publish(number, pair().public_key_pem)
    assert type(caught.value) is kind
    assert code in str(caught.value)
    assert caught.value.trace_id
    assert caught.value.trace_id in str(caught.value)
    assert len(emulator.requests(number)) == 1


def test_a_number_that_aws_does_not_know_is_no_evidence_that_it_was_deleted(
    sides: dict[str, Side], emulator: Emulator, number: str, clock: TestClock
) -> None:
    emulator.add_number(number, deleted=True)
    for asked in (number, "999"):
        with pytest.raises(AwsNumberNotFoundError, match="doesn't mean that it was deleted") as caught:
            at_aws.client(asked, clock).served(asked)
        assert not isinstance(caught.value, NumberGoneError)


def test_a_key_that_is_not_one_is_refused_by_aws(aws: Registrar, number: str) -> None:
    with pytest.raises(AwsParameterError):
        aws.publish(number, "-----BEGIN PUBLIC KEY-----")


def test_a_refused_signatures_time_speaks_of_the_clock(aws: Registrar, emulator: Emulator, number: str) -> None:
    said = "Signature expired: 20261130T210000Z is now earlier than 20261130T220000Z"
    emulator.fault("error", aws_code="InvalidSignatureException", status=403, message=said, phone_number_id=number)
    with pytest.raises(WrongClockError, match="By AWS's clock this machine's is wrong"):
        aws.served(number)


def test_without_credentials_nothing_is_sent(
    aws: Registrar, emulator: Emulator, number: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    for name in ("AWS_ACCESS_KEY_ID", "AWS_SECRET_ACCESS_KEY", "AWS_SESSION_TOKEN"):
        monkeypatch.delenv(name)
    with pytest.raises(AwsCredentialsError, match="There are no usable AWS credentials for social-messaging:Get"):
        aws.served(number)
    assert emulator.requests(number) == []


def test_nothing_is_sent_by_plain_http_to_another_machine(
    aws: Registrar, number: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("AWS_ENDPOINT_URL_SOCIALMESSAGING", "http://aws.example.com")
    with pytest.raises(AwsMisconfiguredError, match="so nothing was sent there") as caught:
        aws.publish(number, pair().public_key_pem)
    assert not caught.value.may_have_taken_effect


@pytest.fixture
def other_service(monkeypatch: pytest.MonkeyPatch, sides: dict[str, Side]) -> Iterator[list[tuple[str, bytes]]]:
    """What answers in place of AWS, with the status and the body that stand in the list."""
    answers: list[tuple[str, bytes]] = []

    def app(_environ: Any, start_response: Any) -> list[bytes]:
        status, body = answers[0]
        start_response(status, [("Content-Length", str(len(body)))])
        return [body]

    with waitress_server(app) as url:
        monkeypatch.setenv("AWS_ENDPOINT_URL_SOCIALMESSAGING", url)
        yield answers


@pytest.mark.parametrize("body", [b"{}", b"", b"<html>Log in</html>"])
def test_what_is_not_aws_confirms_no_publication(
    aws: Registrar, number: str, other_service: list[tuple[str, bytes]], body: bytes
) -> None:
    other_service.append(("200 OK", body))
    with pytest.raises(AwsSocialError) as caught:
        aws.publish(number, pair().public_key_pem)
    assert caught.value.may_have_taken_effect


@pytest.mark.parametrize(
    "body", [b"{}", b"", b"<html>Log in</html>", b"[" * 100_000], ids=["empty", "nothing", "a page", "deep"]
)
def test_what_is_not_aws_does_not_say_that_a_number_has_no_key(
    aws: Registrar, number: str, other_service: list[tuple[str, bytes]], body: bytes
) -> None:
    other_service.append(("200 OK", body))
    with pytest.raises(AwsSocialError):
        aws.served(number)


def test_a_page_of_a_proxy_is_not_an_answer(
    aws: Registrar, number: str, other_service: list[tuple[str, bytes]]
) -> None:
    other_service.append(("403 Forbidden", b"<html>Blocked</html>"))
    with pytest.raises(AwsUnexpectedAnswerError, match="any proxy in between") as caught:
        aws.publish(number, pair().public_key_pem)
    assert not caught.value.may_have_taken_effect


def test_neither_a_log_nor_an_error_shows_credentials(
    aws: Registrar, emulator: Emulator, number: str, caplog: pytest.LogCaptureFixture
) -> None:
    caplog.set_level(logging.DEBUG)
    aws.publish(number, pair().public_key_pem)
    emulator.fault("error", aws_code="AccessDeniedException", phone_number_id=number)
    with pytest.raises(AwsSocialError) as caught:
        aws.served(number)
    for secret in (at_aws.SECRET_KEY, at_aws.SESSION_TOKEN, "Signature="):
        assert secret not in caplog.text
        assert secret not in str(caught.value) + repr(caught.value)
