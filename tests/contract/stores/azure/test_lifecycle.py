"""A run that comes while Key Vault is still deleting the ring of a number whose key is served."""

import pytest

from tests.contract.conftest import Line
from tests.contract.stores.azure.rings import NAME
from tests.contract.stores.azure_place import AzurePlace
from whatsapp_flow_keys.errors import ForeignKeyError, StoreUnavailableError
from whatsapp_flow_keys.keys import PrivateKey
from whatsapp_flow_keys.lifecycle.registration import register
from whatsapp_flow_keys.lifecycle.staging import NewKey, stage_in_stores
from whatsapp_flow_keys.lifecycle.wanted import Wanted


def stage(line: Line, place: AzurePlace, *, replaceable: list[str]) -> str:
    new = NewKey(PrivateKey.generate(), "2026-11-24", replaceable=replaceable)
    stage_in_stores(new, [place.store()], line.session())
    return new.key.fingerprint


def test_a_run_while_the_ring_is_being_deleted_publishes_nothing_though_it_may_take_the_number_over(
    line: Line, place: AzurePlace
) -> None:
    served = stage(line, place, replaceable=[])
    register(Wanted(served), [place.store()], line.session())
    place.vault.secrets.slowly = 60
    place.vault.delete(NAME)
    with pytest.raises(ForeignKeyError):
        stage(line, place, replaceable=[])
    with pytest.raises(StoreUnavailableError, match=r"is still being deleted.*Run again in a minute"):
        stage(line, place, replaceable=[served])
    assert (line.served(), line.publications()) == (served, 1)
    place.vault.secrets.slowly = 0
    assert [place.store().read().deleted for _ in range(10)][-1]
    staged = stage(line, place, replaceable=[])
    ring = place.store().read().ring
    assert ring is not None
    assert {key.fingerprint for key in ring.keys} == {served, staged}
