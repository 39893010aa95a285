"""What AWS refuses (a permission, a KMS key, credentials, and the rest), and the sentence that says so."""

import pytest
from botocore.stub import Stubber

from tests.contract.stores.aws.rings import keys, ring
from tests.contract.stores.aws.secret import ARN, CURRENT, OLD
from tests.contract.stores.aws_place import AwsPlace
from tests.hostile_words import HOSTILE, is_tame
from whatsapp_flow_keys.errors import StoreError, StorePermissionError, StoreUnavailableError
from whatsapp_flow_keys.stores.aws_secrets_manager.refusals import RefusedError
from whatsapp_flow_keys.stores.aws_secrets_manager.store import AwsSecretsManagerStore
from whatsapp_flow_keys.stores.store import Versioned


def call(ours: AwsSecretsManagerStore, action: str) -> None:
    if action == "get_secret_value":
        ours.read()
    elif action == "describe_secret":
        ours.delete(Versioned(ring(), OLD))
    else:
        ours.write(ring(), Versioned(None, "" if action == "create_secret" else OLD))


ACTIONS = {
    "get_secret_value": "secretsmanager:GetSecretValue",
    "describe_secret": "secretsmanager:DescribeSecret",
    "create_secret": "secretsmanager:CreateSecret",
    "put_secret_value": "secretsmanager:PutSecretValue",
}


@pytest.mark.parametrize("action", ACTIONS)
def test_a_missing_permission_is_named(stub: Stubber, place: AwsPlace, action: str) -> None:
    """Stub: moto checks no policy."""
    stub.add_client_error(action, "AccessDeniedException", "User: arn:aws:iam::1:user/a is not authorized")
    with pytest.raises(StorePermissionError) as caught:
        call(place.store(), action)
    assert str(caught.value).startswith(f"{place.url}: these credentials may not do {ACTIONS[action]}; allow it")
    assert "arn:aws:iam::1:user/a" in str(caught.value)


@pytest.mark.parametrize("code", ["AccessDeniedException", HOSTILE], ids=["message", "code"])
def test_no_words_of_an_answer_rule_the_terminal_that_shows_them(stub: Stubber, place: AwsPlace, code: str) -> None:
    stub.add_client_error("get_secret_value", code, HOSTILE)
    with pytest.raises(StoreUnavailableError) as caught:
        place.store().read()
    assert "�[2J" in str(caught.value)
    assert is_tame(str(caught.value))


def test_a_stranger_may_not_read_over_real_http(place: AwsPlace) -> None:
    with pytest.raises(StorePermissionError, match="may not do secretsmanager:GetSecretValue"):
        place.forbidden().read()


@pytest.mark.parametrize(
    ("code", "message"),
    [
        ("AccessDeniedException", "Access to KMS is not allowed"),
        ("AccessDeniedException", "User: a is not authorized to perform: kms:Decrypt on this resource"),
        ("DecryptionFailure", "can't decrypt"),
    ],
)
def test_a_key_that_may_not_be_used_is_named_with_what_to_allow(
    stub: Stubber, place: AwsPlace, code: str, message: str
) -> None:
    """Stub: moto encrypts nothing."""
    stub.add_client_error("get_secret_value", code, message)
    with pytest.raises(StorePermissionError, match=f"^{place.url}: the secret's KMS key .* kms:Encrypt") as caught:
        place.store().read()
    assert str(caught.value).endswith(f". AWS says: {message}") == code.startswith("AccessDenied")


@pytest.mark.parametrize(
    ("code", "kind", "said"),
    [
        ("ExpiredTokenException", StorePermissionError, "have expired .*log in again"),
        ("UnrecognizedClientException", StorePermissionError, "doesn't accept these credentials .*AWS_PROFILE"),
        ("InvalidSignatureException", StorePermissionError, "doesn't accept these credentials"),
        ("ThrottlingException", StoreUnavailableError, "is busy .*run again later"),
        ("InternalServiceError", StoreUnavailableError, "has a fault"),
        ("LimitExceededException", StoreUnavailableError, "a quota .*versions of this secret"),
        ("ValidationException", StoreUnavailableError, "calls a parameter of .* wrong .*check the name"),
        ("EncryptionFailure", StorePermissionError, "kms:GenerateDataKey"),
        ("NobodyKnowsThis", StoreUnavailableError, r"isn't known here \(NobodyKnowsThis\)"),
    ],
)
def test_what_aws_says_becomes_a_sentence_that_quotes_nothing_of_what_was_sent(
    stub: Stubber, place: AwsPlace, code: str, kind: type[StoreError], said: str
) -> None:
    """Stub: AWS quotes a wrong value in some messages, and a signature's error quotes the request."""
    stub.add_client_error("put_secret_value", code, f"Value {keys()[0].to_pem()} is wrong")
    with pytest.raises(kind, match=f"^{place.url}: .*{said}") as caught:
        place.store().write(ring(), Versioned(None, OLD))
    assert type(caught.value) is kind
    assert "PRIVATE KEY" not in str(caught.value)
    assert caught.value.__cause__ is None
    assert caught.value.__suppress_context__


