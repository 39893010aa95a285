"""The providers through a number's life, with real files and the emulator: what each call does, and what it records."""

from typing import Any

import pytest

from tests.contract.miniature_engine import CheckRefusedError, MiniatureEngine, roles
from whatsapp_flow_keys.dynamic.encryption_key import EncryptionKeyProvider
from whatsapp_flow_keys.dynamic.key_registration import KeyRegistrationProvider
from whatsapp_flow_keys.dynamic.key_ring import KeyRingProvider
from whatsapp_flow_keys.dynamic.stored_key_ring import StoredKeyRingProvider
from whatsapp_flow_keys.keys import PrivateKey
from whatsapp_flow_keys.resources.properties import KeyState
from whatsapp_flow_keys.ring import Role

WORDS, OTHER_WORDS = "correct horse battery staple", "another seven words that nobody knows at all"
A_DAY = 24 * 3600


def trigger(name: str) -> dict[str, str]:
    return {"rotation_trigger": name}


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


def test_a_key_of_an_older_version_that_is_replaced_leaves_the_document(engine: MiniatureEngine) -> None:
    """It had no StoredKeyRing beside it."""
    engine.up(store=engine.store(), passphrase=WORDS, passphrase_is_generated=True)
    engine.up(store=engine.store(), passphrase=WORDS, passphrase_is_generated=True, **trigger("once"))
    assert engine.served() == engine.fingerprint()
    assert engine.fingerprint() in engine.ring()


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


def test_a_changed_passphrase_goes_first_and_the_rotation_waits(engine: MiniatureEngine) -> None:
    engine.up(store=engine.store(), passphrase=WORDS)
    key = engine.fingerprint()
    both = {"store": engine.store(), "passphrase": OTHER_WORDS, "deployed": True, **trigger("once")}
    assert engine.up(**both)[0] == "update"
    assert engine.fingerprint() == key
    PrivateKey.from_pem(engine.ring().keys[0].private_key_pem, OTHER_WORDS, field="ring")
    assert engine.up(**both)[0] == "replace"
    assert engine.fingerprint() != key


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


def test_a_key_is_replaced_on_the_day_it_is_due(engine: MiniatureEngine) -> None:
    engine.up(store=engine.store(), rotate_after_days=90)
    key = engine.fingerprint()
    engine.clock.sleep(89 * A_DAY)
    assert engine.up(store=engine.store(), rotate_after_days=90) == ["same", "same"]
    engine.clock.sleep(A_DAY)
    assert engine.up(store=engine.store(), rotate_after_days=90)[0] == "replace"
    assert engine.fingerprint() != key
    assert engine.state[EncryptionKeyProvider].outs["issued_on"] == engine.clock.now().date().isoformat()


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


@pytest.mark.parametrize("in_stack", [False, True])
def test_a_destroy_is_refused_while_meta_serves_the_key(engine: MiniatureEngine, in_stack: bool) -> None:
    engine.up(store="stack" if in_stack else engine.store(), stored_ring=None if in_stack else True)
    with pytest.raises(Exception, match=f"Meta serves key {engine.fingerprint()}"):
        engine.destroy()
    assert in_stack or engine.fingerprint() in engine.ring()


@pytest.mark.parametrize("in_stack", [False, True])
def test_a_recorded_force_lets_a_destroy_go(engine: MiniatureEngine, in_stack: bool) -> None:
    store = "stack" if in_stack else engine.store()
    engine.up(store=store, stored_ring=None if in_stack else True, force_destroy=True)
    engine.destroy()
    assert not (engine.folder / "ring.json").exists()


@pytest.mark.parametrize("in_stack", [False, True])
def test_the_environment_names_the_key_that_may_be_lost(
    engine: MiniatureEngine, in_stack: bool, monkeypatch: pytest.MonkeyPatch
) -> None:
    engine.up(store="stack" if in_stack else engine.store(), stored_ring=None if in_stack else True)
    monkeypatch.setenv("WHATSAPP_FORCE_DESTROY", "f" * 64)
    with pytest.raises(Exception, match="Meta serves key"):
        engine.destroy()
    monkeypatch.setenv("WHATSAPP_FORCE_DESTROY", engine.fingerprint())
    engine.destroy()
    assert not (engine.folder / "ring.json").exists()


