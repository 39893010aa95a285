"""A passphrase that changes: every key opens with the new one, and the former ones are recorded while needed."""

from tests.contract.miniature_engine import OTHER_WORDS, WORDS, MiniatureEngine, trigger
from whatsapp_flow_keys.dynamic.encryption_key import EncryptionKeyProvider
from whatsapp_flow_keys.keys import PrivateKey


def test_a_changed_passphrase_goes_first_and_the_rotation_waits(engine: MiniatureEngine) -> None:
    engine.up(store=engine.store(), passphrase=WORDS)
    key = engine.fingerprint()
    both = {"store": engine.store(), "passphrase": OTHER_WORDS, "deployed": True, **trigger("once")}
    assert engine.up(**both)[0] == "update"
    assert engine.fingerprint() == key
    PrivateKey.from_pem(engine.ring().keys[0].private_key_pem, OTHER_WORDS, field="ring")
    assert engine.up(**both)[0] == "replace"
    assert engine.fingerprint() != key


def test_a_passphrase_that_is_no_longer_needed_is_forgotten(engine: MiniatureEngine) -> None:
    engine.up(store=engine.store(), passphrase=WORDS)
    engine.up(store=engine.store(), passphrase=OTHER_WORDS, deployed=True)
    assert engine.state[EncryptionKeyProvider].outs["former_passphrases"] == [WORDS]
    engine.up(store=engine.store(), passphrase=OTHER_WORDS, deployed=True, rotate_after_days=90)
    assert engine.state[EncryptionKeyProvider].outs["former_passphrases"] == []


def test_a_rotation_after_a_changed_passphrase_opens_the_keys_before(engine: MiniatureEngine) -> None:
    engine.up(store=engine.store(), passphrase=WORDS)
    engine.up(store=engine.store(), passphrase=OTHER_WORDS)
    engine.up(store=engine.store(), passphrase=OTHER_WORDS, deployed=True, **trigger("once"))
    assert engine.served() == engine.fingerprint()
    for key in engine.ring().keys:
        PrivateKey.from_pem(key.private_key_pem, OTHER_WORDS, field="ring")


def test_keys_in_the_clear_are_encrypted_when_a_passphrase_is_given_later(engine: MiniatureEngine) -> None:
    engine.up(store=engine.store())
    engine.up(store=engine.store(), passphrase=WORDS, deployed=True)
    assert "ENCRYPTED" in engine.ring().private_keys
    assert engine.state[EncryptionKeyProvider].outs["former_passphrases"] == [""]


def test_a_rotation_records_the_passphrase_that_a_key_before_still_needs(engine: MiniatureEngine) -> None:
    engine.up(store=engine.store(), passphrase=WORDS)
    engine.up(store=engine.store(), passphrase=OTHER_WORDS)
    engine.up(store=engine.store(), passphrase=OTHER_WORDS, **trigger("once"))
    assert engine.state[EncryptionKeyProvider].outs["former_passphrases"] == [WORDS]
