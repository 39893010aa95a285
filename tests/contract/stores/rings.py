"""Key rings that the tests of single stores write, where it doesn't matter what is in them."""

from functools import cache

from whatsapp_flow_keys.keys import PrivateKey
from whatsapp_flow_keys.ring import KeyRing, RingKey, Role


@cache
def key() -> PrivateKey:
    """The one that they hold, made when a test first needs it."""
    return PrivateKey.generate()


def ring(revision: int = 1, owner: str = "key-1") -> KeyRing:
    """A ring of one key."""
    held = RingKey(key().fingerprint, Role.PENDING, "2026-11-25", None, key().to_pem())
    return KeyRing("106540352242922", "org/flows/prod", owner, revision, (held,))
