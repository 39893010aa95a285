"""What a refresh finds, and what the next `up` makes of it."""

from tests.model.defects.defect import Defect
from tests.model.defects.searches import LIFE_ONE, LONG_LIFE_BACKUP, LONG_LIFE_ONE, ROTATE_STACK

DEFECTS = (
    Defect(
        "a promotion that failed is hidden by a refresh",
        "resources/key_registration.py",
        "proven_fingerprint=olds.fingerprint if found.proves(olds.fingerprint) else None",
        "proven_fingerprint=served",
        LIFE_ONE,
        "P4",
    ),
    Defect(
        "what was recorded as proven is not compared",
        "resources/key_registration.py",
        "if news.fingerprint != olds.proven_fingerprint",
        "if news.fingerprint != olds.fingerprint",
        LIFE_ONE,
        "P4",
    ),
    Defect(
        "a refresh looks at the store alone",
        "resources/key_registration.py",
        "_stores(olds, lambda: _recorded_ring(olds)), session",
        "_stores(olds, lambda: _recorded_ring(olds))[:1], session",
        LONG_LIFE_BACKUP,
        "P4",
        missed_by=LONG_LIFE_ONE,
    ),
    Defect(
        "a refresh passes over a store that can't be read",
        "lifecycle/inspection.py",
        "wrong.append(str(error))",
        "pass",
        "around: the store is emptied, 1 faults",
        "P4",
        needs=("read: fails",),
    ),
    Defect(
        "a refresh is content with any key that is served",
        "lifecycle/inspection.py",
        "self.served.is_valid and self.served.fingerprint == fingerprint and self.key_ring",
        "self.served.is_valid and self.key_ring",
        ROTATE_STACK,
        "P4",
        needs=("a late publication takes effect",),
    ),
)
