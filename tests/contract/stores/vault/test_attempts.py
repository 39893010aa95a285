"""Which calls of Vault are repeated after a fault, and how often."""

import pytest

from tests.contract.stores.place import delete
from tests.contract.stores.rings import ring
from tests.contract.stores.vault.proxy import Between, answering, behind
from tests.contract.stores.vault.refusals import refusal
from tests.contract.stores.vault.secret import versions
from tests.contract.stores.vault_place import VaultPlace
from whatsapp_flow_keys.errors import StoreUnavailableError


@pytest.mark.parametrize("fault", [500, 502, 503, 504, 429, "drop"])
def test_a_fault_that_passes_is_met_by_trying_again(place: VaultPlace, between: Between, fault: int | str) -> None:
    store = behind(between, place)
    between.plan = [fault, fault]
    found = store.read()
    between.plan = [fault, fault]
    store.write(ring(), found)
    between.plan = [fault, fault]
    delete(store)
    between.plan = [fault, fault, None, fault, fault]
    store.restore()
    assert place.store().read().ring == ring()
    assert versions(place) == 1


def test_a_mount_that_is_not_yet_in_service_is_met_by_trying_again(place: VaultPlace) -> None:
    said = "Upgrading from non-versioned to versioned data. This backend will be unavailable for a brief period."
    with answering(400, {"errors": [said]}) as server:
        text = refusal(StoreUnavailableError, place.at_port(server.server_port).read, place)
    assert f"being upgraded to KV version 2, which takes a moment ({said}); run again" in text
    assert len(server.seen) == 3


@pytest.mark.parametrize("status", [500, 503])
def test_a_fault_that_stays_is_an_error_after_three_attempts(place: VaultPlace, between: Between, status: int) -> None:
    between.plan = [status] * 9
    text = refusal(StoreUnavailableError, behind(between, place).read, place)
    assert text.startswith(f"{behind(between, place).url}: the server ")
    assert len(between.seen) == 3


@pytest.mark.parametrize("status", [400, 403, 405, 501])
def test_a_no_is_taken_the_first_time(place: VaultPlace, between: Between, status: int) -> None:
    between.plan = [status] * 9
    with pytest.raises(StoreUnavailableError):
        behind(between, place).read()
    assert len(between.seen) == 1
