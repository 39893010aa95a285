"""AWS's two operations over the numbers of the Graph API, as boto3 and as a plain HTTP client meet them."""

from collections.abc import Iterator
from typing import Any

import pytest
import requests
from boto3.session import Session
from botocore.config import Config
from botocore.exceptions import ClientError

from tests.contract.emulator.conftest import NUMBER
from tests.pages import command_to_type
from whatsapp_graph_emulator import BadField, Emulator
from whatsapp_graph_emulator.aws_edge import AWS_PATH, aws_id, number_of

ID = "phone-number-id-00000000000000000106540352242922"
ARN = "arn:aws:social-messaging:eu-central-1:123456789012:phone-number-id/00000000000000000106540352242922"
SIGNED = {"Authorization": "AWS4-HMAC-SHA256 Credential=AKIA/20261130/eu-central-1/social-messaging/aws4_request"}


@pytest.fixture(scope="module")
def session() -> Session:
    """It keeps the service model, which is slow to read."""
    return Session("AKIAOFNOBODY", "secretOfNobody", region_name="eu-central-1")


@pytest.fixture
def aws(emulator: Emulator, session: Session, monkeypatch: pytest.MonkeyPatch) -> Iterator[Any]:
    """boto3's client, which the page's command sends here."""
    name, _, url = command_to_type("docs/emulator.md", "export AWS_").removeprefix("export ").partition("=")
    monkeypatch.setenv(name, url.replace("http://127.0.0.1:8420", emulator.url))
    client = session.client("socialmessaging", config=Config(retries={"total_max_attempts": 1}))
    yield client
    client.close()


def code_of(error: pytest.ExceptionInfo[ClientError]) -> tuple[str, int]:
    answered = error.value.response
    return answered["Error"]["Code"], answered["ResponseMetadata"]["HTTPStatusCode"]


def test_a_numbers_id_at_aws_is_metas_with_zeros_before_it() -> None:
    assert aws_id(NUMBER) == ID
    assert number_of(ID) == number_of(ARN) == NUMBER
    assert number_of("phone-number-id-abc") is None


@pytest.mark.parametrize("named", [ID, ARN])
def test_a_key_that_is_put_is_served_by_both_sides(aws: Any, emulator: Emulator, pem: str, named: str) -> None:
    aws.put_whatsapp_business_public_key(originationPhoneNumberId=named, businessPublicKey=pem)
    answer = aws.get_whatsapp_business_public_key(originationPhoneNumberId=named)
    assert (answer["businessPublicKey"], answer["businessPublicKeySignatureStatus"]) == emulator.served(NUMBER)[::2]
    assert answer["ResponseMetadata"]["RequestId"]
    asked = [(entry["method"], entry["path"], entry["phone_number_id"]) for entry in emulator.requests()]
    assert asked == [("PUT", f"/{AWS_PATH}", NUMBER), ("GET", f"/{AWS_PATH}", NUMBER)]


def test_a_key_of_the_graph_api_is_read_with_its_signature_status(aws: Any, emulator: Emulator, pem: str) -> None:
    emulator.set_key(NUMBER, pem)
    emulator.reregister(NUMBER)
    answer = aws.get_whatsapp_business_public_key(originationPhoneNumberId=ID)
    assert answer["businessPublicKeySignatureStatus"] == "MISMATCH"


@pytest.mark.parametrize(("no_key", "key"), [("blank", " "), ("absent", None), ("empty", None)])
def test_a_number_without_a_key_is_answered_as_its_options_say(
    aws: Any, emulator: Emulator, no_key: str, key: str | None
) -> None:
    emulator.add_number(NUMBER, no_key=no_key)
    answer = aws.get_whatsapp_business_public_key(originationPhoneNumberId=ID)
    assert answer.get("businessPublicKey") == key
    assert ("businessPublicKeySignatureStatus" in answer) is (no_key != "empty")