@pytest.mark.parametrize(
    ("reason", "said"),
    [
        (
            "with an explicit deny in a service control policy",
            "the service control policy denies secretsmanager:GetSecretValue to",
        ),
        (
            "with an explicit deny in an identity-based policy: arn:aws:iam::1:policy/p",
            "the identity-based policy denies",
        ),
        ("because no VPC endpoint policy allows the action", "no VPC endpoint policy allows secretsmanager:GetSecretV"),
        ("because no permissions boundary allows the action", "no permissions boundary allows"),
        ("because no hunter2 policy allows the action", "may not do secretsmanager:GetSecretValue; allow it in their"),
    ],
)
def test_the_policy_that_denies_is_named(stub: Stubber, place: AwsPlace, reason: str, said: str) -> None:
    """Stub: moto checks no policy."""
    message = f"User: arn:aws:iam::1:user/a is not authorized to perform: secretsmanager:GetSecretValue {reason}"
    stub.add_client_error("get_secret_value", "AccessDeniedException", message)
    with pytest.raises(StorePermissionError, match=f"^{place.url}: ") as caught:
        place.store().read()
    assert said in str(caught.value)
    assert str(caught.value).endswith(f". AWS says: {message}")


@pytest.mark.parametrize(
    ("code", "message", "kind", "said"),
    [
        (
            "InvalidParameterException",
            "Operation not permitted on a replica secret. Call must be made in primary secret's region.",
            RefusedError,
            "is a replica of a secret in another region, .* nothing was changed. Give the region of the secret itself",
        ),
        (
            "InvalidRequestException",
            "You can't perform this operation on the secret because it was marked for deletion.",
            RefusedError,
            "is scheduled for deletion, so AWS refused secretsmanager:PutSecretValue .* Run again, which restores",
        ),
        (
            "InvalidSignatureException",
            "Signature expired: 20261129T101500Z is now earlier than 20261129T102000Z",
            StorePermissionError,
            "by AWS's clock this machine's is wrong",
        ),
        ("RequestExpired", "", StorePermissionError, "by AWS's clock this machine's is wrong"),
    ],
    ids=["replica", "deleted", "late", "expired"],
)
def test_a_code_of_several_meanings_is_decided_by_its_message(
    stub: Stubber, place: AwsPlace, code: str, message: str, kind: type[StoreError], said: str
) -> None:
    """Stub: moto has neither. A refusal is followed by a look at the secret, which here has not changed."""
    stub.add_client_error("put_secret_value", code, message)
    if kind is RefusedError:
        stub.add_response("describe_secret", {"ARN": ARN, "VersionIdsToStages": {OLD: [CURRENT]}})
    with pytest.raises(kind, match=f"^{place.url}: .*{said}"):
        place.store().write(ring(), Versioned(None, OLD))


def test_without_credentials_the_error_says_what_to_set(place: AwsPlace, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("AWS_ACCESS_KEY_ID")
    monkeypatch.delenv("AWS_SECRET_ACCESS_KEY")
    with pytest.raises(StorePermissionError, match=f"^{place.url}: there are no usable AWS credentials .*AWS_PROFILE"):
        place.store().read()


def test_a_profile_that_is_missing_is_said(place: AwsPlace, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("AWS_PROFILE", "no-such-profile")
    with pytest.raises(StorePermissionError, match=r"\(ProfileNotFound\); set AWS_PROFILE"):
        place.store().read()


def test_a_secret_that_another_service_manages_is_no_deleted_one(stub: Stubber, place: AwsPlace) -> None:
    stub.add_client_error("get_secret_value", "InvalidRequestException", "managed by another service")
    stub.add_response("describe_secret", {"ARN": ARN})
    with pytest.raises(StoreUnavailableError, match="no other service manages it"):
        place.store().read()
