"""What a call goes by: what the state records, also that of an older version, and what a refresh found before."""

from collections.abc import Callable
from typing import Any

import pytest

from tests.contract.conftest import STACK
from tests.contract.miniature_engine import OTHER_WORDS, WORDS, MiniatureEngine, roles
from whatsapp_flow_keys.dynamic.encryption_key import EncryptionKeyProvider
from whatsapp_flow_keys.dynamic.key_registration import KeyRegistrationProvider
from whatsapp_flow_keys.dynamic.key_ring import KeyRingProvider
from whatsapp_flow_keys.keys import PrivateKey


def key_alone(engine: MiniatureEngine, **given: Any) -> str:
    """Only the key's own step, as in a run that ends right after it."""
    engine.new_run()
    common = {"phone_number_id": engine.number, "managed_by": STACK, "store": engine.store(), "backups": []}
    return engine.apply(EncryptionKeyProvider, {**common, **given})


def test_a_rotation_keeps_the_staged_key_that_the_state_records_until_its_own_is_saved(engine: MiniatureEngine) -> None:
    key_alone(engine)
    recorded = engine.fingerprint()
    assert key_alone(engine, rotation_trigger="once") == "replace"
    assert list(roles(engine.ring())) == [engine.fingerprint(), recorded]


def test_a_rotation_of_a_renamed_stack_goes_on_with_its_ring(engine: MiniatureEngine) -> None:
    key_alone(engine)
    assert key_alone(engine, managed_by="org/flows/renamed", rotation_trigger="once") == "replace"
    assert engine.ring().managed_by == "org/flows/renamed"


def test_a_rotation_that_waits_for_a_passphrase_leaves_no_trigger_where_there_was_none(
    engine: MiniatureEngine,
) -> None:
    key_alone(engine, passphrase=WORDS)
    assert key_alone(engine, passphrase=OTHER_WORDS, rotation_trigger="once") == "update"
    recorded = engine.state[EncryptionKeyProvider]
    assert "rotation_trigger" not in recorded.outs
    assert "rotation_trigger" not in recorded.secret


def test_an_update_records_no_guard_that_was_not_there_when_the_key_was_made(engine: MiniatureEngine) -> None:
    """Until it is in the state, the key's own deletion is all that asks."""
    key_alone(engine)
    assert key_alone(engine, stored_ring=True, rotate_after_days=90) == "update"
    assert "stored_ring" not in engine.state[EncryptionKeyProvider].outs