@pytest.mark.parametrize("in_stack", [False, True])
def test_a_destroy_goes_while_a_backup_holds_the_key(engine: MiniatureEngine, in_stack: bool) -> None:
    store = "stack" if in_stack else engine.store()
    engine.up(store=store, stored_ring=None if in_stack else True, backups=[engine.store("backup")])
    served = engine.served()
    engine.destroy()
    assert not (engine.folder / "ring.json").exists()
    assert served in engine.ring("backup")


def test_a_generated_passphrase_does_not_go_before_the_served_key(engine: MiniatureEngine) -> None:
    given = {"passphrase": WORDS, "passphrase_is_generated": True, "stored_ring": True}
    engine.up(store=engine.store(), backups=[engine.store("backup")], **given)
    with pytest.raises(Exception, match="was generated by this stack"):
        engine.destroy()
    assert engine.fingerprint() in engine.ring()


def test_a_passphrase_of_ones_own_opens_the_backup_that_is_left(engine: MiniatureEngine) -> None:
    engine.up(store=engine.store(), backups=[engine.store("backup")], passphrase=WORDS, stored_ring=True)
    engine.destroy()
    assert not (engine.folder / "ring.json").exists()


def test_a_ring_of_the_stack_that_is_replaced_goes_while_its_replacement_holds_the_keys(
    engine: MiniatureEngine,
) -> None:
    engine.up()
    provider, old = engine.provider(KeyRingProvider), engine.state[KeyRingProvider]
    engine.run.rings.note("another", engine.recorded_ring())
    provider.delete(old.id, old.outs)


def test_a_force_does_not_count_for_a_ring_that_the_program_still_has(engine: MiniatureEngine) -> None:
    engine.up(force_destroy=True)
    old = engine.state[KeyRingProvider]
    engine.run.rings.expect(engine.number)
    with pytest.raises(Exception, match="The program still has this key ring"):
        engine.provider(KeyRingProvider).delete(old.id, old.outs)


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


@pytest.mark.parametrize(
    ("given", "warned"),
    [({}, True), ({"deployed": True}, False)],
    ids=["nobody brings the key", "the program deploys it"],
)
def test_a_rotation_in_the_stack_warns_where_nothing_brings_the_key_to_the_endpoint(
    engine: MiniatureEngine, given: dict[str, bool], warned: bool
) -> None:
    engine.up(**given)
    engine.up(**given, **trigger("once"))
    assert any("nothing proves that the endpoint holds the new key" in said for said in engine.said) is warned


def test_the_first_key_and_a_key_in_a_store_warn_of_nothing(engine: MiniatureEngine) -> None:
    engine.up()
    engine.state.clear()
    engine.up(store=engine.store(), take_over=engine.served())
    engine.up(store=engine.store(), take_over=engine.state[EncryptionKeyProvider].inputs["take_over"], **trigger("o"))
    assert not any("nothing proves" in said for said in engine.said)


def test_a_rotation_waits_for_an_endpoint_that_does_not_hold_the_key(engine: MiniatureEngine) -> None:
    engine.up(store=engine.store())
    before = engine.served()
    nobody = "http://127.0.0.1:9/flows"
    with pytest.raises(Exception, match="is staged, not published"):
        engine.up(store=engine.store(), endpoint_url=nobody, endpoint_wait=6, **trigger("once"))
    assert engine.served() == before
    assert 4 <= engine.clock.waited <= 6


def test_a_move_to_where_the_keys_are_not_is_refused_before_anything_is_done(engine: MiniatureEngine) -> None:
    engine.up(store=engine.store())
    with pytest.raises(CheckRefusedError, match="first add it to `backups`"):
        engine.up(store=engine.store("elsewhere"))
    with pytest.raises(CheckRefusedError, match="into the stack is not offered"):
        engine.up()


def test_a_place_holds_one_number_only(engine: MiniatureEngine) -> None:
    engine.up(store=engine.store())
    with pytest.raises(CheckRefusedError, match=f"holds the keys of {engine.number}; give the new number another"):
        engine.up(store=engine.store(), phone_number_id="110200345501442")


def test_every_step_is_told_to_the_audit_log(engine: MiniatureEngine) -> None:
    engine.up(store=engine.store())
    for operation in ("generated", "staged", "offered", "published", "verified", "promoted"):
        assert f'"{operation}"' in engine.audited()


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


