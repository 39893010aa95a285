"""What the state records of a key and its registration, and what an update keeps."""

from tests.contract.miniature_engine import A_DAY, WORDS, MiniatureEngine, trigger
from whatsapp_flow_keys.dynamic.encryption_key import EncryptionKeyProvider
from whatsapp_flow_keys.dynamic.key_registration import KeyRegistrationProvider
from whatsapp_flow_keys.dynamic.key_ring import KeyRingProvider
from whatsapp_flow_keys.dynamic.stored_key_ring import StoredKeyRingProvider


def test_a_state_holds_no_secret_in_the_clear(engine: MiniatureEngine) -> None:
    engine.up(store=engine.store(), passphrase=WORDS)
    assert engine.state[EncryptionKeyProvider].secret == {"passphrase", "former_passphrases"}
    assert engine.state[StoredKeyRingProvider].secret == {"passphrase"}
    assert engine.state[KeyRegistrationProvider].secret >= {"passphrase"}
    engine.state.clear()
    engine.up(take_over=engine.served())
    assert "private_key" in engine.state[EncryptionKeyProvider].secret
    assert "ring" in engine.state[KeyRingProvider].secret
    assert "private_key" not in engine.state[KeyRingProvider].outs
    assert "PRIVATE KEY" not in str(engine.state[KeyRegistrationProvider].outs)


def test_with_a_store_the_state_holds_no_private_key(engine: MiniatureEngine) -> None:
    engine.up(store=engine.store())
    assert all("PRIVATE KEY" not in str(recorded.outs) for recorded in engine.state.values())


def test_a_registration_records_which_keys_the_stack_holds(engine: MiniatureEngine) -> None:
    engine.up()
    before = engine.fingerprint()
    engine.up(**trigger("once"))
    held = engine.state[KeyRegistrationProvider].outs["held_fingerprints"]
    assert held == [engine.fingerprint(), before]


def test_where_the_keys_are_is_recorded(engine: MiniatureEngine) -> None:
    engine.up(store=engine.store(), backups=[engine.store("backup")])
    outs = engine.state[EncryptionKeyProvider].outs
    assert outs["locations"] == [engine.store(), engine.store("backup")]
    assert outs["secret_id"] == engine.store()
    assert engine.ring("backup") == engine.ring()


def test_an_update_keeps_what_the_key_is(engine: MiniatureEngine) -> None:
    engine.up(store=engine.store(), **trigger("once"))
    before = dict(engine.state[EncryptionKeyProvider].outs)
    engine.clock.sleep(A_DAY)
    assert engine.up(store=engine.store(), backups=[engine.store("new")], **trigger("once"))[0] == "update"
    after = engine.state[EncryptionKeyProvider].outs
    for name in ("fingerprint", "public_key_pem", "issued_on", "rotation_trigger"):
        assert after[name] == before[name]
    assert after["locations"] == [engine.store(), engine.store("new")]


def test_an_update_of_a_key_in_the_stack_keeps_its_private_half(engine: MiniatureEngine) -> None:
    engine.up()
    before = dict(engine.state[EncryptionKeyProvider].outs)
    assert engine.up(rotate_after_days=90)[0] == "update"
    after = engine.state[EncryptionKeyProvider].outs
    assert {name: after.get(name) for name in before} == before
    assert after["rotate_after_days"] == 90
    assert "private_key" in engine.state[EncryptionKeyProvider].secret
