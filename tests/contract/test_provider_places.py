"""Which places hold the keys: backups, another number's store, a renamed stack's ring."""

import pytest

from tests.contract.miniature_engine import MiniatureEngine, roles, trigger
from whatsapp_flow_keys.dynamic.key_ring import KeyRingProvider
from whatsapp_flow_keys.ring import Role


def test_the_backups_of_the_stack_hold_its_keys_and_are_recorded(engine: MiniatureEngine) -> None:
    engine.up(backups=[engine.store("backup")])
    assert engine.fingerprint() in engine.ring("backup")
    assert engine.state[KeyRingProvider].outs["locations"] == [engine.store("backup")]
    engine.up(backups=[engine.store("backup")], **trigger("once"))
    assert roles(engine.ring("backup"))[engine.fingerprint()] is Role.CURRENT


def test_a_new_backup_gets_every_key(engine: MiniatureEngine) -> None:
    engine.up(store=engine.store())
    assert engine.up(store=engine.store(), backups=[engine.store("new")]) == ["update", "update"]
    assert engine.ring("new") == engine.ring()


def test_a_renamed_stack_goes_on_with_its_ring(engine: MiniatureEngine) -> None:
    engine.up(store=engine.store())
    engine.up(store=engine.store(), managed_by="org/flows/renamed")
    assert engine.ring().managed_by == "org/flows/renamed"
    engine.up(store=engine.store(), managed_by="org/flows/again", **trigger("and rotated"))
    assert engine.ring().managed_by == "org/flows/again"


def test_a_renamed_stack_goes_on_with_the_backup_of_its_own_ring(engine: MiniatureEngine) -> None:
    engine.up(backups=[engine.store("backup")])
    engine.up(backups=[engine.store("backup")], managed_by="org/flows/renamed")
    assert engine.ring("backup").managed_by == "org/flows/renamed"


def test_another_stacks_ring_is_not_taken(engine: MiniatureEngine) -> None:
    engine.up(store=engine.store())
    engine.state.clear()
    with pytest.raises(Exception, match="is managed by the stack org/flows/prod"):
        engine.up(store=engine.store(), managed_by="org/flows/other")


def test_another_number_may_be_given_another_store(engine: MiniatureEngine) -> None:
    """The document of the old one goes at the end, where it may."""
    given = {"stored_ring": True, "force_destroy": True}
    engine.up(store=engine.store(), **given)
    number = f"{engine.number}9"
    engine.emulator.add_number(number)
    assert engine.up(store=engine.store("other"), phone_number_id=number, **given) == ["replace", "replace"]
    assert engine.ring("other").phone_number_id == number
    assert not (engine.folder / "ring.json").exists()
