"""Histories that the real engine and its model live alike: what a person types, after which change of the program."""

from collections.abc import Mapping
from types import MappingProxyType
from typing import Any, NamedTuple

from tests.model.component import PASSPHRASE
from tests.model.program import DESTROY, KEY, REFRESH, REGISTRATION, RING, UP, UP_REFRESH, Command, Program, store_url

REFUSED_TO_PUBLISH, REFUSED_TO_READ = "POST", "GET"
GO_ON = Command("up", goes_on=True)
DESTROY_REFRESH = Command("destroy", refresh=True)
_ANOTHER = "0" * 64


class Step(NamedTuple):
    """A command, after ``changes`` of the program. ``refused``: what Meta refuses meanwhile; ``registered_again``:
    before it the number is registered again."""

    command: Command
    changes: Mapping[str, Any] = MappingProxyType({})
    refused: str | None = None
    registered_again: bool = False


def _replace(kind: str) -> Command:
    return Command("up", replace=frozenset([kind]))


_FILE, _GENERATED = Program(store_url(0)), Program(store_url(0), generated=True)
_B, _C = {"trigger": "b"}, {"trigger": "c"}

HISTORIES: dict[str, tuple[Program, tuple[Step, ...]]] = {
    "nothing due, a rotation, each resource replaced by force, a destroy that is refused, one that is forced": (
        _GENERATED,
        (
            Step(UP),
            Step(UP, {"take_over": _ANOTHER}),
            Step(UP, _B),
            Step(_replace(KEY)),
            Step(_replace(REGISTRATION)),
            Step(_replace(PASSPHRASE)),
            Step(DESTROY_REFRESH),
            Step(UP, {"force_destroy": True}),
            Step(DESTROY),
        ),
    ),
    "with the stack as the store: a publication that fails, refreshes while a deletion is due, a ring replaced": (
        Program(),
        (
            Step(UP, refused=REFUSED_TO_PUBLISH),
            Step(UP),
            Step(UP, _B, refused=REFUSED_TO_PUBLISH),
            Step(REFRESH),
            Step(DESTROY),
            Step(UP_REFRESH, registered_again=True),
            Step(_replace(RING)),
            Step(DESTROY_REFRESH),
        ),
    ),
    "targets: a key alone, all but the registration, the key that is due to go": (
        _FILE,
        (
            Step(UP),
            Step(Command("up", replace=frozenset([KEY]), only=frozenset([KEY]))),
            Step(Command("up", but=frozenset([REGISTRATION])), _B),
            Step(Command("up", only=frozenset([KEY]))),
            Step(UP),
            Step(UP_REFRESH, registered_again=True),
        ),
    ),
    "renamed with an alias, then without one: aimed at the new name, then going on while Meta can't be asked": (
        _GENERATED,
        (
            Step(UP),
            Step(UP, {"names": ("hotline",), "aliased": True}),
            Step(Command("up", only=frozenset(["support"])), {"names": ("support",), "aliased": False}),
            Step(GO_ON, refused=REFUSED_TO_READ),
        ),
    ),
    "going on: a first key that can't be staged, a rotation that can't be published, one that can't be staged": (
        Program(),
        (
            Step(GO_ON, refused=REFUSED_TO_READ),
            Step(GO_ON),
            Step(GO_ON, _B, refused=REFUSED_TO_PUBLISH),
            Step(Command("destroy", goes_on=True)),
        ),
    ),
    "deleted before it is replaced, by a transform; then the replacement fails": (
        _FILE._replace(deletes_first=True),
        (
            Step(UP),
            Step(UP, _B),
            Step(UP, _C, refused=REFUSED_TO_READ),
            Step(UP),
            Step(UP, _B, refused=REFUSED_TO_READ),
            Step(DESTROY),
        ),
    ),
    "a key is forgotten instead of deleted": (
        _GENERATED._replace(retained=frozenset([KEY])),
        (Step(UP), Step(UP, _B), Step(DESTROY)),
    ),
    "the number moves to another account, alone and with a rotation": (
        _GENERATED,
        (Step(UP), Step(UP, {"process": 1}), Step(UP, {"process": 0, "trigger": "b"}), Step(REFRESH)),
    ),
}
