"""A refresh shows what differs at Meta and in the stores, and the next `up` repairs it."""

import pytest

from tests.contract.miniature_engine import MiniatureEngine
from whatsapp_flow_keys.dynamic.key_registration import KeyRegistrationProvider
from whatsapp_flow_keys.keys import PrivateKey


@pytest.mark.parametrize("in_stack", [False, True])
def test_a_refresh_shows_a_foreign_key_and_the_next_up_publishes_over_it(
    engine: MiniatureEngine, in_stack: bool
) -> None:
    store = "stack" if in_stack else engine.store()
    engine.up(store=store)
    foreign = PrivateKey.generate()
    engine.emulator.set_key(engine.number, foreign.public_key_pem)
    assert engine.refresh()["fingerprint"] == foreign.fingerprint
    recorded = engine.state[KeyRegistrationProvider].outs
    assert (recorded.get("proven_fingerprint"), recorded["foreign_fingerprint"]) == (None, foreign.fingerprint)
    assert engine.up(store=store)[-1] == "update"
    assert engine.served() == engine.fingerprint()
    assert "foreign_fingerprint" not in engine.state[KeyRegistrationProvider].outs


def test_a_refresh_of_what_is_in_place_finds_no_drift(engine: MiniatureEngine) -> None:
    for store in (engine.store(), "stack"):
        engine.state.clear()
        engine.up(store=store, take_over=engine.served())
        before = dict(engine.state[KeyRegistrationProvider].inputs)
        found = engine.refresh()
        assert {name: found.get(name) for name in before} == before
        assert engine.state[KeyRegistrationProvider].outs["proven_fingerprint"] == engine.fingerprint()


def test_a_refresh_shows_a_stale_signature_and_the_next_up_signs_again(engine: MiniatureEngine) -> None:
    engine.up(store=engine.store())
    engine.emulator.reregister(engine.number)
    assert engine.refresh()["signature_status"] == "MISMATCH"
    assert engine.up(store=engine.store()) == ["same", "update"]
    assert engine.state[KeyRegistrationProvider].outs["signature_status"] == "VALID"


def test_a_refresh_shows_a_store_that_is_down(engine: MiniatureEngine) -> None:
    engine.up(store=engine.store(), backups=[engine.store("backup")])
    (engine.folder / "backup.json").write_text("another tool's")
    assert "holds 14 characters that are not JSON" in engine.refresh()["key_ring"]
    assert "proven_fingerprint" not in engine.state[KeyRegistrationProvider].outs


def test_a_refresh_shows_that_meta_has_no_key_any_more_and_the_next_up_publishes_it(engine: MiniatureEngine) -> None:
    engine.up(store=engine.store())
    engine.emulator.set_key(engine.number, None)
    assert engine.refresh()["fingerprint"] == "none"
    assert engine.refresh()["fingerprint"] == "none"
    engine.up(store=engine.store())
    assert engine.served() == engine.fingerprint()


def test_a_refresh_finds_what_should_be_inputs_and_nothing_else(engine: MiniatureEngine) -> None:
    engine.up()
    found = engine.refresh()
    assert not {"proven_fingerprint", "foreign_fingerprint", "held_fingerprints"} & set(found)
