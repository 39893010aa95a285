"""What is searched, with how many faults, and what is switched off."""

from tests.model.around import AROUND, ODD, around, odd
from tests.model.at_once import (
    LIMITS,
    MACHINES,
    MEANWHILE,
    PAIRS,
    TWO_MACHINES,
    meanwhile,
    two_at_once,
)
from tests.model.lives import CREATED_AND_ROTATED, ORDERS, STORES, adoption, create_and_rotate, in_order, whole_life
from tests.model.search import Scenario, label

_STAYS = (
    "no loss: the delete of the former key, in a process of its own, asks about a generated passphrase that lives on, "
    "and refuses at every later `up`"
)
PENDING: dict[str, str] = {
    "around: an older version's state moves to another account, 0 faults": _STAYS,
    "around: an older version's state moves to another account, 1 faults": _STAYS,
    "around: renamed, with a generated passphrase, 2 faults": (
        "no loss: renamed without an alias, and then a destroy that was cut short: the former name's StoredKeyRing "
        "can't know that its passphrase opens nothing that is left, and refuses at every later `up`"
    ),
    "two at once, 2 rounds: one stack, two machines, 1 faults": (
        "no loss: two machines run the first `up` at the same time, past the engine's lock, and the write of one takes "
        "effect late, over the key that the other has recorded. That key was never published and is gone; the error "
        "says so, and a new rotation_trigger makes another"
    ),
}
"""Searches that find what the next `up` does not repair, each with what it finds: they are switched off. The way on is
the one that the error names: a new rotation_trigger in the last, WHATSAPP_FORCE_DESTROY in the others."""


_LARGE = ("the stack with a backup", "a store with a backup")


def pending() -> list[Scenario]:
    """What is switched off, and what a file backend can't keep."""
    searches = (*map(around, AROUND), *(around(name, 1) for name in AROUND), two_at_once(TWO_MACHINES, 1, 2))
    return [*(each for each in searches if label(each) in PENDING), *(meanwhile(name) for name in LIMITS)]


def bounded() -> list[Scenario]:
    """What `make test` searches: minutes."""
    return [
        *(
            create_and_rotate(stores, faults=2, rotations=1 if stores in _LARGE else 2)
            for stores in CREATED_AND_ROTATED
        ),
        create_and_rotate(_LARGE[-1], faults=1),
        *(whole_life(stores, faults=0, length=4) for stores in STORES),
        *(whole_life(stores, faults=1, length=3) for stores in STORES),
        *(adoption(stores, faults=1, length=3) for stores in CREATED_AND_ROTATED),
        *(in_order(name) for name in ORDERS),
        *(search for search in map(around, AROUND) if label(search) not in PENDING),
        *map(odd, ODD),
        *map(meanwhile, MEANWHILE),
        *(two_at_once(pair, faults=0, rounds=1 if pair in MACHINES else 2) for pair in PAIRS),
        *(two_at_once(pair, faults=1, rounds=2) for pair in PAIRS if pair not in MACHINES),
    ]


def soak() -> list[Scenario]:
    """What `make soak` searches besides, the longest first."""
    return [
        *(create_and_rotate(stores, faults=3) for stores in reversed(CREATED_AND_ROTATED)),
        *(whole_life(stores, faults=2, length=3) for stores in STORES),
        *(adoption(stores, faults=2, length=3) for stores in CREATED_AND_ROTATED),
        *(two_at_once(pair, faults=2, rounds=2) for pair in PAIRS if pair not in MACHINES),
        *(two_at_once(pair, faults=0, rounds=2) for pair in MACHINES),
        *(in_order(name, more_faults=1) for name in ORDERS),
        *(whole_life(stores, faults=0, length=5) for stores in STORES),
        *(whole_life(stores, faults=1, length=4) for stores in STORES),
        *(search for name in AROUND if label(search := around(name, more_faults=1)) not in PENDING),
        *(odd(name, more_faults=1) for name in ODD),
    ]
