"""Key rings that the tests of single stores write, where it doesn't matter what is in them."""

from tests.pairs import pair
from whatsapp_flow_keys.ring import KeyRing, RingKey, Role


def ring(revision: int = 1, owner: str = "key-1") -> KeyRing:
    """A ring of one key."""
    held = RingKey(pair().fingerprint, Role.PENDING, "2026-11-25", None, pair().to_pem())
    return KeyRing("106540352242922", "org/flows/prod", owner, revision, (held,))
