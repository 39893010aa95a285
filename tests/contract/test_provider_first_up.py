"""The first `up` makes, publishes and proves a key; the second changes nothing."""

import pytest

from tests.contract.miniature_engine import MiniatureEngine, roles
from whatsapp_flow_keys.dynamic.encryption_key import EncryptionKeyProvider
from whatsapp_flow_keys.dynamic.key_registration import KeyRegistrationProvider
from whatsapp_flow_keys.resources.properties import KeyState
from whatsapp_flow_keys.ring import Role


def test_the_first_up_makes_publishes_and_proves_a_key_in_a_store(engine: MiniatureEngine) -> None:
    assert engine.up(store=engine.store()) == ["create", "create"]
    assert engine.served() == engine.fingerprint()
    assert roles(engine.ring()) == {engine.fingerprint(): Role.CURRENT}
    assert engine.ring().owner == engine.state[EncryptionKeyProvider].id
    assert engine.state[KeyRegistrationProvider].outs["proven_fingerprint"] == engine.fingerprint()


def test_the_first_up_makes_publishes_and_proves_a_key_in_the_stack(engine: MiniatureEngine) -> None:
    assert engine.up() == ["create", "create", "create"]
    assert engine.served() == engine.fingerprint()
    assert list(roles(engine.recorded_ring())) == [engine.fingerprint()]
    assert engine.recorded_ring().owner == engine.state[EncryptionKeyProvider].id


def test_the_second_up_changes_nothing_and_asks_nobody(engine: MiniatureEngine) -> None:
    for store, kinds in ((engine.store(), 2), ("stack", 3)):
        engine.state.clear()
        engine.up(store=store, take_over=engine.served())
        engine.emulator.clear_requests()
        assert engine.up(store=store, take_over=engine.state[EncryptionKeyProvider].inputs.get("take_over")) == (
            ["same"] * kinds
        )
        assert engine.emulator.requests(engine.number) == []


def test_nothing_is_published_while_the_state_may_not_be_saved(
    engine: MiniatureEngine, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("PULUMI_SKIP_CHECKPOINTS", "true")
    with pytest.raises(Exception, match="PULUMI_SKIP_CHECKPOINTS is set"):
        engine.up()
    assert engine.served() is None
    engine.state.clear()
    engine.up(store=engine.store())
    assert engine.served() == engine.fingerprint()


def test_every_step_is_told_to_the_audit_log(engine: MiniatureEngine) -> None:
    engine.up(store=engine.store())
    for operation in ("generated", "staged", "offered", "published", "verified", "promoted"):
        assert f'"{operation}"' in engine.audited()


def test_what_was_made_and_what_was_updated_is_the_live_key_for_the_rest_of_the_run(engine: MiniatureEngine) -> None:
    engine.up(store=engine.store())
    assert engine.run.keys.live(engine.number) == KeyState.from_props(engine.state[EncryptionKeyProvider].outs)
    engine.up(store=engine.store(), backups=[engine.store("new")])
    assert engine.run.keys.live(engine.number) == KeyState.from_props(engine.state[EncryptionKeyProvider].outs)
