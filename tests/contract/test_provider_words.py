"""What a person reads of an `up`: the reason of each change, and at the end what is live and what stays."""

import pytest

from tests.contract.miniature_engine import MiniatureEngine, trigger
from tests.pairs import pair


def lines(engine: MiniatureEngine) -> list[str]:
    """What was said since this was last asked."""
    said, engine.said = engine.said, []
    return said


def short(fingerprint: str | None) -> str:
    return str(fingerprint)[:12]


@pytest.fixture(params=["stack", "file"])
def where(engine: MiniatureEngine, request: pytest.FixtureRequest) -> dict[str, object]:
    """Where the keys are."""
    return {"store": "stack"} if request.param == "stack" else {"store": engine.store(), "stored_ring": True}


def test_a_first_up_ends_with_the_key_that_is_live(engine: MiniatureEngine, where: dict[str, object]) -> None:
    engine.up(**where)
    key = short(engine.served())
    assert lines(engine) == [f"phone number {engine.number}: key {key} is live and verified"]


def test_a_rotation_ends_with_what_is_live_and_what_stays_and_never_speaks_of_a_failure(
    engine: MiniatureEngine, where: dict[str, object]
) -> None:
    engine.up(**where, deployed=True)
    before = short(engine.served())
    lines(engine)
    engine.up(**where, deployed=True, **trigger("once"))
    why, done = lines(engine)
    assert why == (
        f"phone number {engine.number}: rotation, asked for by a new rotation_trigger. A new key will take the place "
        f"of key {before}. The row `delete original` deletes no key"
    )
    assert done == (
        f"phone number {engine.number}: key {short(engine.served())} is live and verified. Key {before} stays in the "
        f"ring until the next rotation at least"
    )


def test_an_up_that_changes_nothing_says_nothing(engine: MiniatureEngine, where: dict[str, object]) -> None:
    engine.up(**where)
    lines(engine)
    engine.up(**where)
    assert lines(engine) == []


def test_an_adoption_says_that_nothing_was_published(engine: MiniatureEngine, where: dict[str, object]) -> None:
    engine.emulator.set_key(engine.number, pair().public_key_pem)
    engine.up(**where, existing_private_key=pair().to_pem())
    assert lines(engine) == [
        f"phone number {engine.number}: key {short(pair().fingerprint)} was live already and is verified; nothing was "
        f"published"
    ]


def test_a_rotation_that_failed_is_said_by_the_next_run_in_the_future_tense(
    engine: MiniatureEngine, where: dict[str, object]
) -> None:
    engine.up(**where, deployed=True)
    before = short(engine.served())
    engine.emulator.fault("error", code=131031, method="POST", phone_number_id=engine.number)
    with pytest.raises(Exception, match=r"locked|AccountLocked"):
        engine.up(**where, deployed=True, **trigger("once"))
    engine.emulator.clear_faults()
    lines(engine)
    engine.up(**where, deployed=True, **trigger("once"))
    first, last = lines(engine)
    assert "was staged by an earlier run. It will be published in place of key " + before in first
    assert "is live and verified" in last