@pytest.mark.parametrize(
    ("named", "options", "code"),
    [
        ("106540352242922", {}, ("ValidationException", 400)),
        (aws_id("999"), {}, ("ResourceNotFoundException", 404)),
        ("phone-number-id-abc", {}, ("ResourceNotFoundException", 404)),
        (ID, {"deleted": True}, ("ResourceNotFoundException", 404)),
        (ID, {"registered": False}, ("AccessDeniedByMetaException", 403)),
    ],
)
def test_a_number_that_is_not_there_is_an_error_in_awss_envelope(
    aws: Any, emulator: Emulator, named: str, options: dict[str, bool], code: tuple[str, int]
) -> None:
    emulator.add_number(NUMBER, **options)
    with pytest.raises(ClientError) as caught:
        aws.get_whatsapp_business_public_key(originationPhoneNumberId=named)
    assert code_of(caught) == code


KMS = "arn:aws:kms:eu-central-1:123456789012:key/1"


@pytest.mark.parametrize("given", [{}, {"businessPublicKey": "x"}, {"kmsKeyArn": KMS}, {"kmsKeyArn": KMS, "pem": True}])
def test_a_wrong_key_none_and_a_kms_key_are_refused(
    aws: Any, emulator: Emulator, pem: str, given: dict[str, Any]
) -> None:
    keys = {name: value for name, value in given.items() if name != "pem"}
    keys |= {"businessPublicKey": pem} if "pem" in given else {}
    with pytest.raises(ClientError) as caught:
        aws.put_whatsapp_business_public_key(originationPhoneNumberId=ID, **keys)
    assert code_of(caught) == ("InvalidParametersException", 400)
    assert emulator.served(NUMBER)[0] is None


@pytest.mark.parametrize("authorization", [None, "Bearer token-of-the-test"])
def test_a_request_that_is_not_signed_is_refused(emulator: Emulator, authorization: str | None) -> None:
    headers = {"Authorization": authorization} if authorization else {}
    url = f"{emulator.url}/{AWS_PATH}?originationPhoneNumberId={ID}"
    answer = requests.get(url, headers=headers, timeout=10)
    assert (answer.status_code, answer.headers["x-amzn-ErrorType"]) == (403, "MissingAuthenticationTokenException")
    assert answer.json() == {"message": "Missing Authentication Token"}
    assert "x-fb-trace-id" not in answer.headers


def test_another_method_is_an_operation_that_aws_does_not_know(emulator: Emulator) -> None:
    answer = requests.delete(f"{emulator.url}/{AWS_PATH}", headers=SIGNED, timeout=10)
    assert answer.headers["x-amzn-ErrorType"] == "UnknownOperationException"


def test_a_put_is_answered_with_an_empty_body(emulator: Emulator, pem: str) -> None:
    body = {"originationPhoneNumberId": ID, "businessPublicKey": pem}
    answer = requests.put(f"{emulator.url}/{AWS_PATH}", json=body, headers=SIGNED, timeout=10)
    assert (answer.status_code, answer.content) == (200, b"")


def test_an_error_meets_the_requests_of_its_own_side(aws: Any, emulator: Emulator, pem: str) -> None:
    emulator.fault("error", code=190)
    aws.put_whatsapp_business_public_key(originationPhoneNumberId=ID, businessPublicKey=pem)
    emulator.fault("error", aws_code="ThrottledRequestException", message="slowly", method="POST")
    with pytest.raises(ClientError, match="slowly") as caught:
        aws.put_whatsapp_business_public_key(originationPhoneNumberId=ID, businessPublicKey=pem)
    assert code_of(caught) == ("ThrottledRequestException", 429)
    assert aws.get_whatsapp_business_public_key(originationPhoneNumberId=ID)["businessPublicKey"] == pem


def test_a_stale_read_follows_a_put(aws: Any, emulator: Emulator, pem: str) -> None:
    aws.put_whatsapp_business_public_key(originationPhoneNumberId=ID, businessPublicKey=pem)
    emulator.fault("stale_read", seconds=60)
    assert aws.get_whatsapp_business_public_key(originationPhoneNumberId=ID)["businessPublicKey"] == " "


def test_metas_fields_of_an_error_are_refused_beside_awss() -> None:
    with Emulator(tokens=["a"]) as running, pytest.raises(BadField, match="subcode: is for Meta's errors only"):
        running.fault("error", aws_code="AccessDeniedException", subcode=33)
