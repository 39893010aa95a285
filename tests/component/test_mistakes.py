"""A mistake in an argument of FlowEncryption is refused in the preview, in a sentence that names the argument.

Either the component refuses it, or a resource that it declares: what is declared here is given to the real checks.
That the engine shows what is refused, and stops, stands in tests/stack/test_failures.py.
"""

from typing import Any

import pulumi
import pytest
from pulumi.dynamic.config import Config

from tests.component.mocked_engine import KEY, REGISTRATION, RING, STORED_RING, run
from tests.pairs import pair
from whatsapp_flow_encryption import (
    AwsSecretsManagerStore,
    AzureKeyVaultStore,
    FlowEncryption,
    VaultStore,
)
from whatsapp_flow_keys.dynamic.encryption_key import EncryptionKeyProvider
from whatsapp_flow_keys.dynamic.key_registration import KeyRegistrationProvider
from whatsapp_flow_keys.dynamic.key_ring import KeyRingProvider
from whatsapp_flow_keys.dynamic.provider import FlowKeysProvider
from whatsapp_flow_keys.dynamic.stored_key_ring import StoredKeyRingProvider
from whatsapp_flow_keys.errors import InputError
from whatsapp_flow_keys.resources.run import Run

NUMBER = "106540352242922"
CHECKS: dict[str, type[FlowKeysProvider]] = {
    KEY: EncryptionKeyProvider,
    RING: KeyRingProvider,
    STORED_RING: StoredKeyRingProvider,
    REGISTRATION: KeyRegistrationProvider,
}
VAULT = "https://vault.example.com"


@pytest.fixture(autouse=True)
def environment(monkeypatch: pytest.MonkeyPatch) -> None:
    """Of somebody who uses every store, and has a token."""
    monkeypatch.setenv("AWS_REGION", "eu-west-1")
    monkeypatch.setenv("VAULT_ADDR", VAULT)
    monkeypatch.setenv("WHATSAPP_ACCESS_TOKEN", "EAAtoken")


def refusals(**arguments: Any) -> list[str]:
    """What is refused in a preview, by the component or else by the checks."""
    try:
        engine = run(lambda: FlowEncryption("line", **{"phone_number_id": NUMBER, **arguments}), preview=True)
    except (InputError, pulumi.RunError) as error:
        return [str(error)]
    said = [each for request in engine.requests if request.type in CHECKS for each in checked(request)]
    return list(dict.fromkeys(said))


def checked(request: Any) -> list[str]:
    provider: Any = CHECKS[request.type]()
    provider._config, provider._run = Config({}, "flows"), Run(voice=lambda _: None)
    inputs = pulumi.runtime.rpc.deserialize_properties(request.object, keep_unknowns=True)
    inputs.pop("__provider")
    given = {name: pulumi.runtime.rpc.unwrap_rpc_secret(value) for name, value in inputs.items()}
    return [failure.reason for failure in provider.check({}, given).failures]


def test_what_is_right_is_refused_by_nobody() -> None:
    assert refusals() == refusals(store="file:///srv/ring.json", passphrase="correct horse battery") == []


@pytest.mark.parametrize(
    ("wrong", "said"),
    [
        (106540352242922.5, "got a number; write the phone number ID as a string"),
        (1.2345678901234568e16, "got a number; write the phone number ID as a string"),
        ("1065 4035 2242 922", "it has digits only"),
        ("+49 170 1234567", "it is not the phone number itself"),
        ("", "is empty"),
        (True, "is a string of digits, not a bool"),
    ],
)
def test_a_number_that_is_none(wrong: object, said: str) -> None:
    refused = refusals(phone_number_id=wrong)
    assert refused
    assert all("phone_number_id: " in each and said in each for each in refused)


