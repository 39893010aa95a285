"""Small searches in stages: what surrounds the keys, and answers that Meta should not give."""

from collections.abc import Iterator

from tests.model.moments import Move, State, nothing_yet
from tests.model.moves import all_moves
from tests.model.program import CLOUD, FILE, KEY, OTHER_FILE, SERVICE, Program
from tests.model.search import Scenario
from tests.model.world import EMPTY, FAILS_AFTER, NO_EFFECT

Stages = tuple[tuple[str, ...], ...]
_REFRESHED_DESTROYS = ("destroy --refresh", "destroy --refresh, what is due last")
_BORN = ("up",)
_GENERATED = Program(FILE, generated=True)

AROUND: dict[str, tuple[Program, int, Stages]] = {
    "a generated passphrase": (
        _GENERATED,
        1,
        (_BORN, ("rotation asked for, up", "force_destroy set, up"), ("destroy", *_REFRESHED_DESTROYS, "up"), _BORN),
    ),
    "a generated passphrase and a backup": (
        _GENERATED._replace(backups=(OTHER_FILE,)),
        1,
        (_BORN, ("rotation asked for, up",), ("destroy", *_REFRESHED_DESTROYS)),
    ),
    "a generated passphrase, soft-deleted": (
        Program(CLOUD, generated=True),
        1,
        (_BORN, ("rotation asked for, up", "destroy"), ("destroy", "up")),
    ),
    "a generated passphrase is made again": (
        _GENERATED,
        1,
        (_BORN, ("up --replace RandomPassword",), ("up", "destroy"), _BORN),
    ),
    "renamed, with a generated passphrase": (
        _GENERATED,
        1,
        (
            _BORN,
            ("renamed with an alias, up", "renamed, up", "renamed, up --continue-on-error", "renamed, up --target"),
            ("up", "up --continue-on-error", "destroy"),
            ("named as before, up", "destroy"),
        ),
    ),
    "renamed, one store": (
        Program(FILE),
        1,
        (
            _BORN,
            ("renamed, up", "renamed, up --continue-on-error", "renamed, up --target"),
            ("up --continue-on-error", "destroy"),
        ),
    ),
    "renamed, the stack": (
        Program(),
        1,
        (_BORN, ("renamed, up", "renamed, up --continue-on-error"), ("named as before, up", "destroy")),
    ),
    "deleted before it is replaced": (
        _GENERATED._replace(deletes_first=True),
        1,
        (_BORN, ("rotation asked for, up",), ("up", "destroy", "rotation asked for, up"), _BORN),
    ),
    "deleted before it is replaced, forced": (
        Program(FILE, deletes_first=True, force_destroy=True),
        1,
        (_BORN, ("to another account and rotation asked for, up", "rotation asked for, up"), ("up",)),
    ),
    "to another account": (
        _GENERATED,
        1,
        (
            _BORN,
            ("to another account, up", "to another account and rotation asked for, up"),
            ("up", "destroy", *_REFRESHED_DESTROYS),
        ),
    ),
    "a key is forgotten instead of deleted": (
        _GENERATED._replace(retained=frozenset([KEY])),
        1,
        (_BORN, ("rotation asked for, up",), ("destroy",)),
    ),
    "two of one number": (
        Program(FILE),
        1,
        (_BORN, ("named twice, up", "named twice, up --continue-on-error"), ("named as before, up", "destroy")),
    ),
    "going on and targets": (
        _GENERATED,
        1,
        (
            _BORN,
            (
                "rotation asked for, up --continue-on-error",
                "rotation asked for, up --exclude KeyRegistration",
                "rotation asked for, up --target EncryptionKey",
            ),
            ("destroy --continue-on-error", "up", *_REFRESHED_DESTROYS),
        ),
    ),
    "a state of an older version": (
        _GENERATED._replace(older=True),
        1,
        (
            _BORN,
            ("rotation asked for, up",),
            ("the next version, up", "the next version, up --target", "destroy", *_REFRESHED_DESTROYS),
            ("destroy",),
        ),
    ),
    "an older version's state moves to another account": (
        _GENERATED._replace(older=True),
        0,
        (_BORN, ("the next version, to another account and rotation asked for, up",)),
    ),
    "two hours pass": (
        Program(FILE),
        1,
        (_BORN, ("rotation asked for, up",), ("two hours pass",), ("destroy", "rotation asked for, up"), _BORN),
    ),
    "a gate": (
        Program(FILE, gate=True),
        2,
        (_BORN, ("rotation asked for, up",), ("up", "rotation asked for, up", "destroy"), ("up",)),
    ),
    "a gate, the stack": (
        Program(gate=True),
        2,
        (_BORN, ("rotation asked for, up",), ("up", "rotation asked for, up", "destroy"), ("up",)),
    ),
    "the store is emptied": (
        Program(FILE, (OTHER_FILE,)),
        1,
        (_BORN, ("the store is emptied",), ("up --refresh", "rotation asked for, up", "destroy"), ("up --refresh",)),
    ),
    "the store is rolled back": (
        Program(FILE),
        1,
        (
            _BORN,
            ("a snapshot of the store is taken",),
            ("rotation asked for, up",),
            ("the store is rolled back",),
            ("up --refresh", "rotation asked for, up", "destroy"),
        ),
    ),
    "a key service, one store": (
        Program(FILE, custody=SERVICE),
        1,
        (
            _BORN,
            ("rotation asked for, up",),
            ("a day passes",),
            ("rotation asked for, up", "destroy", "up"),
            ("a day passes",),
            ("rotation asked for, up", "up"),
        ),
    ),
    "a key service, the stack": (
        Program(gate=True),
        1,
        (
            _BORN,
            ("to the key service, up",),
            ("rotation asked for, up", "the keys are taken out of use"),
            ("a day passes", "destroy", "up"),
            ("rotation asked for, up", "up"),
        ),
    ),
    "a key service and a backup": (
        Program(FILE, (OTHER_FILE,), custody=SERVICE),
        1,
        (_BORN, ("rotation asked for, up",), ("a day passes",), ("rotation asked for, up", "destroy"), _BORN),
    ),
    "keys are taken out of use": (
        Program(FILE, custody=SERVICE),
        1,
        (
            _BORN,
            ("rotation asked for, up",),
            ("the keys are taken out of use",),
            ("rotation asked for, up", "up", "destroy", "up --refresh"),
            ("the keys are put back into use",),
            ("up", "destroy"),
        ),
    ),
    "a key service, and the store is emptied": (
        Program(FILE, custody=SERVICE),
        1,
        (_BORN, ("the store is emptied",), ("up --refresh", "rotation asked for, up", "destroy"), ("up --refresh",)),
    ),
    "to a key service and back": (
        Program(FILE, gate=True),
        1,
        (
            _BORN,
            ("to the key service, up",),
            ("rotation asked for, up", "a day passes"),
            ("back into the ring, up", "destroy"),
            ("up",),
        ),
    ),
}
"""What surrounds the keys: a program, faults, and what may happen in each stage, each of which may be left out but the
first."""

