"""A key that was made elsewhere is adopted, and one of somebody else is published over only where it is named."""

import pytest

from tests.contract.miniature_engine import (
    A_DAY,
    OTHER_WORDS,
    WORDS,
    CheckRefusedError,
    MiniatureEngine,
    roles,
    trigger,
)
from whatsapp_flow_keys.dynamic.encryption_key import EncryptionKeyProvider
from whatsapp_flow_keys.keys import PrivateKey
from whatsapp_flow_keys.ring import Role


@pytest.mark.parametrize("in_stack", [False, True])
def test_a_served_key_is_adopted_without_a_publication(engine: MiniatureEngine, in_stack: bool) -> None:
    by_hand = PrivateKey.generate()
    engine.emulator.set_key(engine.number, by_hand.public_key_pem)
    store = "stack" if in_stack else engine.store()
    engine.up(store=store, existing_private_key=by_hand.to_pem(WORDS), existing_passphrase=WORDS)
    assert engine.fingerprint() == engine.served() == by_hand.fingerprint
    assert engine.emulator.requests(engine.number, "POST") == []
    assert "existing" not in str(engine.state[EncryptionKeyProvider].outs)
    assert "adopted" in engine.audited()
    assert "generated" not in engine.audited()


@pytest.mark.parametrize("in_stack", [False, True])
def test_another_key_than_the_served_one_is_adopted_only_over_the_one_that_is_named(
    engine: MiniatureEngine, in_stack: bool
) -> None:
    engine.emulator.set_key(engine.number, PrivateKey.generate().public_key_pem)
    served = engine.served()
    another = PrivateKey.generate()
    given = {"store": "stack" if in_stack else engine.store(), "existing_private_key": another.to_pem()}
    with pytest.raises(Exception, match=f"existing_private_key: holds key {another.fingerprint}, but Meta serves"):
        engine.up(**given)
    assert EncryptionKeyProvider not in engine.state
    engine.up(**given, take_over=served)
    assert engine.served() == another.fingerprint


@pytest.mark.parametrize("in_stack", [False, True])
def test_a_foreign_key_is_published_over_only_where_it_is_named(engine: MiniatureEngine, in_stack: bool) -> None:
    store = "stack" if in_stack else engine.store()
    engine.emulator.set_key(engine.number, PrivateKey.generate().public_key_pem)
    foreign = engine.served()
    with pytest.raises(Exception, match=f'take_over="{foreign}"'):
        engine.up(store=store)
    assert engine.served() == foreign
    engine.up(store=store, take_over=foreign)
    assert engine.served() == engine.fingerprint()


def test_a_given_key_that_does_not_open_is_refused_before_anything_is_done(engine: MiniatureEngine) -> None:
    given = {"existing_private_key": PrivateKey.generate().to_pem(WORDS), "existing_passphrase": OTHER_WORDS}
    with pytest.raises(CheckRefusedError, match="existing_private_key: the passphrase does not open"):
        engine.up(store=engine.store(), **given)
    assert list(engine.folder.glob("*.json")) == []


def test_a_rotation_is_refused_while_the_adopted_key_is_still_given(engine: MiniatureEngine) -> None:
    given = {"store": engine.store(), "existing_private_key": PrivateKey.generate().to_pem(), "rotate_after_days": 90}
    engine.up(**given)
    with pytest.raises(CheckRefusedError, match="a rotation is asked for"):
        engine.up(**given, **trigger("once"))
    engine.clock.sleep(90 * A_DAY)
    with pytest.raises(CheckRefusedError, match="a rotation is due"):
        engine.up(**given)
    adopted = engine.fingerprint()
    del given["existing_private_key"]
    assert engine.up(**given)[0] == "replace"
    assert roles(engine.ring())[adopted] is Role.PREVIOUS


def test_another_given_key_takes_the_place_of_the_first(engine: MiniatureEngine) -> None:
    engine.up(store=engine.store())
    before = engine.fingerprint()
    another = PrivateKey.generate()
    done = engine.up(store=engine.store(), existing_private_key=another.to_pem(), take_over=before)
    assert done == ["replace", "update"]
    assert engine.served() == another.fingerprint
