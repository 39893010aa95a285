"""Which calls of Vault share a connection."""

from threading import Thread

import pytest

from tests.contract.stores.vault.proxy import Between, Handler, behind
from tests.contract.stores.vault_place import VaultPlace
from whatsapp_flow_keys.clock import SystemClock


def test_the_stores_of_one_server_share_a_connection_in_a_thread(
    place: VaultPlace, between: Between, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A program with a hundred numbers connects to its server a few times, not some hundred times."""
    monkeypatch.setattr(Handler, "protocol_version", "HTTP/1.1")
    monkeypatch.setattr(SystemClock, "monotonic", lambda _self: 0.0)
    stores = [behind(between, place) for _ in range(3)]
    assert [store.read().ring for store in stores] == [None] * 3
    assert len(between.seen) >= len(stores)
    assert len(between.callers) == 1


def test_a_connection_that_was_idle_for_long_is_not_used_again(
    place: VaultPlace, between: Between, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Between two reads of an endpoint a firewall may have forgotten it, and the next read would hang."""
    monkeypatch.setattr(Handler, "protocol_version", "HTTP/1.1")
    monkeypatch.setattr(SystemClock, "monotonic", lambda _self: 0.0)
    store = behind(between, place)
    store.read()
    monkeypatch.setattr(SystemClock, "monotonic", lambda _self: 10.0)
    store.read()
    assert len(between.callers) == 2


def test_threads_share_no_connection(place: VaultPlace, between: Between, monkeypatch: pytest.MonkeyPatch) -> None:
    """Neither the session nor the token that it carries is safe for two at once."""
    monkeypatch.setattr(Handler, "protocol_version", "HTTP/1.1")
    store = behind(between, place)
    store.read()
    thread = Thread(target=store.read)
    thread.start()
    thread.join(60)
    assert len(between.seen) >= 2
    assert len(between.callers) == 2
