"""Which keys a ring keeps, and which leave it."""

from tests.model.defects.defect import Defect
from tests.model.defects.searches import ROTATE_ONE, ROTATE_STACK

DEFECTS = (
    Defect(
        "matched by role",
        "ring.py",
        "        if key.fingerprint == fingerprint:\n            return replace(key, role=Role.CURRENT",
        "        if key.role is Role.PENDING:\n            return replace(key, role=Role.CURRENT",
        ROTATE_ONE,
        "P3",
    ),
    Defect("retired too early", "ring.py", "GRACE = timedelta(hours=24)", "GRACE = timedelta(0)", ROTATE_ONE, "P2"),
    Defect(
        "a pending key replaced while its publication is under way",
        "ring.py",
        "known_to_meta = key.offered_at is not None or key.fingerprint == served",
        "known_to_meta = key.fingerprint == served",
        ROTATE_ONE,
        "P2",
    ),
    Defect(
        "an offered key dropped when the previous one is overwritten",
        "ring.py",
        "return replace(key, role=Role.RETAINED)\n        return key",
        "return replace(key, role=Role.RETAINED, offered_at=None)\n        return key",
        "create and rotate: a store with a backup, 1 faults",
        "P2",
    ),
    Defect(
        "the stack's ring keeps the served key and one older only",
        "ring.py",
        "return wanted or (key.offered_at is not None and now - key.offered_at < GRACE)",
        "return wanted",
        ROTATE_STACK,
        "P2",
    ),
    Defect(
        "an offer that a backup remembers is forgotten",
        "ring.py",
        "return max(offers, default=None)",
        "return min(offers, default=None)",
        "a backup is rolled back, 1 faults",
        "P2",
    ),
    Defect(
        "the key that the state records leaves with the next one",
        "ring.py",
        "if other.offered_at or other.fingerprint == recorded]",
        "if other.offered_at]",
        "a rotation is taken back, 2 faults",
        "P4",
    ),
)
