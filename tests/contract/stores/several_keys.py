"""Key rings of one to three keys, as the tests of all stores write and find them."""

from tests.contract.stores.place import Place
from tests.pairs import pair
from whatsapp_flow_keys.keys import PrivateKey
from whatsapp_flow_keys.ring import KeyRing, RingKey, Role

NUMBER, STACK = "106540352242922", "org/flows/prod"


def three() -> list[PrivateKey]:
    """What the largest of them hold."""
    return [pair(0), pair(1), pair(2)]


def ring(*keys: PrivateKey, revision: int = 1, owner: str = "key-1", managed_by: str = STACK) -> KeyRing:
    roles = (Role.CURRENT, Role.PENDING, Role.PREVIOUS)
    entries = [
        RingKey(key.fingerprint, role, "2026-11-25", None, key.to_pem())
        for key, role in zip(keys or [pair()], roles, strict=False)
    ]
    return KeyRing(NUMBER, managed_by, owner, revision, tuple(entries))


def held(place: Place) -> KeyRing | None:
    """What somebody finds who opens the store now."""
    return place.store().read().ring