def test_keys_are_copied_into_a_backup_without_an_access_token_and_rotated_only_with_one(
    engine: MiniatureEngine, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A copy needs nothing from Meta."""
    monkeypatch.delenv("WHATSAPP_ACCESS_TOKEN", raising=False)
    key_alone(engine)
    engine.token = ""
    backups = [engine.store("backup")]
    assert key_alone(engine, backups=backups) == "update"
    with pytest.raises(Exception, match="whatsapp:accessToken"):
        key_alone(engine, backups=backups, rotation_trigger="once")


def test_a_key_beside_keys_that_its_passphrase_does_not_open_is_refused_with_that_reason(
    engine: MiniatureEngine,
) -> None:
    key_alone(engine, passphrase=WORDS)
    engine.state.clear()
    with pytest.raises(Exception, match="the passphrase does not open"):
        key_alone(engine, passphrase=OTHER_WORDS)


def test_the_store_becomes_one_of_its_backups_only_where_that_holds_the_key(engine: MiniatureEngine) -> None:
    key_alone(engine, backups=[engine.store("backup")])
    for name in ("ring", "backup"):
        (engine.folder / f"{name}.json").unlink()
    with pytest.raises(Exception, match="so the keys were not moved there"):
        key_alone(engine, store=engine.store("backup"), backups=[engine.store()])
    assert key_alone(engine, rotate_after_days=90) == "update"


def test_a_state_that_records_no_former_passphrases_needs_none(engine: MiniatureEngine) -> None:
    engine.up(store=engine.store())
    del engine.state[EncryptionKeyProvider].outs["former_passphrases"]
    recorded = engine.state[KeyRegistrationProvider]
    given = {name: value for name, value in recorded.inputs.items() if name != "former_passphrases"}
    assert key_alone(engine, rotate_after_days=90) == "update"
    assert engine.state[EncryptionKeyProvider].outs["former_passphrases"] == []
    assert engine.apply(KeyRegistrationProvider, {**given, "managed_by": "org/flows/renamed"}) == "update"


def test_a_rotation_waits_a_minute_for_the_endpoint_where_no_other_wait_is_given(engine: MiniatureEngine) -> None:
    engine.up()
    with pytest.raises(Exception, match="is staged, not published"):
        engine.up(endpoint_url="http://127.0.0.1:9/flows", rotation_trigger="once")
    assert any("waiting up to 60 s for the endpoint" in said for said in engine.said)
    assert not any("nothing proves that the endpoint holds the new key" in said for said in engine.said)


def test_what_is_recorded_of_a_key_that_is_served_already_warns_of_nothing(engine: MiniatureEngine) -> None:
    engine.up()
    assert engine.up(managed_by="org/flows/renamed")[-1] == "update"
    assert not any("nothing proves" in said for said in engine.said)


def test_a_refresh_shows_that_an_answer_had_no_status(engine: MiniatureEngine) -> None:
    engine.up(store=engine.store())
    engine.emulator.add_number(engine.number, no_key="empty")
    engine.emulator.set_key(engine.number, None)
    assert engine.refresh()["signature_status"] == "none"


def foreign_key(engine: MiniatureEngine) -> None:
    engine.emulator.set_key(engine.number, PrivateKey.generate().public_key_pem)


def stale_signature(engine: MiniatureEngine) -> None:
    engine.emulator.reregister(engine.number)


def lagging_backup(engine: MiniatureEngine) -> None:
    (engine.folder / "backup.json").unlink()


@pytest.mark.parametrize("drift", [foreign_key, stale_signature, lagging_backup])
def test_a_key_that_meta_no_longer_has_is_published_whatever_a_refresh_found_before(
    engine: MiniatureEngine, drift: Callable[[MiniatureEngine], None]
) -> None:
    given: dict[str, Any] = {"store": engine.store(), "backups": [engine.store("backup")]}
    engine.up(**given)
    drift(engine)
    engine.refresh()
    engine.emulator.set_key(engine.number, None)
    assert engine.refresh()["fingerprint"] == "none"
    engine.up(**given)
    assert engine.served() == engine.fingerprint()
    assert "foreign_fingerprint" not in engine.state[KeyRegistrationProvider].outs


@pytest.mark.parametrize("store", ["ring", "stack"])
def test_a_refresh_looks_where_the_keys_are_recorded_to_be(engine: MiniatureEngine, store: str) -> None:
    """The environment may name another place by now."""
    engine.up(store=store if store == "stack" else engine.store(store), backups=[engine.store("backup")])
    recorded = engine.state[KeyRegistrationProvider]
    recorded.outs |= {"backups": [engine.store("elsewhere")]}
    recorded.outs |= {"store": engine.store("elsewhere"), "backups": []} if store == "ring" else {}
    engine.refresh()
    assert engine.state[KeyRegistrationProvider].outs["proven_fingerprint"] == engine.fingerprint()


@pytest.mark.parametrize("lost", ["ring.json", "backup.json"])
def test_a_refresh_without_locations_misses_a_document_of_the_store_and_of_a_backup(
    engine: MiniatureEngine, lost: str
) -> None:
    engine.up(store=engine.store(), backups=[engine.store("backup")])
    recorded = engine.state[KeyRegistrationProvider]
    del recorded.outs["locations"]
    (engine.folder / lost).unlink()
    assert f"{lost}: lacks key {engine.fingerprint()}" in engine.refresh()["key_ring"]


def test_a_refresh_of_a_state_that_records_the_whole_ring_finds_its_keys_there(engine: MiniatureEngine) -> None:
    """As the versions did that knew of no digests."""
    engine.up()
    recorded = engine.state[KeyRegistrationProvider]
    del recorded.outs["held_fingerprints"]
    recorded.outs["ring"] = engine.state[KeyRingProvider].outs["ring"]
    engine.refresh()
    assert engine.state[KeyRegistrationProvider].outs["proven_fingerprint"] == engine.fingerprint()


def test_a_ring_that_is_given_no_private_key_names_the_input(engine: MiniatureEngine) -> None:
    engine.up()
    given = {**engine.state[KeyRingProvider].inputs, "private_key": "words"}
    with pytest.raises(Exception, match=r": private_key: .*not a private key in PEM format"):
        engine.provider(KeyRingProvider).create(given)


def test_a_key_in_the_stack_has_no_places_and_no_former_passphrases_and_says_so(engine: MiniatureEngine) -> None:
    """An output that is missing would be unknown in every preview."""
    engine.up()
    engine.up(managed_by="org/flows/renamed")
    outs = engine.state[EncryptionKeyProvider].outs
    assert (outs["former_passphrases"], outs["locations"]) == ([], [])


def test_a_state_without_a_private_key_gets_none_by_an_update(engine: MiniatureEngine) -> None:
    """Not the word None, which a ring would take for a key."""
    engine.up()
    key = engine.state[EncryptionKeyProvider]
    without = {name: value for name, value in key.outs.items() if name != "private_key"}
    updated = engine.provider(EncryptionKeyProvider).update(key.id, without, key.inputs)
    assert "private_key" not in updated.outs


def test_a_key_that_is_made_without_a_check_bears_the_date_of_today(engine: MiniatureEngine) -> None:
    """A document with anything else in the place of a date could not be read again."""
    common = {"phone_number_id": engine.number, "managed_by": STACK, "store": engine.store(), "backups": []}
    created = engine.provider(EncryptionKeyProvider).create(common)
    assert created.outs["issued_on"] == engine.clock.now().date().isoformat()
    assert list(roles(engine.ring())) == [created.outs["fingerprint"]]
