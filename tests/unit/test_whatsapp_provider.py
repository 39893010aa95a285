"""An account whose settings stand in a configuration namespace of its own; the engine's tests make its provider."""

from collections.abc import Iterator

import pulumi
import pytest
from pulumi.runtime import set_all_config

from whatsapp_flow_encryption import WhatsAppProvider


@pytest.fixture(autouse=True)
def configuration() -> Iterator[None]:
    """Only the default account has a token."""
    set_all_config({"whatsapp:accessToken": "EAA", "north:appSecret": "0123456789abcdef"})
    yield
    set_all_config({})


def test_a_missing_token_is_named_by_its_full_key_and_the_default_accounts_does_not_stand_in() -> None:
    with pytest.raises(pulumi.RunError, match=r"^north:accessToken: is missing, .*--secret north:accessToken`$"):
        WhatsAppProvider.from_config("north")
