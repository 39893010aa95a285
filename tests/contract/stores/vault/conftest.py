"""A key ring in a real OpenBao, and a server between it and its store that answers what OpenBao doesn't.

Faults that a healthy server doesn't show, lost answers above all, come from that small proxy.
"""

from collections.abc import Iterator

import pytest

from tests.contract.stores.vault.proxy import Between, before
from tests.contract.stores.vault_place import VaultPlace
from tests.servers.tunnel import VARIABLES
from tools.openbao import OpenBao


@pytest.fixture
def place(openbao: OpenBao, monkeypatch: pytest.MonkeyPatch) -> VaultPlace:
    """In a secret of its own."""
    return VaultPlace(openbao, monkeypatch)


@pytest.fixture(scope="session")
def openbao_over_tls() -> Iterator[OpenBao]:
    with OpenBao(tls=True) as server:
        yield server


@pytest.fixture
def over_tls(openbao_over_tls: OpenBao, monkeypatch: pytest.MonkeyPatch) -> VaultPlace:
    """As ``place``, over TLS, with no proxy in the environment."""
    for name in VARIABLES:
        monkeypatch.delenv(name, raising=False)
        monkeypatch.delenv(name.lower(), raising=False)
    return VaultPlace(openbao_over_tls, monkeypatch)


@pytest.fixture
def between(place: VaultPlace) -> Iterator[Between]:
    """Passes on what it isn't told to answer itself."""
    with before(place.server.address) as server:
        yield server


@pytest.fixture(scope="session")
def lasting(tmp_path_factory: pytest.TempPathFactory) -> Iterator[OpenBao]:
    """A server whose secrets lie in a folder."""
    with OpenBao(storage=tmp_path_factory.mktemp("raft")) as server:
        yield server


@pytest.fixture(autouse=True)
def _no_pauses(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("whatsapp_flow_keys.vault_server.client._FIRST_PAUSE", 0.0)