def old_key(engine: MiniatureEngine, **changed: Any) -> dict[str, Any]:
    """What a version recorded that knew neither locations nor a StoredKeyRing."""
    outs = {**engine.state[EncryptionKeyProvider].outs, **changed}
    return {name: value for name, value in outs.items() if name not in ("locations", "stored_ring")}


def test_a_state_without_locations_goes_by_the_store_and_the_backups(engine: MiniatureEngine) -> None:
    engine.up(store=engine.store(), backups=[engine.store("backup")])
    engine.new_run()
    key = engine.state[EncryptionKeyProvider]
    engine.provider(EncryptionKeyProvider).delete(key.id, old_key(engine))
    assert not (engine.folder / "ring.json").exists()
    assert key.outs["fingerprint"] in engine.ring("backup")


def test_a_state_without_locations_may_have_a_generated_passphrase(engine: MiniatureEngine) -> None:
    engine.up(store=engine.store(), backups=[engine.store("backup")], passphrase=WORDS)
    engine.new_run()
    key = engine.state[EncryptionKeyProvider]
    with pytest.raises(Exception, match="was generated by this stack"):
        engine.provider(EncryptionKeyProvider).delete(key.id, old_key(engine))


def test_a_deletion_goes_by_where_the_keys_are_recorded_to_be(engine: MiniatureEngine) -> None:
    """The environment may name another place by now."""
    engine.up(store=engine.store(), backups=[engine.store("backup")], stored_ring=True)
    engine.new_run()
    ring = engine.state[StoredKeyRingProvider]
    renamed = {**ring.outs, "store": engine.store("elsewhere"), "backups": []}
    engine.provider(StoredKeyRingProvider).delete(ring.id, renamed)
    assert not (engine.folder / "ring.json").exists()


def test_a_document_stays_while_this_run_has_seen_another_live_key(engine: MiniatureEngine) -> None:
    engine.up(store=engine.store(), force_destroy=True)
    key = engine.state[EncryptionKeyProvider]
    engine.new_run()
    engine.run.keys.note("another", KeyState.from_props(key.outs))
    engine.provider(EncryptionKeyProvider).delete(key.id, key.outs)
    assert engine.fingerprint() in engine.ring()


def test_what_a_forced_deletion_leaves_is_said_and_told(engine: MiniatureEngine) -> None:
    generated = {"passphrase": WORDS, "passphrase_is_generated": True, "stored_ring": True, "force_destroy": True}
    engine.up(store=engine.store(), **generated)
    engine.destroy()
    assert any("can't be opened any more" in said for said in engine.said)
    assert '"deleted"' in engine.audited()


def test_a_refresh_shows_that_meta_has_no_key_any_more_and_the_next_up_publishes_it(engine: MiniatureEngine) -> None:
    engine.up(store=engine.store())
    engine.emulator.set_key(engine.number, None)
    assert engine.refresh()["fingerprint"] == "none"
    assert engine.refresh()["fingerprint"] == "none"
    engine.up(store=engine.store())
    assert engine.served() == engine.fingerprint()


def test_a_registration_is_refused_with_a_wait_and_no_endpoint(engine: MiniatureEngine) -> None:
    with pytest.raises(CheckRefusedError, match="endpoint_wait: has no use without endpoint_url"):
        engine.up(store=engine.store(), endpoint_wait=6)
    with pytest.raises(CheckRefusedError, match="endpoint_wait: must be a number of seconds"):
        engine.up(store=engine.store(), endpoint_wait=3601, endpoint_url="https://flows.example.com/a")
    with pytest.raises(CheckRefusedError, match="endpoint_url"):
        engine.up(store=engine.store(), endpoint_url="ftp://flows.example.com/a")


def test_a_passphrase_adds_nothing_in_the_stack(engine: MiniatureEngine) -> None:
    with pytest.raises(CheckRefusedError, match="passphrase: adds nothing with the stack as the store"):
        engine.up(passphrase=WORDS)


@pytest.mark.parametrize(
    ("given", "field"),
    [
        ({"rotation_trigger": ""}, "rotation_trigger"),
        ({"rotate_after_days": 0}, "rotate_after_days"),
        ({"force_destroy": "yes"}, "force_destroy"),
        ({"passphrase": ""}, "passphrase"),
        ({"issued_on": "yesterday"}, "issued_on"),
        ({"take_over": "abc"}, "take_over"),
        ({"backups": ["nothing"]}, "backups"),
    ],
)
def test_a_key_is_refused_with_the_field_that_is_wrong(
    engine: MiniatureEngine, given: dict[str, Any], field: str
) -> None:
    with pytest.raises(CheckRefusedError, match=f"{field}"):
        engine.up(**{"store": engine.store(), **given})
    assert engine.state == {}


