"""What the search takes for one state leads to the same states: otherwise it would pass over some."""

import random
from unittest.mock import patch

import pytest

from tests.model import moments
from tests.model.around import around
from tests.model.at_once import two_at_once
from tests.model.canonical import canonical, rings_in
from tests.model.lives import create_and_rotate, in_order, whole_life
from tests.model.moments import State, begun, ended, next_moments
from tests.model.ports import scripted
from tests.model.search import Scenario
from tests.model.world import World

_SEARCHES = (
    create_and_rotate("a store with a backup", faults=2),
    create_and_rotate("the stack with a backup", faults=2),
    whole_life("one store with soft deletion", faults=1, length=3),
    whole_life("a move out of the stack", faults=1, length=3),
    in_order("a backup is rolled back"),
    around("renamed, with a generated passphrase"),
    two_at_once("two stacks, one store", faults=1, rounds=2),
)
_WALKS = 6


@pytest.mark.parametrize("scenario", _SEARCHES, ids=lambda scenario: scenario.name)
def test_a_world_and_its_canonical_one_end_alike(scenario: Scenario) -> None:
    drawn = random.Random(scenario.name)
    with scripted():
        raw = [state for _ in range(_WALKS) for state in _walk(scenario, drawn)]
        assert any(state.world != canonical(state.world) for state in raw)
        for state in raw:
            for move, same in zip(
                scenario.moves(state),
                scenario.moves(state._replace(world=canonical(state.world))),
                strict=True,
            ):
                assert _ends(move) == _ends(same), move.label


def test_which_of_two_rings_is_newer_stays_as_it_was() -> None:
    drawn = random.Random("which is newer")
    with scripted():
        worlds = [state.world for each in _SEARCHES for _ in range(4 * _WALKS) for state in _walk(each, drawn)]
    assert any(len(set(_revisions(world))) > 1 for world in worlds)
    for world in worlds:
        before, after = _revisions(world), _revisions(canonical(world))
        assert [sorted(before).index(each) for each in before] == [sorted(after).index(each) for each in after]


def _revisions(world: World) -> list[int]:
    return [ring.revision for ring in rings_in(world)]


def _walk(scenario: Scenario, drawn: random.Random) -> list[State]:
    """States on one way through the search, as they are before anything is made canonical."""
    state, passed = scenario.begin(), []
    with patch.object(moments, "canonical", lambda world: world._replace(taken=frozenset())):
        while moves := list(scenario.moves(state)):
            move = drawn.choice(moves)
            moment = begun(move, scenario.faults)
            while moment.is_under_way():
                moment = drawn.choice(list(next_moments(moment)))[1]
            state = ended(move, moment)
            passed.append(state)
            if len(passed) == 4:
                break
    return passed


def _ends(move: moments.Move) -> set[State]:
    """All states in which a move can end, with one fault."""
    seen = {first := begun(move, 1)}
    stack, ends = [first], set()
    while stack:
        moment = stack.pop()
        if not moment.is_under_way():
            ends.add(_without_counts(ended(move, moment)))
        for _, after in next_moments(moment):
            if after not in seen:
                seen.add(after)
                stack.append(after)
    return ends


def _without_counts(state: State) -> State:
    """While a message is late, versions are kept as they are: only what lies between them tells anything."""
    world = state.world
    counted = {index: place.version for index, place in enumerate(world.places)}
    places = tuple(
        place._replace(version=0, before=(place.before[0], place.before[1] - place.version) if place.before else None)
        for place in world.places
    )
    late = tuple(
        each if each.place is None else each._replace(version=each.version - counted[each.place]) for each in world.late
    )
    return state._replace(world=world._replace(places=places, late=tuple(sorted(late, key=repr))))
