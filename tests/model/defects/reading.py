"""What is read from a store or the state, restored, and moved."""

from tests.model.defects.defect import Defect
from tests.model.defects.searches import (
    LONG_LIFE_BACKUP,
    LONG_LIFE_ONE,
    LONG_LIFE_SOFT,
    LONG_LIFE_STACK,
    LONG_LIFE_STACK_BACKUP,
    LONG_MOVE,
    ROTATE_ONE,
    ROTATE_STACK,
)
from tests.model.moments import UNSAVED

DEFECTS = (
    Defect(
        "the stack's ring forgets what was recorded",
        "lifecycle/staging.py",
        "read_rings([RecordedRing(recorded), *backups], session.claim, session.trail)",
        "read_rings([*backups], session.claim, session.trail)",
        ROTATE_STACK,
        "P2",
    ),
    Defect(
        "a stale answer of a store counts as proof",
        "lifecycle/rings.py",
        "if _revision(now) < _revision(before):",
        "if False:",
        ROTATE_ONE,
        "P4",
        needs=("read: stale",),
    ),
    Defect(
        "a store that was emptied is believed",
        "lifecycle/rings.py",
        "joined = union([held.ring for _, held in found if held.ring], desired=desired)",
        "joined = union([held.ring for _, held in found[:1] if held.ring], desired=desired)",
        "around: the store is emptied, 1 faults",
        "P2",
    ),
    Defect(
        "a soft-deleted document is not restored",
        "lifecycle/rings.py",
        "    if not held.deleted:\n        return held",
        "    if held.ring is None:\n        return held",
        LONG_LIFE_SOFT,
        "P2",
        missed_by=LONG_LIFE_ONE,
    ),
    Defect(
        "a document is restored for a new key only",
        "lifecycle/rings.py",
        "(store, _read_restored(store, claim, trail)) for store in stores)",
        "(store, store.read() if desired else _read_restored(store, claim, trail)) for store in stores)",
        "3 moves: one store with soft deletion, 1 faults",
        "P4",
        missed_by=LONG_LIFE_SOFT,
        needs=("delete: answer lost after the effect", UNSAVED),
    ),
    Defect(
        "the stack's ring is begun without what the backups hold",
        "lifecycle/staging.py",
        "rings = read_rings(backups, session.claim, session.trail)",
        "rings = read_rings([], session.claim, session.trail)",
        LONG_LIFE_STACK_BACKUP,
        "P4",
        missed_by=LONG_LIFE_STACK,
    ),
    Defect(
        "a move is refused unless the new store stays a backup",
        "resources/moves.py",
        "for backup in olds.backups)",
        "for backup in news.backups)",
        LONG_MOVE,
        "P4",
        missed_by=LONG_LIFE_BACKUP,
    ),
    Defect(
        "a deletion that took more than was read leaves it deleted",
        "lifecycle/rings.py",
        "        store.restore()\n",
        "        pass\n",
        "meanwhile: a destroy beside an up, no compare-and-set, 1 faults",
        "P2",
    ),
)