@pytest.mark.parametrize(
    ("wrong", "said"),
    [
        ({"rotate_after_days": 0}, "rotate_after_days: must be a whole number of days"),
        ({"rotate_after_days": 1.5}, "rotate_after_days: must be a whole number of days"),
        ({"rotation_trigger": ""}, "rotation_trigger: must be a string"),
        ({"take_over": "abc"}, "take_over: a fingerprint has 64 hexadecimal digits"),
        ({"force_destroy": "yes"}, "force_destroy: must be true or false"),
        ({"passphrase": "s3cr3t-words"}, "passphrase: adds nothing with the stack as the store"),
        (
            {"passphrase": "s3cr3t-words", "store": "file:///x/ring.json"},
            "passphrase: must have at least 15 characters",
        ),
        ({"store": "file:///tmp"}, "is a folder"),
        ({"store": "file:///x/ring.json", "backups": ["file:///x/ring.json"]}, "is named twice"),
        ({"endpoint_url": "http://flows.example.com/"}, "endpoint_url: must start with https://"),
        ({"endpoint_url": "https://me:s3cr3t-words@flows.example.com/"}, "endpoint_url: must hold no user, password"),
        ({"endpoint_wait": 60}, "endpoint_wait: has no use without endpoint_url"),
        ({"endpoint_wait": 3601}, "endpoint_wait: must be a number of seconds from 0 to 3600"),
        ({"endpoint_wait": "60"}, "endpoint_wait: must be a number of seconds from 0 to 3600"),
        ({"existing_private_key": "not a key"}, "existing_private_key: this is some other text, not a private key"),
        ({"existing_private_key": ""}, "existing_private_key: is empty"),
        ({"existing_passphrase": "s3cr3t-words"}, "existing_passphrase: has no use without existing_private_key"),
        ({"store": "s3://bucket/ring"}, "'s3://bucket/ring' is not a store"),
    ],
)
def test_an_argument_that_can_not_be_used(wrong: dict[str, Any], said: str) -> None:
    refused = "\n".join(refusals(**wrong))
    assert said in refused
    assert "s3cr3t-words" not in refused


@pytest.mark.parametrize(
    ("given", "said"),
    [
        (lambda: {"existing_private_key": pair().public_key_pem}, "this is a public key"),
        (lambda: {"existing_private_key": pair().to_pem("words")}, "the private key is encrypted; give its passphrase"),
        (
            lambda: {"existing_private_key": pair().to_pem("words"), "existing_passphrase": "s3cr3t-words"},
            "the passphrase does not open the private key",
        ),
    ],
    ids=["public", "no passphrase", "wrong passphrase"],
)
def test_a_key_that_can_not_be_adopted(given: Any, said: str) -> None:
    (refused,) = refusals(**given())
    assert f"existing_private_key: {said}" in refused
    assert "s3cr3t-words" not in refused
    assert "BEGIN" not in refused


@pytest.mark.parametrize(
    ("store", "said"),
    [
        (lambda: AwsSecretsManagerStore(name="a", recovery_window_days=3), "recovery_window_days"),
        (lambda: AwsSecretsManagerStore(name="a b"), "a b"),
        (lambda: AwsSecretsManagerStore(name="a", region="Ireland"), "Ireland"),
        (lambda: VaultStore(path="/a", address=VAULT), "/a"),
        (lambda: VaultStore(path="a", address="http://vault.example.com"), "must be asked by https"),
        (lambda: AzureKeyVaultStore(name="a_b", vault_url="https://v.vault.azure.net"), "a_b"),
        (lambda: AzureKeyVaultStore(name="a"), "vault_url= is needed"),
    ],
    ids=["window", "name", "region", "path", "plain HTTP", "name in Azure", "no vault"],
)
def test_a_store_that_is_none(store: Any, said: str) -> None:
    (refused,) = refusals(store=store())
    assert "store: " in refused
    assert said in refused


def test_a_store_whose_place_is_nowhere_to_be_found(monkeypatch: pytest.MonkeyPatch) -> None:
    for name in ("AWS_REGION", "AWS_DEFAULT_REGION", "VAULT_ADDR", "BAO_ADDR"):
        monkeypatch.delenv(name, raising=False)
    monkeypatch.setenv("AWS_CONFIG_FILE", "/dev/null")
    assert "AWS_REGION" in "\n".join(refusals(store=AwsSecretsManagerStore(name="a")))
    assert "VAULT_ADDR" in "\n".join(refusals(store=VaultStore(path="a")))
