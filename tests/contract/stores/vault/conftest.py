"""A key ring in a real OpenBao, and a server between it and its store that answers what OpenBao doesn't."""

from collections.abc import Iterator

import pytest

from tests.contract.stores.vault.proxy import Between, before
from tests.contract.stores.vault_place import VaultPlace
from tools.openbao import OpenBao


@pytest.fixture
def place(openbao: OpenBao, monkeypatch: pytest.MonkeyPatch) -> VaultPlace:
    """In a secret of its own."""
    return VaultPlace(openbao, monkeypatch)


@pytest.fixture
def between(place: VaultPlace) -> Iterator[Between]:
    """Passes on what it isn't told to answer itself."""
    with before(place.server.address) as server:
        yield server
