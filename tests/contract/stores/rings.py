"""Key rings that the tests of single stores write, where it doesn't matter what is in them."""

from whatsapp_flow_keys.keys import PrivateKey
from whatsapp_flow_keys.ring import KeyRing, RingKey, Role

KEY = PrivateKey.generate()


def ring(revision: int = 1) -> KeyRing:
    """A ring of one key."""
    held = RingKey(KEY.fingerprint, Role.PENDING, "2026-11-25", None, KEY.to_pem())
    return KeyRing("106540352242922", "org/flows/prod", "key-1", revision, (held,))
