"""What a run has seen of each number, and that nothing seen never counts as evidence that a key lives on."""

from datetime import UTC, datetime
from typing import Any

from whatsapp_flow_keys.resources.properties import KeyState, RegistrationInputs
from whatsapp_flow_keys.resources.schema import UNKNOWN, is_known
from whatsapp_flow_keys.resources.seen import SeenKeys, SeenRings
from whatsapp_flow_keys.ring import KeyRing, RingKey, Role

NUMBER, OTHER_NUMBER = "106540352242922", "110200345501442"
PEM = "-----BEGIN PRIVATE KEY-----\nAAAA\n-----END PRIVATE KEY-----\n"
NOON = datetime(2026, 11, 24, 12, tzinfo=UTC)


def state(number: str = NUMBER, **more: object) -> KeyState:
    return KeyState.from_props({"phone_number_id": number, **more})


def fingerprint_of(found: KeyState | None) -> str | None:
    return found.fingerprint if found else None


def ring(fingerprint: str, number: str = NUMBER) -> KeyRing:
    key = RingKey(fingerprint * 64, Role.CURRENT, "2026-08-25", NOON, PEM)
    return KeyRing(number, "acme/flows/prod", "key-1", 1, (key,))


def test_of_a_number_that_was_not_seen_nothing_is_known() -> None:
    keys = SeenKeys()
    assert keys.live(NUMBER) is None
    assert keys.stores(NUMBER) == ()
    assert not keys.is_replaced("id-1", NUMBER)


def test_the_last_resource_that_was_noted_is_the_live_one() -> None:
    keys = SeenKeys()
    keys.note("id-1", state(fingerprint="old"))
    keys.note("id-2", state(fingerprint="new"))
    assert fingerprint_of(keys.live(NUMBER)) == "new"


def test_one_number_says_nothing_of_another() -> None:
    keys = SeenKeys()
    keys.note("id-1", state(OTHER_NUMBER))
    keys.expect(OTHER_NUMBER)
    assert keys.live(NUMBER) is None
    assert not keys.is_replaced("id-2", NUMBER)


def test_a_key_is_replaced_where_another_one_lives() -> None:
    keys = SeenKeys()
    keys.note("id-2", state())
    assert keys.is_replaced("id-1", NUMBER)
    assert not keys.is_replaced("id-2", NUMBER)


def test_a_key_of_a_number_that_the_program_has_is_replaced_whatever_was_seen() -> None:
    """Its document is not to go where nobody knows yet what takes its place."""
    keys = SeenKeys()
    keys.expect(NUMBER)
    assert keys.is_replaced("id-1", NUMBER)


def test_the_stores_of_the_live_resource_are_those_that_it_recorded() -> None:
    keys = SeenKeys()
    keys.note("id-1", state(locations=["file:///a.json", "file:///b.json"]))
    assert [store.url for store in keys.stores(NUMBER)] == ["file:///a.json", "file:///b.json"]
    keys.note("id-2", state(locations=None))
    assert keys.stores(NUMBER) == ()


def test_what_a_key_keeps_is_filled_in_for_its_number_only_and_never_over_what_is_known() -> None:
    keys = SeenKeys()
    keys.note_kept(NUMBER, {"fingerprint": "kept", "former_passphrases": ()})

    def filled(number: Any, **given: Any) -> RegistrationInputs:
        return keys.with_kept(RegistrationInputs.from_props({"phone_number_id": number, **given}))

    assert filled(NUMBER, fingerprint=UNKNOWN).fingerprint == "kept"
    assert filled(NUMBER, former_passphrases=UNKNOWN).former_passphrases == ()
    assert filled(NUMBER, fingerprint="new").fingerprint == "new"
    assert filled(NUMBER).fingerprint is None
    assert not is_known(filled(OTHER_NUMBER, fingerprint=UNKNOWN).fingerprint)
    assert not is_known(filled(UNKNOWN, fingerprint=UNKNOWN).fingerprint)


def test_a_ring_counts_beside_another_one_of_its_number_only() -> None:
    rings = SeenRings()
    rings.note("id-1", ring("a"))
    rings.note("id-2", ring("b"))
    rings.note("id-3", ring("c", OTHER_NUMBER))
    assert rings.held_beside("id-1", NUMBER) == {"b" * 64}
    assert rings.held_beside("id-2", NUMBER) == {"a" * 64}


def test_a_ring_that_is_gone_does_not_count() -> None:
    rings = SeenRings()
    rings.note("id-1", ring("a"))
    rings.forget("id-1")
    rings.forget("never seen")
    assert rings.held_beside("id-2", NUMBER) == frozenset()


def test_a_ring_is_expected_where_the_program_has_one() -> None:
    rings = SeenRings()
    assert not rings.is_expected(NUMBER)
    rings.expect(NUMBER)
    assert rings.is_expected(NUMBER)
    assert not rings.is_expected(OTHER_NUMBER)


def test_what_a_refresh_compares_counts_as_live_only_where_the_program_has_the_number() -> None:
    keys, rings = SeenKeys(), SeenRings()
    keys.note_recorded("id-1", state(fingerprint="old"))
    rings.note_recorded("id-1", ring("a"))
    assert keys.live(NUMBER) is None
    assert rings.held_beside("id-2", NUMBER) == frozenset()
    keys.expect(NUMBER)
    rings.expect(NUMBER)
    keys.note_recorded("id-1", state(fingerprint="old"))
    rings.note_recorded("id-1", ring("a"))
    assert fingerprint_of(keys.live(NUMBER)) == "old"
    assert rings.held_beside("id-2", NUMBER) == {"a" * 64}
