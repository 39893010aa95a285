"""AWS End User Messaging Social: which number a registrar's URL names, and what each failed call means."""

import pytest

from whatsapp_flow_keys.aws.client import CallError
from whatsapp_flow_keys.errors import InputError
from whatsapp_flow_keys.registrars.aws_social.address import AwsNumber, complete, parse_number, write
from whatsapp_flow_keys.registrars.aws_social.errors import (
    AwsAnswerLostError,
    AwsClockError,
    AwsCredentialsError,
    AwsDeniedByMetaError,
    AwsFaultError,
    AwsMisconfiguredError,
    AwsNumberNotFoundError,
    AwsParameterError,
    AwsPermissionError,
    AwsSocialError,
    AwsThrottledError,
    AwsUnexpectedAnswerError,
    AwsUnreachableError,
)
from whatsapp_flow_keys.registrars.aws_social.meanings import error_for
from whatsapp_flow_keys.registrars.errors import NumberGoneError, WrongClockError
from whatsapp_flow_keys.registrars.kinds import complete_registrar, parse_registrar, registrar_of_environment

DIGITS = "0123456789abcdef0123456789abcdef"
ID = f"phone-number-id-{DIGITS}"
ARN = f"arn:aws:social-messaging:eu-central-1:123456789012:phone-number-id/{DIGITS}"
URL = f"awssocial://{ID}?region=eu-central-1"
DOING = "set the public key of phone number 1"
ACTION = "social-messaging:PutWhatsAppBusinessPublicKey"


@pytest.mark.parametrize(
    ("given", "url"),
    [
        ({"phone_number_id": ID, "region": "eu-central-1"}, URL),
        ({"phone_number_id": ID}, f"awssocial://{ID}?region=eu-west-1"),
        (
            {"phone_number_id": ID, "account": "123456789012", "region": "eu-central-1"},
            f"awssocial://{ID}?account=123456789012&region=eu-central-1",
        ),
        ({"phone_number_id": ARN}, f"awssocial://{ID}?account=123456789012&region=eu-central-1"),
    ],
)
def test_what_a_program_gives_becomes_a_whole_url(given: dict[str, str], url: str) -> None:
    written = complete(write(**given), {"AWS_REGION": "eu-west-1"})
    assert written == url
    parse_number(written, "registrar")


def test_a_url_with_its_region_is_complete_whatever_the_environment_says() -> None:
    assert complete_registrar(URL, {"AWS_REGION": "us-east-1"}) == URL
    assert complete_registrar("meta", {"AWS_REGION": "us-east-1"}) == "meta"


def test_aws_is_asked_by_the_id_or_where_the_account_is_known_by_the_arn() -> None:
    assert AwsNumber(ID, "eu-central-1").asked_for_as == ID
    assert AwsNumber(ID, "eu-central-1", "123456789012").asked_for_as == ARN
    assert AwsNumber(ID, "us-gov-west-1", "123456789012").asked_for_as.startswith("arn:aws-us-gov:social-messaging:")


@pytest.mark.parametrize(
    ("url", "said"),
    [
        (f"awssocial://{ID}", "the AWS region is missing; give region=, or set AWS_REGION"),
        (f"awssocial://{ID}?region=frankfurt", "'frankfurt' is not an AWS region"),
        (f"awssocial://{ID}?region=eu-central-1&account=12", "account must be the 12 digits of an AWS account"),
        (f"awssocial://{ID}?region=eu-central-1&kms=1", "'kms' is no setting of this registrar; known are account"),
        (f"awssocial://{ID}/x?region=eu-central-1", "is not an AWS phone number ID"),
        ("awssocial://106540352242922?region=eu-central-1", "is neither the phone number nor Meta's ID"),
        (f"awssocial://{ID}0?region=eu-central-1", "is not an AWS phone number ID"),
        (f"awssocial://{ARN}?region=eu-west-1", "it names the region and the account itself"),
        (f"awssocial://{ARN[:-1]}", "is not a phone number's whole ARN and nothing else"),
        (f"awssocial://me:word@{ID}", "a registrar's URL holds no user or password"),
        ("awssms://1", "'awssms://1' is not a registrar; known are `meta`, `awssocial://…`"),
        ("meta://1", "Meta's Graph API is `meta`, without more"),
        ("", "'' is not a registrar"),
        (None, "'None' is not a registrar"),
    ],
)
def test_what_is_not_a_registrars_url_is_refused_with_what_to_give(url: object, said: str) -> None:
    with pytest.raises(InputError) as caught:
        parse_registrar(complete(url, {}) if isinstance(url, str) else url, "registrar")
    assert str(caught.value).startswith("registrar: ")
    assert said in str(caught.value)
    assert "word" not in str(caught.value).replace("password", "")


def test_a_wrong_url_of_the_environment_is_said_to_be_the_environments(monkeypatch: pytest.MonkeyPatch) -> None:
    assert registrar_of_environment() == "meta"
    monkeypatch.setenv("WHATSAPP_REGISTRAR", "aws")
    with pytest.raises(InputError, match="WHATSAPP_REGISTRAR: 'aws' is not a registrar"):
        registrar_of_environment()
    with pytest.raises(InputError, match="--registrar: 'awx' is not a registrar"):
        registrar_of_environment("awx", "--registrar")
    assert registrar_of_environment(URL, "--registrar") == URL


