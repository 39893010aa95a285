"""What only the import of a key into Transit meets."""

import time

import pytest

from tests.contract.custody.place import VaultPlace
from tests.contract.stores.vault.proxy import First, before
from tests.pairs import pair
from whatsapp_flow_keys.custody.services import open_service


def test_a_server_that_is_making_its_wrapping_key_is_not_hurried(
    transit: VaultPlace, monkeypatch: pytest.MonkeyPatch
) -> None:
    """4096 bits take a small server longer than a third of the time limit, and another attempt starts over."""
    monkeypatch.setenv("WHATSAPP_STORE_DEADLINE", "15")
    with before(f"http://127.0.0.1:{transit.server.port}") as between:
        slow = open_service(transit.url.replace(str(transit.server.port), str(between.server_port)), transit.number)
        between.plan = [None, First(lambda: time.sleep(6))]
        imported = slow.adopt(pair())
    assert imported.fingerprint == pair().fingerprint
    assert [path for _, path, _ in between.seen].count("/v1/transit/wrapping_key") == 1
