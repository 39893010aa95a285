"""A search with some outcomes of calls left out. What it no longer finds shows what they are good for."""

from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from typing import Any
from unittest.mock import patch

from tests.model import moments
from tests.model.engine import Run
from tests.model.keys import ours
from tests.model.moments import UNSAVED
from tests.model.world import (
    EMPTY,
    FAILS_AFTER,
    GOES_DOWN,
    NO_EFFECT,
    NOW,
    Call,
    Late,
    Meta,
    Outcome,
    Place,
    World,
    landings,
    outcomes,
)
from whatsapp_flow_keys.ring import KeyRing, RingKey, Role

PORTS = ("get", "publish", "ping", "read", "write", "restore", "delete", "make", "trouble", "find", "retire")


def name_of(call: Call, outcome: Outcome) -> str:
    """An outcome by its port and its label; going down is the same at every port. "" where all is well."""
    if outcome.label in ("", GOES_DOWN):
        return outcome.label
    return f"{call.port}: {outcome.label}"


def every_outcome() -> frozenset[str]:
    """The names of all that can be left out: outcomes of calls, late messages, a result that is not saved."""
    world = _in_which_everything_can_happen()
    subjects = {"write": world.places[0].ring, "retire": ((), ())}
    calls = [
        Call(port, 0, subjects.get(port, ours()[1].fingerprint), expected, joins=True)
        for port in PORTS
        for expected in (1, 2)
    ]
    named = {name_of(call, outcome) for call in calls for outcome in outcomes(world, call, 1)}
    return frozenset({*named, *(label for label, _ in landings(world)), UNSAVED} - {""})


@contextmanager
def left_out(names: frozenset[str]) -> Iterator[None]:
    """Within this block none of these outcomes happens."""
    if not names:
        yield
        return

    def some_outcomes(world: World, call: Call, budget: int) -> Iterator[Outcome]:
        return (outcome for outcome in outcomes(world, call, budget) if name_of(call, outcome) not in names)

    def some_landings(world: World) -> Iterator[tuple[str, World]]:
        return ((label, landed) for label, landed in landings(world) if label not in names)

    steps = moments._steps

    def some_steps(world: World, run: Run, budget: int) -> Iterator[tuple[Any, ...]]:
        return (step for step in steps(world, run, budget) if UNSAVED not in names or not step[0].endswith(UNSAVED))

    with ExitStack() as patches:
        for attribute, function in (
            ("outcomes", some_outcomes),
            ("landings", some_landings),
            ("_steps", some_steps),
        ):
            patches.enter_context(patch.object(moments, attribute, function))
        yield


def _in_which_everything_can_happen() -> World:
    served, hidden = ours()[0].fingerprint, ours()[2].fingerprint
    ring = KeyRing("", "", "", 1, (RingKey(served, Role.CURRENT, NOW.date().isoformat(), NOW, ""),))
    return World(
        Meta(served, hidden=(hidden,)),
        (Place(ring, 1, before=(None, 0)),),
        ((),),
        late=(Late(None, served), Late(0, None, ring, 1), Late(0, None, ring, 0)),
        odd=frozenset([EMPTY, FAILS_AFTER, NO_EFFECT]),
    )