def test_a_date_that_ignore_changes_put_back_is_honoured(engine: MiniatureEngine) -> None:
    engine.up(store=engine.store(), issued_on="2026-01-01")
    assert engine.state[EncryptionKeyProvider].outs["issued_on"] == "2026-01-01"


def test_a_ring_of_the_stack_goes_where_an_interrupted_up_has_moved_its_keys_to_a_store(
    engine: MiniatureEngine,
) -> None:
    engine.up(backups=[engine.store("backup")])
    ring = engine.state[KeyRingProvider]
    engine.new_run()
    live = {**engine.state[EncryptionKeyProvider].outs, "locations": [engine.store("backup")]}
    engine.run.keys.note("key", KeyState.from_props(live))
    engine.provider(KeyRingProvider).delete(ring.id, {**ring.outs, "locations": [], "backups": []})


def test_what_was_made_and_what_was_updated_is_the_live_key_for_the_rest_of_the_run(engine: MiniatureEngine) -> None:
    engine.up(store=engine.store())
    assert engine.run.keys.live(engine.number) == KeyState.from_props(engine.state[EncryptionKeyProvider].outs)
    engine.up(store=engine.store(), backups=[engine.store("new")])
    assert engine.run.keys.live(engine.number) == KeyState.from_props(engine.state[EncryptionKeyProvider].outs)


def test_a_passphrase_of_ones_own_does_not_go_with_a_key_of_an_older_version(engine: MiniatureEngine) -> None:
    engine.up(store=engine.store(), backups=[engine.store("backup")], passphrase=WORDS)
    key = engine.state[EncryptionKeyProvider]
    engine.new_run()
    engine.provider(EncryptionKeyProvider).delete(key.id, key.outs)
    assert not (engine.folder / "ring.json").exists()


def test_a_generated_passphrase_goes_with_a_key_of_an_older_version(engine: MiniatureEngine) -> None:
    generated = {"passphrase": WORDS, "passphrase_is_generated": True}
    engine.up(store=engine.store(), backups=[engine.store("backup")], **generated)
    key = engine.state[EncryptionKeyProvider]
    engine.new_run()
    with pytest.raises(Exception, match="was generated by this stack"):
        engine.provider(EncryptionKeyProvider).delete(key.id, key.outs)


def test_a_generated_passphrase_is_not_asked_about_where_the_state_holds_its_guard(engine: MiniatureEngine) -> None:
    """The guard was asked before, or stays with the passphrase."""
    engine.up(store=engine.store(), passphrase=WORDS, passphrase_is_generated=True)
    key = engine.state[EncryptionKeyProvider]
    engine.new_run()
    engine.run.keys.note("another", KeyState.from_props(key.outs))
    engine.run.keys.note_guard(key.outs["phone_number_id"])
    engine.provider(EncryptionKeyProvider).delete(key.id, key.outs)
    assert engine.fingerprint() in engine.ring()


def test_a_live_key_with_the_same_generated_passphrase_is_no_reason_not_to_ask(engine: MiniatureEngine) -> None:
    """Nothing would ask when that one goes, too."""
    engine.up(store=engine.store(), passphrase=WORDS, passphrase_is_generated=True)
    key = engine.state[EncryptionKeyProvider]
    engine.new_run()
    engine.run.keys.note("another", KeyState.from_props(key.outs))
    with pytest.raises(Exception, match="was generated by this stack"):
        engine.provider(EncryptionKeyProvider).delete(key.id, key.outs)


def test_a_trigger_that_waits_is_recorded_as_a_secret_since_it_may_have_been_one(engine: MiniatureEngine) -> None:
    engine.up(store=engine.store(), **trigger("once"))
    engine.up(store=engine.store(), rotate_after_days=90, **trigger("once"))
    assert "rotation_trigger" not in engine.state[EncryptionKeyProvider].secret
    engine.up(store=engine.store(), passphrase=WORDS, rotate_after_days=90, **trigger("twice"))
    recorded = engine.state[EncryptionKeyProvider]
    assert recorded.outs["rotation_trigger"] == "once"
    assert "rotation_trigger" in recorded.secret


