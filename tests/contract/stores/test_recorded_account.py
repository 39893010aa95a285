"""The account that a state records of a store: the credentials of another day don't lead to a like-named secret."""

from typing import Any

import pytest
from pulumi.dynamic.config import Config

from tests.contract.stores.aws_place import AwsPlace
from tests.servers.secrets_manager import SecretsManager
from whatsapp_flow_keys import document
from whatsapp_flow_keys.dynamic.encryption_key import EncryptionKeyProvider
from whatsapp_flow_keys.dynamic.key_ring import KeyRingProvider
from whatsapp_flow_keys.dynamic.provider import FlowKeysProvider
from whatsapp_flow_keys.keys import PrivateKey
from whatsapp_flow_keys.resources.run import Run
from whatsapp_flow_keys.ring import KeyRing

NUMBER, ANOTHER_ACCOUNT = "106540352242922", "999999999999"
OURS = {"phone_number_id": NUMBER, "managed_by": "acme/flows/prod", "key_id": "key-1", "fingerprint": "a" * 64}


@pytest.fixture
def place(secrets_manager: SecretsManager, monkeypatch: pytest.MonkeyPatch) -> AwsPlace:
    return AwsPlace(secrets_manager, monkeypatch)


def provider(kind: type[FlowKeysProvider]) -> Any:
    made: Any = kind()
    made._config = Config({"whatsapp:accessToken": "EAA", "whatsapp:graphUrl": "http://127.0.0.1:9"}, "flows")
    made._run = Run(voice=lambda said: None)
    return made


def recorded(place: AwsPlace) -> str:
    return f"{place.url}?account={ANOTHER_ACCOUNT}"


def test_a_key_is_not_updated_in_another_account_than_the_recorded_one(place: AwsPlace) -> None:
    olds = {**OURS, "store": place.url, "backups": [], "locations": [recorded(place)]}
    with pytest.raises(Exception, match=f"the ring was recorded in {ANOTHER_ACCOUNT}; nothing was written"):
        provider(EncryptionKeyProvider).update("key-1", olds, {**olds, "force_destroy": True})


def test_the_stacks_ring_is_not_copied_to_another_account_than_the_recorded_one(place: AwsPlace) -> None:
    ring = document.dump(KeyRing(NUMBER, "acme/flows/prod", "key-1"))
    olds = {**OURS, "issued_on": "2026-11-24", "backups": [place.url], "locations": [recorded(place)], "ring": ring}
    news = {**olds, "private_key": PrivateKey.generate().to_pem()}
    with pytest.raises(Exception, match=f"the ring was recorded in {ANOTHER_ACCOUNT}; nothing was written"):
        provider(KeyRingProvider).update("ring-1", olds, news)
