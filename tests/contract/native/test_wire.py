"""Properties on the wire: the engine's marks of secrets and of what isn't known."""

from typing import Any

import pytest
from google.protobuf.struct_pb2 import Struct
from pulumi.runtime import rpc

from whatsapp_flow_keys.native.kinds import PROPERTIES
from whatsapp_flow_keys.native.names import in_camel_case
from whatsapp_flow_keys.native.types_of import text, with_texts
from whatsapp_flow_keys.native.wire import received, to_send
from whatsapp_flow_keys.resources.properties import KeyInputs
from whatsapp_flow_keys.resources.schema import UNKNOWN

VALUES: dict[str, Any] = {
    "text": "line",
    "a whole number": 90,
    "a number": 0.5,
    "a flag": False,
    "an empty list": [],
    "a list": ["one", "two"],
    "not known": UNKNOWN,
    "partly known": ["one", UNKNOWN],
    "an object": {"WHATSAPP_FLOW_KEYS": "wfk1.", "nested": {"empty": {}}},
}


@pytest.mark.parametrize("value", VALUES.values(), ids=VALUES.keys())
def test_a_value_arrives_as_it_was_sent(value: Any) -> None:
    arrived = received(to_send({"phone_number_id": value}))
    assert arrived.values == {"phoneNumberId": value}
    assert type(arrived.get("phone_number_id")) is type(value)
    assert arrived.secrets == frozenset()


def test_the_marks_are_those_of_pulumis_sdk() -> None:
    sent = to_send({"passphrase": "words", "ring": UNKNOWN, "fingerprint": "ab"}, ["passphrase", "ring"])
    by_the_sdk = rpc.deserialize_properties(sent, keep_unknowns=True)
    assert rpc.is_rpc_secret(by_the_sdk["passphrase"])
    assert rpc.unwrap_rpc_secret(by_the_sdk["passphrase"]) == "words"
    assert type(by_the_sdk["ring"]).__name__ == "Unknown", "so that a preview shows it as that"
    assert by_the_sdk["fingerprint"] == "ab"


def test_what_is_secret_within_a_list_makes_the_whole_secret() -> None:
    sent = Struct()
    secret = {rpc._special_sig_key: rpc._special_secret_sig, "value": "file:///ring.json"}
    sent.update({"backups": ["file:///other.json", secret]})
    arrived = received(sent)
    assert arrived.values == {"backups": ["file:///other.json", "file:///ring.json"]}
    assert arrived.secrets == {"backups"}


def test_nothing_is_left_out_but_null() -> None:
    sent = Struct()
    sent.update({"take_over": None, "endpointUrl": ""})
    assert received(sent).values == {"endpointUrl": ""}
    assert list(to_send({"take_over": None}).fields) == []


def test_a_secret_of_which_a_part_is_not_known_is_sent() -> None:
    sent = to_send({"former_passphrases": ["words", UNKNOWN]}, ["former_passphrases"])
    arrived = received(sent)
    assert arrived.values == {"formerPassphrases": ["words", UNKNOWN]}
    assert arrived.secrets == {"formerPassphrases"}


@pytest.mark.parametrize(
    ("said", "shown"),
    [
        ("rotation_trigger: must be a string", "rotationTrigger: must be a string"),
        ("give `endpoint_url` or take_over", "give `endpointUrl` or takeOver"),
        ("hashivault:///flows/key_ring: lacks key", "hashivault:///flows/key_ring: lacks key"),
        ("FlowEncryption 'secret_id': store: is empty", "FlowEncryption 'secret_id': store: is empty"),
    ],
)
def test_a_sentence_has_the_names_of_the_program_and_what_it_quotes_stays(said: str, shown: str) -> None:
    assert in_camel_case(said, PROPERTIES) == shown


@pytest.mark.parametrize(("given", "taken"), [(2, "2"), (2.0, "2"), (0.5, "0.5"), (True, True), (2**53, 2**53)])
def test_a_number_becomes_text_only_while_it_has_all_its_digits(given: object, taken: object) -> None:
    assert text(given) == taken


def test_a_number_in_place_of_a_passphrase_stays_a_mistake() -> None:
    given = {"passphrase": 12, "rotationTrigger": 12}
    assert with_texts(KeyInputs, given) == {"passphrase": 12, "rotationTrigger": "12"}
