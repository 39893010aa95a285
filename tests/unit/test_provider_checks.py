"""What each resource's check refuses, before anything is done and in a sentence that names the field."""

from typing import Any

import pytest
from pulumi.dynamic.config import Config
from pulumi.output import UNKNOWN

from whatsapp_flow_keys.dynamic.encryption_key import EncryptionKeyProvider
from whatsapp_flow_keys.dynamic.key_registration import KeyRegistrationProvider
from whatsapp_flow_keys.dynamic.provider import FlowKeysProvider
from whatsapp_flow_keys.dynamic.stored_key_ring import StoredKeyRingProvider
from whatsapp_flow_keys.keys import PrivateKey
from whatsapp_flow_keys.resources.properties import RegistrationInputs
from whatsapp_flow_keys.resources.run import Run
from whatsapp_flow_keys.resources.schema import Props

NUMBER, OTHER_NUMBER = "106540352242922", "110200345501442"
FILE, ELSEWHERE = "file:///var/lib/flows/ring.json", "file:///mnt/new/ring.json"
AWS = "awssecretsmanager://eu-west-1/flows/ring"
OF_KEY: Props = {"phone_number_id": NUMBER, "managed_by": "acme/flows/prod", "store": FILE, "backups": []}
OF_REST: Props = {**OF_KEY, "key_id": "key-1", "fingerprint": "a" * 64, "locations": [FILE]}


def refusals(kind: type[FlowKeysProvider], olds: Props, news: Props, **settings: str) -> list[str]:
    provider: Any = kind()
    provider._config = Config({f"whatsapp:{name}": value for name, value in settings.items()}, "flows")
    provider._run = Run(voice=lambda said: None)
    return [failure.reason for failure in provider.check(olds, news).failures]


def test_no_rotation_is_taken_while_the_adopted_key_is_still_given() -> None:
    given = {**OF_KEY, "existing_private_key": PrivateKey.generate().to_pem(), "issued_on": "2026-11-24"}
    assert refusals(EncryptionKeyProvider, given, given) == []
    (refusal,) = refusals(EncryptionKeyProvider, given, {**given, "rotation_trigger": "once"})
    assert "existing_private_key: a rotation is asked for" in refusal


@pytest.mark.parametrize(
    ("before", "after", "said"),
    [
        (FILE, ELSEWHERE, f"from {FILE} to {ELSEWHERE}, first add it to `backups`"),
        ("stack", FILE, f"from stack to {FILE}, first add it to `backups`"),
        (f"{AWS}?tag.team=flows", FILE, f"from {AWS} to {FILE}, "),
    ],
    ids=["a store", "the stack", "a store with settings"],
)
def test_a_move_to_where_no_key_is_names_both_places(before: str, after: str, said: str) -> None:
    (refusal,) = refusals(EncryptionKeyProvider, {**OF_KEY, "store": before}, {**OF_KEY, "store": after})
    assert said in refusal


def test_a_state_that_records_no_backups_had_none_to_move_to() -> None:
    olds = {name: value for name, value in OF_KEY.items() if name != "backups"}
    (refusal,) = refusals(EncryptionKeyProvider, olds, {**OF_KEY, "store": ELSEWHERE, "backups": [FILE]})
    assert "first add it to `backups`" in refusal


@pytest.mark.parametrize(
    ("recorded", "store"),
    [({"phone_number_id": NUMBER}, FILE), ({"store": FILE}, ELSEWHERE), (OF_KEY, UNKNOWN)],
    ids=["no store was recorded", "no number was recorded", "the store is not known yet"],
)
def test_a_move_that_may_be_none_is_not_refused(recorded: Props, store: Any) -> None:
    assert refusals(EncryptionKeyProvider, recorded, {**OF_KEY, "store": store}) == []


def test_a_store_that_is_wrong_is_refused_as_that_and_not_as_a_move() -> None:
    (refusal,) = refusals(EncryptionKeyProvider, OF_KEY, {**OF_KEY, "store": "nothing"})
    assert "store: 'nothing' is not a store" in refusal


@pytest.mark.parametrize("store", [FILE, AWS])
def test_the_place_of_a_number_takes_no_other_number(store: str) -> None:
    olds = {**OF_KEY, "store": store}
    (refusal,) = refusals(EncryptionKeyProvider, olds, {**olds, "phone_number_id": OTHER_NUMBER})
    assert f"phone_number_id: {store} holds the keys of {NUMBER}; give the new number another store" in refusal


def test_the_stack_takes_every_number() -> None:
    olds = {**OF_KEY, "store": "stack"}
    assert refusals(EncryptionKeyProvider, olds, {**olds, "phone_number_id": OTHER_NUMBER}) == []


def test_a_registration_without_an_access_token_is_refused(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("WHATSAPP_ACCESS_TOKEN", raising=False)
    (refusal,) = refusals(KeyRegistrationProvider, {}, OF_REST)
    assert "whatsapp:accessToken" in refusal
    assert refusals(KeyRegistrationProvider, {}, OF_REST, accessToken="EAA") == []


@pytest.mark.parametrize(
    ("name", "wrong"), [("phone_number_id", "+49 30 1234"), ("store", "nothing"), ("backups", [FILE])]
)
def test_the_guard_of_a_document_is_refused_with_the_field_that_is_wrong(name: str, wrong: Any) -> None:
    (refusal,) = refusals(StoredKeyRingProvider, {}, {**OF_REST, name: wrong})
    assert f"{name}: " in refusal


def test_a_number_that_is_not_known_or_was_not_recorded_may_keep_its_store() -> None:
    assert refusals(EncryptionKeyProvider, OF_KEY, {**OF_KEY, "phone_number_id": UNKNOWN}) == []
    assert refusals(EncryptionKeyProvider, {"store": FILE}, OF_KEY) == []


def test_a_registration_asks_for_a_valid_signature_and_a_ring_that_is_in_place() -> None:
    """So that what a refresh records instead shows as a change."""
    found = {**OF_REST, "signature_status": "MISMATCH", "key_ring": "file:///ring.json: lacks key"}
    asked = KeyRegistrationProvider().check(found, OF_REST).inputs
    assert asked is not None
    assert (asked["signature_status"], asked["key_ring"]) == ("VALID", "current in every store")


def test_a_registration_that_is_not_there_yet_is_called_neither_valid_nor_in_place() -> None:
    asked = KeyRegistrationProvider().check({}, OF_REST).inputs
    assert asked is not None
    assert not asked.keys() & {"signature_status", "key_ring"}


def test_a_registration_is_refused_with_a_deployment_that_is_neither_there_nor_not() -> None:
    (refusal,) = refusals(KeyRegistrationProvider, {}, {**OF_REST, "deployed": "yes"}, accessToken="EAA")
    assert "deployed: must be true or false" in refusal


def test_a_registration_in_the_stack_misses_no_locations_where_it_has_the_ring() -> None:
    in_stack = {**OF_REST, "store": "stack", "locations": None}
    assert RegistrationInputs.from_props({**in_stack, "ring": "sha256:1"}).missing() == ()
    assert RegistrationInputs.from_props(in_stack).missing() == ("ring",)


def test_an_output_that_turns_out_to_be_the_stack_is_refused_before_a_key_is_made() -> None:
    """A StoredKeyRing was made for it, and no KeyRing, when the program ran."""
    turned_out = {**OF_KEY, "store": "stack", "stored_ring": True, "passphrase": "words"}
    (refusal,) = refusals(EncryptionKeyProvider, {}, turned_out)
    assert "store: an Output can't ask for the stack as the store; give StackStore()" in refusal
