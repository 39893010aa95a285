"""A fresh vault for each test, at our own fake, and the stores of one secret in it. Nobody waits there."""

from collections.abc import Iterator

import pytest

from tests.contract.stores.azure.rings import (
    store_at,
)
from tests.contract.stores.azure.turns import IN_TURN, REFUSED, REFUSED_AT_THE_END
from tests.contract.stores.azure_place import AzurePlace, azure_place
from tests.servers.key_vault import KeyVault
from whatsapp_flow_keys.stores.azure_key_vault.store import AzureKeyVaultStore


@pytest.fixture
def place() -> Iterator[AzurePlace]:
    with azure_place() as fresh:
        yield fresh


@pytest.fixture
def vault(place: AzurePlace) -> KeyVault:
    return place.vault


@pytest.fixture
def store(vault: KeyVault) -> AzureKeyVaultStore:
    return store_at(vault)


@pytest.fixture
def existing(vault: KeyVault) -> AzureKeyVaultStore:
    return store_at(vault, existing="true")


@pytest.fixture(params=[REFUSED, REFUSED_AT_THE_END, IN_TURN])
def world(request: pytest.FixtureRequest, vault: KeyVault) -> str:
    """What the vault does with two writes at once."""
    vault.secrets.one_at_a_time = request.param != IN_TURN
    vault.secrets.refuses_at_the_end = request.param == REFUSED_AT_THE_END
    return str(request.param)
