"""Names that stand in people's state: changing one breaks every stack there is."""

import base64
import pickletools

import pytest
from pulumi.dynamic import ResourceProvider
from pulumi.dynamic.dynamic import Resource, serialize_provider

from whatsapp_flow_encryption import EncryptionKey, KeyRegistration, KeyRing
from whatsapp_flow_keys.dynamic.encryption_key import EncryptionKeyProvider
from whatsapp_flow_keys.dynamic.key_registration import KeyRegistrationProvider
from whatsapp_flow_keys.dynamic.key_ring import KeyRingProvider

PROVIDERS: dict[type[ResourceProvider], tuple[str, str]] = {
    EncryptionKeyProvider: ("whatsapp_flow_keys.dynamic.encryption_key", "EncryptionKeyProvider"),
    KeyRingProvider: ("whatsapp_flow_keys.dynamic.key_ring", "KeyRingProvider"),
    KeyRegistrationProvider: ("whatsapp_flow_keys.dynamic.key_registration", "KeyRegistrationProvider"),
}


@pytest.mark.parametrize("provider", PROVIDERS)
def test_a_provider_is_pickled_by_reference_and_carries_no_attribute(provider: type[ResourceProvider]) -> None:
    pickled = base64.b64decode(serialize_provider(provider()))
    texts = [argument for _, argument, _ in pickletools.genops(pickled) if isinstance(argument, str)]
    assert tuple(texts) == PROVIDERS[provider]


@pytest.mark.parametrize(
    ("resource", "token"),
    [
        (EncryptionKey, "dynamic/whatsapp:EncryptionKey"),
        (KeyRing, "dynamic/whatsapp:KeyRing"),
        (KeyRegistration, "dynamic/whatsapp:KeyRegistration"),
    ],
)
def test_the_type_tokens_stay_as_they_are(resource: type[Resource], token: str) -> None:
    assert resource._resource_type_name == token


@pytest.mark.parametrize("provider", PROVIDERS)
def test_the_pickled_provider_is_not_a_secret_of_the_state(provider: type[ResourceProvider]) -> None:
    assert provider.serialize_as_secret_always is False
