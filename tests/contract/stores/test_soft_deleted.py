"""A soft-deleted document is brought back only for those whose it is."""

import pytest

from tests.contract.stores.claimed import rings_of
from tests.contract.stores.place import Place, delete
from tests.contract.stores.several_keys import NUMBER, STACK, held, ring
from whatsapp_flow_keys.errors import ForeignDocumentError
from whatsapp_flow_keys.lifecycle.claim import Claim

pytestmark = pytest.mark.parametrize("place", ["vault", "aws", "azure"], indirect=True)


@pytest.fixture(autouse=True)
def deleted(place: Place) -> None:
    """The document of the stack, deleted by its `destroy`."""
    store = place.store()
    store.write(ring(), store.read())
    delete(store)


def test_another_stacks_stray_up_leaves_it_deleted(place: Place) -> None:
    with pytest.raises(ForeignDocumentError, match=f"is managed by the stack {STACK}"):
        rings_of(place, Claim(NUMBER, "org/flows/somebody", "key-2"))
    assert held(place) is None
    assert place.store().read().deleted


def test_another_numbers_up_leaves_it_deleted(place: Place) -> None:
    with pytest.raises(ForeignDocumentError, match=f"holds the key ring of phone number {NUMBER}"):
        rings_of(place, Claim("110200345501442", STACK, "key-2"))
    assert place.store().read().deleted


def test_its_own_stack_finds_it_again(place: Place) -> None:
    found = rings_of(place, Claim(NUMBER, STACK, "key-2"))
    assert [key.fingerprint for key in found.ring.keys] == [key.fingerprint for key in ring().keys]
    assert held(place) is not None
