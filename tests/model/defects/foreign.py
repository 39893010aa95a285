"""Keys of somebody else that are published over, or the stack's own taken for one."""

from tests.model.defects.defect import Defect
from tests.model.defects.searches import (
    A_STORE_EACH,
    A_STORE_EACH_AND_A_FAULT,
    LONG_LIFE_ONE,
    ONE_STORE,
    OWN_SECRETS,
    OWN_SECRETS_AND_A_FAULT,
)
from tests.model.world import EMPTY

_FOREIGN = "foreign := foreign_key_error(served, ring, replaceable=wanted.replaceable, refresh_helps=True)"
_REFUSES = f"    if {_FOREIGN}:"


def _refuses_where(condition: str) -> str:
    return f"    if {condition} and ({_FOREIGN}):"


DEFECTS = (
    Defect(
        "a destroy that was cut short leaves a number that can't be registered",
        "lifecycle/staging.py",
        "replaceable={*new.replaceable, fingerprint}",
        "replaceable=new.replaceable",
        "3 moves: the stack, forced, 1 faults",
        "P4",
    ),
    Defect(
        "a foreign key is published over",
        "lifecycle/foreign_key.py",
        "if served is None or served in ring or served in replaceable:",
        "if True:",
        LONG_LIFE_ONE,
        "P5",
    ),
    Defect(
        "an empty answer is taken for no key",
        "lifecycle/asking.py",
        "_ASKS = 3",
        "_ASKS = 1",
        "odd: empty answers and a foreign key, 2 faults",
        "P5",
        needs=(f"get: {EMPTY}",),
    ),
    Defect(
        "a ring is begun beside one that the state holds",
        "lifecycle/foreign_key.py",
        "if served is None or served in ring or served in replaceable:",
        "if True:",
        "around: renamed, the stack, 1 faults",
        "P4",
    ),
    Defect(
        "a store that was rolled back is published over",
        "lifecycle/foreign_key.py",
        "if served is None or served in ring or served in replaceable:",
        "if True:",
        "around: the store is rolled back, 1 faults",
        "P5",
    ),
    Defect(
        "somebody else's key is looked for before the first publication only",
        "lifecycle/next_step.py",
        _REFUSES,
        _refuses_where("first_publication"),
        A_STORE_EACH,
        "P5",
        missed_by=ONE_STORE,
    ),
    Defect(
        "any drift that was recorded lets any key go",
        "lifecycle/foreign_key.py",
        "if served is None or served in ring or served in replaceable:",
        "if served is None or served in ring or replaceable:",
        OWN_SECRETS,
        "P5",
        missed_by=A_STORE_EACH,
    ),
    Defect(
        "after a lost answer, any key that is served counts as the stack's own",
        "lifecycle/next_step.py",
        _REFUSES,
        _refuses_where("progress.unconfirmed is None"),
        A_STORE_EACH_AND_A_FAULT,
        "P5",
        missed_by=A_STORE_EACH,
        needs=("publish: answer lost after the effect", "publish: answer lost, takes effect late"),
    ),
    Defect(
        "somebody else's key is not looked for while a publication is not seen",
        "lifecycle/next_step.py",
        _REFUSES,
        _refuses_where("not progress.reads"),
        OWN_SECRETS_AND_A_FAULT,
        "P5",
        missed_by=OWN_SECRETS,
    ),
)
