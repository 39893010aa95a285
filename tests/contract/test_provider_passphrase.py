"""A passphrase that changes: every key opens with the new one, and the former ones are recorded while needed."""

from dataclasses import replace

from cryptography.hazmat.primitives.serialization import BestAvailableEncryption, Encoding, PrivateFormat

from tests.contract.miniature_engine import OTHER_WORDS, WORDS, MiniatureEngine, trigger
from whatsapp_flow_keys import document
from whatsapp_flow_keys.dynamic.encryption_key import EncryptionKeyProvider
from whatsapp_flow_keys.keys import PrivateKey
from whatsapp_flow_keys.ring import KeyRing
from whatsapp_flow_keys.sealed_pem import rounds_of

CHOSEN = "words that a person chose"


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


def as_an_older_version_wrote_it(ring: KeyRing) -> KeyRing:
    keys = []
    for key in ring.keys:
        opened = PrivateKey.from_pem(key.private_key_pem, CHOSEN).key
        sealing = BestAvailableEncryption(CHOSEN.encode())
        pem = opened.private_bytes(Encoding.PEM, PrivateFormat.PKCS8, sealing).decode()
        keys.append(replace(key, private_key_pem=pem))
    return replace(ring, keys=tuple(keys))


def test_keys_of_an_older_version_are_written_as_new_ones_by_the_next_rotation_and_then_stay(
    engine: MiniatureEngine,
) -> None:
    given = {"store": engine.store(), "backups": [engine.store("backup")], "passphrase": CHOSEN}
    engine.up(**given)
    weak = as_an_older_version_wrote_it(engine.ring())
    for name in ("ring", "backup"):
        (engine.folder / f"{name}.json").write_text(document.dump(weak))
    engine.up(**given, **trigger("once"))
    after = engine.ring()
    assert [rounds_of(key.private_key_pem) for key in after.keys] == [600_000, 600_000]
    for key in after.keys:
        assert PrivateKey.from_pem(key.private_key_pem, CHOSEN).fingerprint == key.fingerprint
    engine.up(**given, **trigger("once"), rotate_after_days=90, deployed=True)
    assert engine.ring() == engine.ring("backup") == after
