"""A rotation keeps the key before it, comes on its day, and waits behind another passphrase or place."""

from tests.contract.miniature_engine import A_DAY, OTHER_WORDS, WORDS, MiniatureEngine, roles, trigger
from whatsapp_flow_keys.dynamic.encryption_key import EncryptionKeyProvider
from whatsapp_flow_keys.ring import Role


def test_a_rotation_keeps_the_key_before_in_a_store(engine: MiniatureEngine) -> None:
    engine.up(store=engine.store(), stored_ring=True)
    before = engine.fingerprint()
    assert engine.up(store=engine.store(), stored_ring=True, **trigger("once")) == ["replace", "update"]
    assert engine.served() == engine.fingerprint() != before
    assert roles(engine.ring()) == {engine.fingerprint(): Role.CURRENT, before: Role.PREVIOUS}


def test_a_rotation_keeps_the_key_before_in_the_stack(engine: MiniatureEngine) -> None:
    engine.up()
    before = engine.fingerprint()
    assert engine.up(**trigger("once")) == ["replace", "update", "update"]
    assert list(roles(engine.recorded_ring())) == [engine.fingerprint(), before]
    assert engine.served() == engine.fingerprint() != before


def test_a_rotation_that_waits_keeps_its_date_and_trigger(engine: MiniatureEngine) -> None:
    engine.up(store=engine.store(), passphrase=WORDS, rotate_after_days=90, **trigger("once"))
    made_on = engine.clock.now().date().isoformat()
    engine.clock.sleep(90 * A_DAY)
    engine.up(store=engine.store(), passphrase=OTHER_WORDS, rotate_after_days=90, **trigger("twice"))
    recorded = engine.state[EncryptionKeyProvider].outs
    assert (recorded["issued_on"], recorded["rotation_trigger"]) == (made_on, "once")


def test_a_move_goes_first_and_the_rotation_waits(engine: MiniatureEngine) -> None:
    engine.up(store=engine.store(), backups=[engine.store("new")])
    key = engine.fingerprint()
    moved = {"store": engine.store("new"), "backups": [engine.store()], **trigger("once")}
    assert engine.up(**moved)[0] == "update"
    assert engine.fingerprint() == key
    assert engine.up(**moved)[0] == "replace"
    assert engine.ring("new") == engine.ring()


def test_a_key_is_replaced_on_the_day_it_is_due(engine: MiniatureEngine) -> None:
    engine.up(store=engine.store(), rotate_after_days=90)
    key = engine.fingerprint()
    engine.clock.sleep(89 * A_DAY)
    assert engine.up(store=engine.store(), rotate_after_days=90) == ["same", "same"]
    engine.clock.sleep(A_DAY)
    assert engine.up(store=engine.store(), rotate_after_days=90)[0] == "replace"
    assert engine.fingerprint() != key
    assert engine.state[EncryptionKeyProvider].outs["issued_on"] == engine.clock.now().date().isoformat()


def test_a_date_that_ignore_changes_put_back_is_honoured(engine: MiniatureEngine) -> None:
    engine.up(store=engine.store(), issued_on="2026-01-01")
    assert engine.state[EncryptionKeyProvider].outs["issued_on"] == "2026-01-01"


def test_a_trigger_that_waits_is_recorded_as_a_secret_since_it_may_have_been_one(engine: MiniatureEngine) -> None:
    engine.up(store=engine.store(), **trigger("once"))
    engine.up(store=engine.store(), rotate_after_days=90, **trigger("once"))
    assert "rotation_trigger" not in engine.state[EncryptionKeyProvider].secret
    engine.up(store=engine.store(), passphrase=WORDS, rotate_after_days=90, **trigger("twice"))
    recorded = engine.state[EncryptionKeyProvider]
    assert recorded.outs["rotation_trigger"] == "once"
    assert "rotation_trigger" in recorded.secret
