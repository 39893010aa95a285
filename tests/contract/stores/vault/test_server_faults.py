"""A Vault server that is sealed, down, silent or not Vault, or refuses the size of a document."""

from time import monotonic

import pytest

from tests.contract.stores.rings import ring
from tests.contract.stores.vault.proxy import Between, behind
from tests.contract.stores.vault.refusals import refusal
from tests.contract.stores.vault_place import VaultPlace
from tools.openbao import OpenBao
from whatsapp_flow_keys.errors import RingTooLargeError, StoreUnavailableError
from whatsapp_flow_keys.stores.vault.store import VaultStore


def test_a_sealed_server_is_named_and_works_again_when_it_is_unsealed(
    lasting: OpenBao, monkeypatch: pytest.MonkeyPatch
) -> None:
    place = VaultPlace(lasting, monkeypatch)
    store = place.store()
    found = store.write(ring(), store.read())
    lasting.seal()
    for call in (store.read, lambda: store.write(ring(2), found), lambda: store.delete(found)):
        assert refusal(StoreUnavailableError, call, place) == (
            f"{place.url}: the server is sealed; unseal it, then run again"
        )
    lasting.unseal()
    assert store.read() == found


def test_a_restart_loses_nothing(lasting: OpenBao, monkeypatch: pytest.MonkeyPatch) -> None:
    place = VaultPlace(lasting, monkeypatch)
    old = place.store()
    found = old.write(ring(), old.read())
    lasting.stop()
    assert "the server can't be reached" in refusal(StoreUnavailableError, place.store().read, place)
    lasting.start()
    assert place.store().read() == old.read() == found
    assert place.store().write(ring(2), found).version == "2"


def test_a_quota_that_is_used_up_is_named(place: VaultPlace) -> None:
    quota = f"sys/quotas/rate-limit/{place.path.rpartition('/')[2]}"
    place.server.make_mount(f"slow/{place.path}", 2)
    place.server.client().adapter.post(
        f"/v1/{quota}", json={"path": f"slow/{place.path}/", "rate": 1, "interval": "600s"}
    )
    store = VaultStore(place.server.url("line", mount=f"slow/{place.path}"))
    store.read()
    text = refusal(StoreUnavailableError, store.read, place)
    assert "the server takes no more requests at the moment (request path " in text
    assert text.endswith("rate limit quota exceeded); run again later, or have the quota raised")


def test_a_server_that_never_answers_ends_in_an_error(
    place: VaultPlace, silent_port: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("WHATSAPP_STORE_DEADLINE", "0.9")
    store = place.at_port(silent_port)
    began = monotonic()
    text = refusal(StoreUnavailableError, store.read, place)
    assert monotonic() - began < 10
    assert text.startswith(f"{store.url}: the server did not answer in time; check the address")


def test_a_closed_port_ends_in_an_error(place: VaultPlace, closed_port: int) -> None:
    store = place.at_port(closed_port)
    text = refusal(StoreUnavailableError, store.read, place)
    why = "the server can't be reached; check the address (VAULT_ADDR, or VAULT_AGENT_ADDR) and that it is up"
    assert text == f"{store.url}: {why}"


@pytest.mark.parametrize(
    "body", [b"<html>hunter2</html>", b"", b"[1]", b'{"data": {"data": {}, "metadata": {}}}', b"[" * 100_000]
)
def test_a_server_of_another_kind_is_named_and_not_quoted(place: VaultPlace, between: Between, body: bytes) -> None:
    between.plan = [body]
    assert "is not Vault or OpenBao: HTTP 200" in refusal(StoreUnavailableError, behind(between, place).read, place)


def test_a_document_that_is_too_large_for_the_server_is_told(place: VaultPlace, between: Between) -> None:
    store = behind(between, place)
    found = store.read()
    between.plan = [413]
    refusal(RingTooLargeError, lambda: store.write(ring(), found), place)
