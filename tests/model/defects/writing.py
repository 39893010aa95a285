"""What is written to a store: in every one, over what was read, and over nobody else's."""

from tests.model.defects.defect import Defect
from tests.model.defects.searches import (
    LONG_LIFE_BACKUP,
    LONG_LIFE_STACK_BACKUP,
    LONG_MOVE,
    ONE_STORE,
    ONE_STORE_AND_A_FAULT,
    ROTATE_BACKUP,
    ROTATE_STACK,
    TWO_UPS,
)

_WRITES = "store.url):\n            return store.write(ring, held)"
_TRIES_TO_WRITE = "store.url):\n            try:\n                return store.write(ring, held)\n"


def _importing(error: str) -> tuple[str, str, str]:
    imports = "import ForeignDocumentError, StoreError"
    return "lifecycle/rings.py", f"{imports}\n", f"{imports}, {error}\n"


DEFECTS = (
    Defect(
        "published before it is durable in every store",
        "lifecycle/rings.py",
        "for s, held in self.found))",
        "for s, held in self.found[:1]))",
        ROTATE_BACKUP,
        "P1",
    ),
    Defect(
        "somebody else's write is written over",
        "lifecycle/rings.py",
        "self._write(s, written, held)) for",
        "self._write(s, written, s.read())) for",
        "two at once, 1 round: one stack, two machines, 0 faults",
        "P1",
    ),
    Defect(
        "another stack's document is written over",
        "lifecycle/rings.py",
        "if ring.managed_by not in (claim.managed_by, claim.formerly):",
        "if False:",
        "two at once, 2 rounds: two stacks, one store, 0 faults",
        "P2",
    ),
    Defect(
        "what an up wrote meanwhile is written over",
        "lifecycle/rings.py",
        "self._write(s, written, held)) for",
        "self._write(s, written, s.read())) for",
        "meanwhile: two ups of one state, one store, 0 faults",
        "P1",
    ),
    Defect(
        "a write is tried again, and passed over where it fails again",
        "lifecycle/rings.py",
        _WRITES,
        "store.url):\n"
        "            for _ in range(2):\n"
        "                try:\n"
        "                    return store.write(ring, held)\n"
        "                except StoreUnavailableError:\n"
        "                    continue\n"
        "            return replace(held, ring=ring)",
        "create and rotate once: the stack with a backup, 2 faults",
        "P4",
        also=(_importing("StoreUnavailableError"),),
        missed_by=ROTATE_STACK,
    ),
    Defect(
        "a backup that can't be written is passed over",
        "lifecycle/rings.py",
        _WRITES,
        f"{_TRIES_TO_WRITE}"
        "            except StoreUnavailableError:\n"
        "                if store is self.found[0][0]:\n"
        "                    raise\n"
        "                return replace(held, ring=ring)",
        "3 moves: a store with a backup, 1 faults",
        "P1",
        also=(_importing("StoreUnavailableError"),),
        missed_by=LONG_LIFE_BACKUP,
    ),
    Defect(
        "a backup of the stack's ring that can't be written is passed over",
        "lifecycle/rings.py",
        _WRITES,
        f"{_TRIES_TO_WRITE}"
        "            except StoreUnavailableError:\n"
        "                if not self.found[0][0].is_recorded:\n"
        "                    raise\n"
        "                return replace(held, ring=ring)",
        "3 moves: the stack with a backup, 1 faults",
        "P4",
        also=(_importing("StoreUnavailableError"),),
        missed_by=LONG_LIFE_STACK_BACKUP,
    ),
    Defect(
        "a copy to the new store may fail, and nobody looks at it again",
        "lifecycle/staging.py",
        "            rings.write(rings.ring).settle()",
        "            with suppress(StoreError):\n                rings.write(rings.ring).settle()",
        "3 moves: a move to another store, 1 faults",
        "P4",
        also=(
            (
                "lifecycle/staging.py",
                "import InputError, KeyNotInRingError, PrivateKeyError",
                "import InputError, KeyNotInRingError, PrivateKeyError, StoreError",
            ),
            (
                "lifecycle/staging.py",
                "from dataclasses import dataclass",
                "from contextlib import suppress\nfrom dataclasses import dataclass",
            ),
            (
                "resources/key_registration.py",
                "(*found.updates, *unproven, *ring)",
                '(*({*found.updates} - {"store", "backups", "locations"}), *unproven, *ring)',
            ),
        ),
        missed_by=LONG_MOVE,
    ),
    Defect(
        "a conflict is taken for a success",
        "lifecycle/rings.py",
        _WRITES,
        f"{_TRIES_TO_WRITE}            except StoreConflictError:\n                return replace(held, ring=ring)",
        TWO_UPS,
        "P1",
        also=(_importing("StoreConflictError"),),
        needs=("write: conflict",),
    ),
    Defect(
        "a write that failed is tried again over whatever is there",
        "lifecycle/rings.py",
        _WRITES,
        f"{_TRIES_TO_WRITE}"
        "            except StoreUnavailableError:\n"
        "                return store.write(ring, store.read())",
        ONE_STORE_AND_A_FAULT,
        "P2",
        also=(_importing("StoreUnavailableError"),),
        missed_by=ONE_STORE,
        needs=("write: fails", "write: answer lost, takes effect late"),
    ),
    Defect(
        "what was written while a run waited at the gate is written over",
        "lifecycle/rings.py",
        "self._write(s, written, held)) for",
        "self._write(s, written, s.read())) for",
        "meanwhile: two ups of one state, one at the gate, 0 faults",
        "P1",
    ),
    Defect(
        "of two who write at one moment the first one's keys are dropped",
        "ring.py",
        "joined = union([ours, theirs]) or ours",
        "return theirs",
        "meanwhile: two ups of one state, no compare-and-set, 0 faults",
        "P1",
        needs=("write: conflict, and the keys of both are kept",),
    ),
    Defect(
        "a conflict is taken for a write where there is no compare-and-set",
        "lifecycle/rings.py",
        "self._write(s, written, held)) for",
        "self._write(s, written, s.read())) for",
        "two at once, 1 round: one stack, two machines, no compare-and-set, 0 faults",
        "P1",
    ),
)