def test_another_number_may_be_given_another_store(engine: MiniatureEngine) -> None:
    """The document of the old one goes at the end, where it may."""
    given = {"stored_ring": True, "force_destroy": True}
    engine.up(store=engine.store(), **given)
    number = f"{engine.number}9"
    engine.emulator.add_number(number)
    assert engine.up(store=engine.store("other"), phone_number_id=number, **given) == ["replace", "replace"]
    assert engine.ring("other").phone_number_id == number
    assert not (engine.folder / "ring.json").exists()


def test_keys_in_the_clear_are_encrypted_when_a_passphrase_is_given_later(engine: MiniatureEngine) -> None:
    engine.up(store=engine.store())
    engine.up(store=engine.store(), passphrase=WORDS, deployed=True)
    assert "ENCRYPTED" in engine.ring().private_keys
    assert engine.state[EncryptionKeyProvider].outs["former_passphrases"] == [""]


def without_locations(recorded: dict[str, Any]) -> dict[str, Any]:
    """As a version recorded it that knew none."""
    return {name: value for name, value in recorded.items() if name != "locations"}


def test_a_refresh_finds_what_should_be_inputs_and_nothing_else(engine: MiniatureEngine) -> None:
    engine.up()
    found = engine.refresh()
    assert not {"proven_fingerprint", "foreign_fingerprint", "held_fingerprints"} & set(found)


def test_a_refresh_without_locations_looks_at_the_store_and_the_backups(engine: MiniatureEngine) -> None:
    for store in (engine.store(), "stack"):
        engine.state.clear()
        engine.up(store=store, backups=[engine.store("backup")], take_over=engine.served())
        recorded = engine.state[KeyRegistrationProvider]
        recorded.outs = without_locations(recorded.outs)
        engine.refresh()
        assert engine.state[KeyRegistrationProvider].outs["proven_fingerprint"] == engine.fingerprint()
        (engine.folder / "backup.json").unlink()
        assert "backup.json: lacks key" in engine.refresh()["key_ring"]


def test_a_ring_without_locations_is_updated_and_removed_by_its_backups(engine: MiniatureEngine) -> None:
    engine.up(backups=[engine.store("backup")])
    recorded = engine.state[KeyRingProvider]
    recorded.outs = without_locations(recorded.outs)
    assert engine.up(backups=[engine.store("backup")], **trigger("once"))[1] == "update"
    recorded = engine.state[KeyRingProvider]
    engine.new_run()
    engine.provider(KeyRingProvider).delete(recorded.id, without_locations(recorded.outs))


def test_a_signature_that_is_healed_in_the_stack_warns_of_no_new_key(engine: MiniatureEngine) -> None:
    engine.up()
    engine.emulator.reregister(engine.number)
    engine.refresh()
    assert engine.up()[-1] == "update"
    assert not any("nothing proves that the endpoint holds the new key" in said for said in engine.said)


@pytest.mark.parametrize(
    ("given", "alone"), [({}, True), ({"backups": ["backup"]}, False), ({"store": "ring"}, False)], ids=str
)
def test_a_wait_for_the_endpoint_says_whether_this_state_is_the_only_copy(
    engine: MiniatureEngine, given: dict[str, Any], alone: bool
) -> None:
    places = {name: engine.store(file) if name == "store" else [engine.store("b")] for name, file in given.items()}
    engine.up(**places)
    with pytest.raises(Exception, match="is staged, not published"):
        engine.up(**places, endpoint_url="http://127.0.0.1:9/flows", endpoint_wait=6, **trigger("once"))
    (waiting,) = [said for said in engine.said if "waiting up to 6 s for the endpoint" in said]
    assert ("this state is the only copy of the keys" in waiting) is alone


def test_a_rotation_records_the_passphrase_that_a_key_before_still_needs(engine: MiniatureEngine) -> None:
    engine.up(store=engine.store(), passphrase=WORDS)
    engine.up(store=engine.store(), passphrase=OTHER_WORDS)
    engine.up(store=engine.store(), passphrase=OTHER_WORDS, **trigger("once"))
    assert engine.state[EncryptionKeyProvider].outs["former_passphrases"] == [WORDS]