ODD: dict[str, tuple[Program, frozenset[str], int, Stages]] = {
    "empty answers, one store": (
        Program(FILE),
        frozenset([EMPTY]),
        2,
        (_BORN, ("a day passes",), ("rotation asked for, up", "destroy", "up --refresh"), _BORN),
    ),
    "empty answers, the stack": (
        Program(),
        frozenset([EMPTY]),
        2,
        (_BORN, ("a day passes",), ("rotation asked for, up", "destroy", "up --refresh"), _BORN),
    ),
    "empty answers and a foreign key": (
        Program(FILE),
        frozenset([EMPTY]),
        2,
        (("somebody else publishes a key",), _BORN, ("rotation asked for, up", "up --refresh"), _BORN),
    ),
    "publications that are not what they say": (
        Program(FILE),
        frozenset([FAILS_AFTER, NO_EFFECT]),
        2,
        (_BORN, ("rotation asked for, up",), ("up", "destroy"), ("up",)),
    ),
}


def around(name: str, more_faults: int = 0) -> Scenario:
    """One of the searches about what surrounds the keys."""
    program, faults, stages = AROUND[name]
    return _staged(f"around: {name}", nothing_yet(program), faults + more_faults, stages)


def odd(name: str, more_faults: int = 0) -> Scenario:
    """One of the searches about answers that Meta should not give."""
    program, kinds, faults, stages = ODD[name]
    begin = nothing_yet(program)
    return _staged(f"odd: {name}", begin._replace(world=begin.world._replace(odd=kinds)), faults + more_faults, stages)


def _staged(name: str, begin: State, faults: int, stages: Stages) -> Scenario:
    def moves(state: State) -> Iterator[Move]:
        (done,) = state.left
        assert isinstance(done, int)
        for index in range(done, len(stages) if done else 1):
            following = state._replace(left=(index + 1,))
            yield from (move for move in all_moves(following) if move.label in stages[index])

    return Scenario(name, lambda: begin._replace(left=(0,)), moves, faults)