@pytest.mark.parametrize(
    ("code", "status", "kind", "open_", "said"),
    [
        ("ValidationException", 400, AwsParameterError, False, "compare the ID with the console"),
        ("InvalidParametersException", 400, AwsParameterError, False, "does not take the phone number's ID or the"),
        ("ParamValidationError", 0, AwsParameterError, False, "does not take the phone number's ID or the"),
        ("AccessDeniedException", 403, AwsPermissionError, False, f"may not do {ACTION}; allow it in their policy"),
        ("AccessDeniedByMetaException", 403, AwsDeniedByMetaError, False, "account is still linked"),
        ("ResourceNotFoundException", 404, AwsNumberNotFoundError, False, "doesn't mean that it was deleted"),
        ("ThrottledRequestException", 429, AwsThrottledError, False, "too many calls"),
        ("ThrottlingException", 400, AwsThrottledError, False, "too many calls"),
        ("InternalServiceException", 500, AwsFaultError, True, "AWS has a fault"),
        ("DependencyException", 502, AwsFaultError, True, "Meta, which AWS asks in turn"),
        ("ServiceUnavailable", 503, AwsFaultError, True, "AWS has a fault"),
        ("NoCredentialsError", 0, AwsCredentialsError, False, "there are no usable AWS credentials"),
        ("ExpiredTokenException", 403, AwsCredentialsError, False, "have expired"),
        ("UnrecognizedClientException", 403, AwsCredentialsError, False, "doesn't accept these credentials"),
        ("RequestTimeTooSkewed", 403, AwsClockError, False, "this machine's is wrong"),
        ("EndpointConnectionError", 0, AwsUnreachableError, False, "the region, AWS_ENDPOINT_URL and WHATSAPP_GRAPH"),
        ("ConnectTimeoutError", 0, AwsUnreachableError, False, "AWS can't be reached"),
        ("ReadTimeoutError", 0, AwsAnswerLostError, True, "AWS can't be reached or doesn't answer"),
        ("ConnectionClosedError", 0, AwsAnswerLostError, True, "AWS can't be reached or doesn't answer"),
        ("SSLError", 0, AwsAnswerLostError, True, "TLS failed"),
        ("ProxyConnectionError", 0, AwsMisconfiguredError, False, "check HTTPS_PROXY"),
        ("PlainHttpError", 0, AwsMisconfiguredError, False, "AWS_ENDPOINT_URL_SOCIALMESSAGING"),
        ("ValueError", 0, AwsMisconfiguredError, False, "AWS can't be reached"),
        ("Nonsense", 400, AwsUnexpectedAnswerError, False, "any proxy in between"),
        ("", 429, AwsThrottledError, False, "is not known here"),
        ("", 504, AwsFaultError, True, "is not known here"),
    ],
)
def test_a_failed_call_says_what_the_lifecycle_does_then_and_what_a_person_does(
    code: str, status: int, kind: type[AwsSocialError], open_: bool, said: str
) -> None:
    error = error_for(DOING, ACTION, CallError(code, status=status), changing=True)
    assert (type(error), error.may_have_taken_effect) == (kind, open_)
    assert said.lower() in str(error).lower()
    assert DOING in str(error)
    assert not isinstance(error, NumberGoneError), "only Meta says that a number was deleted"
    assert isinstance(error, WrongClockError) is (kind is AwsClockError)


@pytest.mark.parametrize("code", ["ReadTimeoutError", "ConnectionClosedError", "SSLError"])
def test_a_question_whose_answer_got_lost_had_no_effect(code: str) -> None:
    error = error_for("read the public key of phone number 1", ACTION, CallError(code))
    assert (type(error), error.may_have_taken_effect) == (AwsUnreachableError, False)


def test_a_certificate_that_is_not_accepted_kept_the_call_from_being_sent() -> None:
    error = error_for(DOING, ACTION, CallError("SSLError", certificate=True), changing=True)
    assert (type(error), error.may_have_taken_effect) == (AwsMisconfiguredError, False)


def test_a_signature_whose_time_is_wrong_speaks_of_the_clock() -> None:
    failed = CallError("InvalidSignatureException", "Signature expired: 20261130T2100Z is now earlier", status=403)
    assert isinstance(error_for(DOING, ACTION, failed), AwsClockError)


def test_what_aws_says_of_a_signature_is_not_quoted_since_it_may_hold_a_session_token() -> None:
    said = "The Canonical String should have been 'x-amz-security-token:IQoJb3JpZ2lu'"
    error = error_for(DOING, ACTION, CallError("InvalidSignatureException", said, status=403, request_id="r-1"))
    assert "IQoJ" not in str(error) + error.found + error.advice_outside_pulumi
    assert error.trace_id == "r-1"


def test_what_aws_says_of_a_policy_is_quoted() -> None:
    said = f"User: arn:aws:iam::123456789012:user/ci is not authorized to perform: {ACTION} because no identity-based"
    error = error_for(DOING, ACTION, CallError("AccessDeniedException", f"{said} policy allows it", status=403))
    assert f"No identity-based policy allows {ACTION} to these credentials" in str(error)
    assert f"AWS said: {said}" in str(error)
