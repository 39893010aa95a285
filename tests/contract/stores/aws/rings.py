"""Key rings in AWS Secrets Manager of which it matters what keys they hold, and who manages them."""

from datetime import UTC, datetime
from functools import cache

from whatsapp_flow_keys.keys import PrivateKey
from whatsapp_flow_keys.ring import KeyRing, RingKey, Role

NUMBER, STACK = "106540352242922", "org/flows/prod"


@cache
def keys() -> tuple[PrivateKey, ...]:
    """Three, made when a test first needs one."""
    return tuple(PrivateKey.generate() for _ in range(3))


def ring(*held: PrivateKey, revision: int = 1, managed_by: str = STACK) -> KeyRing:
    """The current key, a pending and a previous one, as far as they are given; else the first of ours alone."""
    roles = (Role.CURRENT, Role.PENDING, Role.PREVIOUS)
    offered = datetime(2026, 11, 25, tzinfo=UTC)
    entries = (
        RingKey(key.fingerprint, role, "2026-11-25", offered, key.to_pem())
        for key, role in zip(held or keys()[:1], roles, strict=False)
    )
    return KeyRing(NUMBER, managed_by, "key-1", revision, tuple(entries))
