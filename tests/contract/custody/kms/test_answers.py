"""Answers of AWS KMS that lag, get lost, come by pages, or say no.

What MiniStack doesn't do is answered here as AWS's service model and developer guide say: read, not observed.
"""

import pytest

from tests.contract.conftest import TestClock
from tests.contract.custody.kms.calls import answer_lost, answering, refusal
from tests.contract.custody.place import KmsPlace
from tests.contract.custody.test_contract import sealed_for
from tests.pairs import pair
from tools.ministack import ACCOUNT, REGION
from whatsapp_flow_keys.custody.aws_kms.service import AwsKms
from whatsapp_flow_keys.errors import (
    OutOfUseError,
    StoreError,
    StorePermissionError,
    StoreUnavailableError,
)
from whatsapp_flow_keys.key_reference import KeyReference

NOT_YET = refusal("NotFoundException", "Key is not found.")


@pytest.fixture
def clock() -> TestClock:
    return TestClock()


@pytest.fixture
def service(kms: KmsPlace, clock: TestClock) -> AwsKms:
    return AwsKms(kms.url, kms.number, clock=clock)


@pytest.fixture(autouse=True)
def _no_pause_between_attempts(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("botocore.retries.standard.ExponentialBackoff.delay_amount", lambda self, context: 0)


@pytest.mark.parametrize("action", ["GetPublicKey", "CreateAlias"])
def test_a_key_that_was_made_a_moment_ago_is_waited_for(service: AwsKms, action: str) -> None:
    with answering(action, NOT_YET, times=3):
        made = service.make()
    assert service.find(made.fingerprint) == made


def test_before_it_is_published_it_is_waited_for_too(service: AwsKms) -> None:
    made = service.make()
    with answering("DescribeKey", NOT_YET, times=3):
        assert service.trouble(made) is None


def test_not_for_ever(service: AwsKms, clock: TestClock) -> None:
    began = clock.monotonic()
    with answering("GetPublicKey", NOT_YET), pytest.raises(OutOfUseError, match="there is no such KMS key"):
        service.make()
    assert clock.monotonic() - began < 10


def test_an_alias_whose_answer_was_lost_is_no_error(service: AwsKms) -> None:
    with answer_lost("CreateAlias"):
        made = service.make()
    assert service.find(made.fingerprint) == made


def test_an_import_that_ended_half_way_goes_on_with_the_same_key(kms: KmsPlace, service: AwsKms) -> None:
    with answering("ImportKeyMaterial", refusal("KMSInternalException")), pytest.raises(StoreUnavailableError):
        service.adopt(pair())
    begun = [alias["TargetKeyId"] for alias in kms.aliases()]
    assert kms.state_of(begun[0]) == "PendingImport"
    imported = service.adopt(pair())
    assert [imported.key.endswith(key) for key in begun] == [True]
    assert [alias["TargetKeyId"] for alias in kms.aliases()] == begun


def test_an_import_of_a_key_that_is_disabled_there_says_so(kms: KmsPlace, service: AwsKms) -> None:
    kms.take_out_of_use(service.adopt(pair()))
    with pytest.raises(OutOfUseError, match=rf"with the alias alias/whatsapp-flows-{kms.number}/.* is not in use"):
        service.adopt(pair())


def test_a_key_is_found_on_whichever_page_its_alias_is(kms: KmsPlace, service: AwsKms) -> None:
    made = service.make()
    foreign = {"AliasName": "alias/aws/rds", "AliasArn": "arn:aws:kms:alias"}  # without a key, as AWS's own may be
    page = {"Aliases": [foreign], "Truncated": True, "NextMarker": "two"}
    with answering("ListAliases", page, times=1) as asked:
        assert service.find(made.fingerprint) == made
    assert b'"Marker": "two"' in asked[1]


@pytest.mark.parametrize(
    ("code", "message", "kind", "said"),
    [
        ("DisabledException", "arn:aws:kms:… is pending deletion.", OutOfUseError, "is scheduled for deletion"),
        ("DisabledException", "", OutOfUseError, "the KMS key is disabled .* `aws kms enable-key`"),
        (
            "KMSInvalidStateException",
            "arn:aws:kms:… is pending deletion.",
            OutOfUseError,
            "is scheduled for deletion .* `aws kms cancel-key-deletion`",
        ),
        ("KMSInvalidStateException", "arn:aws:kms:… is pending import.", OutOfUseError, "has no key material"),
        ("KMSInvalidStateException", "is Unavailable", OutOfUseError, "in a state that allows no kms:Decrypt"),
        ("NotFoundException", "", OutOfUseError, "there is no such KMS key in this region and account"),
        ("ThrottlingException", "", StoreUnavailableError, "AWS KMS throttles"),
        ("KeyUnavailableException", "", StoreUnavailableError, "can't use the key at the moment"),
        ("DependencyTimeoutException", "", StoreUnavailableError, "can't use the key at the moment"),
        ("AccessDeniedException", "", StorePermissionError, "An endpoint needs kms:Decrypt, and nothing else"),
        ("InvalidKeyUsageException", "", StoreUnavailableError, "is it one of RSA_2048"),
        ("SomethingNew", "", StoreUnavailableError, r"isn't known here \(SomethingNew\)"),
    ],
)
def test_why_a_form_can_not_be_decrypted_is_said(
    service: AwsKms, code: str, message: str, kind: type[StoreError], said: str
) -> None:
    made = service.make()
    with answering("Decrypt", refusal(code, message)), pytest.raises(kind, match=said) as caught:
        service.unwrap(made, sealed_for(made).wrapped_key)
    assert type(caught.value) is kind


def test_what_answers_and_is_not_aws_is_no_key(service: AwsKms) -> None:
    with answering("GetPublicKey", {}), pytest.raises(StoreUnavailableError, match="is not AWS"):
        service.make()
    with answering("GetPublicKey", {"PublicKey": b"a page"}), pytest.raises(StoreUnavailableError, match="is not AWS"):
        service.make()


ANOTHER = f"arn:aws:kms:{REGION}:{ACCOUNT}:key/00000000-0000-0000-0000-000000000000"


@pytest.mark.parametrize(
    ("key", "said"),
    [
        ("3", "'3' is not the ARN of a KMS key in eu-west-1"),
        (ANOTHER.replace(REGION, "us-east-1"), "is not the ARN of a KMS key in eu-west-1"),
        (ANOTHER.replace(":kms:", ":s3:"), "is not the ARN of a KMS key"),
        (ANOTHER, "there is no KMS key arn:"),
    ],
)
def test_a_reference_that_names_no_key_of_the_service_is_in_trouble(service: AwsKms, key: str, said: str) -> None:
    assert said in str(service.trouble(KeyReference(service.url, key, service.make().public_key_pem)))


def test_so_is_one_to_a_key_that_signs(kms: KmsPlace, service: AwsKms) -> None:
    made = kms.kms.create_key(KeySpec="RSA_2048", KeyUsage="SIGN_VERIFY")["KeyMetadata"]["Arn"]
    assert "is for SIGN_VERIFY" in str(service.trouble(KeyReference(service.url, made, service.make().public_key_pem)))


def test_an_account_that_is_not_the_one_asked_for_gets_no_key(kms: KmsPlace) -> None:
    elsewhere = AwsKms(f"{kms.url}?account=999999999999", kms.number)
    with pytest.raises(StorePermissionError, match=f"are of account {ACCOUNT}, .* to lie in 999999999999"):
        elsewhere.make()
    assert kms.aliases() == []
    made = AwsKms(f"{kms.url}?account={ACCOUNT}", kms.number).make()
    assert "is in another account" in str(elsewhere.trouble(made))


def test_an_alias_that_somebody_moved_to_another_key_is_no_evidence(kms: KmsPlace, service: AwsKms) -> None:
    one, other = service.make(), service.make()
    named = next(alias["AliasName"] for alias in kms.aliases() if one.fingerprint in alias["AliasName"])
    kms.kms.update_alias(AliasName=named, TargetKeyId=other.key)
    assert service.find(one.fingerprint) is None
