"""The key that is given to be adopted: when it is read, when it is another one, and what a rotation does meanwhile."""

from typing import Any

import pytest

from tests.passphrases import strong
from whatsapp_flow_keys.keys import PrivateKey
from whatsapp_flow_keys.resources.given_key import (
    adopts,
    given_key,
    rotation_of_a_given_key,
    unreadable_key,
)
from whatsapp_flow_keys.resources.properties import KeyInputs, KeyState
from whatsapp_flow_keys.resources.schema import UNKNOWN, Props

WORDS = strong("seven words")


@pytest.fixture(scope="module")
def key() -> PrivateKey:
    return PrivateKey.generate()


@pytest.fixture(scope="module")
def given(key: PrivateKey) -> Props:
    return {"existing_private_key": key.to_pem(WORDS), "existing_passphrase": WORDS}


def inputs(**props: Any) -> KeyInputs:
    return KeyInputs.from_props(props)


def state(**props: Any) -> KeyState:
    return KeyState.from_props(props)


def test_a_given_key_is_opened_with_its_passphrase(given: Props, key: PrivateKey) -> None:
    found = given_key(inputs(**given))
    assert found is not None
    assert found.fingerprint == key.fingerprint


def test_none_is_given_where_there_is_none() -> None:
    assert given_key(inputs()) is None


@pytest.mark.parametrize("name", ["existing_private_key", "existing_passphrase"])
def test_what_a_preview_does_not_know_is_not_read(given: Props, name: str) -> None:
    assert given_key(inputs(**{**given, name: UNKNOWN})) is None


def test_a_key_is_adopted_once(given: Props, key: PrivateKey) -> None:
    assert adopts(state(fingerprint="a" * 64), inputs(**given))
    assert adopts(state(), inputs(**given))
    assert not adopts(state(fingerprint=key.fingerprint), inputs(**given))
    assert not adopts(state(fingerprint="a" * 64), inputs())


def test_a_state_records_neither_the_key_nor_its_passphrase(given: Props) -> None:
    assert KeyState.recording(inputs(**given, phone_number_id="1")).to_props() == {"phone_number_id": "1"}


def test_a_passphrase_without_a_key_has_no_use() -> None:
    assert unreadable_key(inputs(existing_passphrase=WORDS)) == [
        "existing_passphrase: has no use without existing_private_key"
    ]
    assert unreadable_key(inputs()) == []


def test_a_key_that_can_not_be_read_is_said(given: Props) -> None:
    (said,) = unreadable_key(inputs(**{**given, "existing_passphrase": "wrong"}))
    assert said.startswith("existing_private_key: ")
    assert unreadable_key(inputs(**given)) == []


@pytest.mark.parametrize(
    ("olds", "news", "why"),
    [
        ({}, {"rotation_trigger": "once"}, "asked for"),
        ({"rotation_trigger": "once"}, {"rotation_trigger": "twice"}, "asked for"),
        ({"issued_on": "2026-08-26"}, {"issued_on": "2026-11-24"}, "due"),
        ({"rotation_trigger": "once"}, {"rotation_trigger": "once"}, None),
        ({"rotation_trigger": "once"}, {}, None),
        ({"issued_on": "2026-11-24"}, {"issued_on": "2026-11-24"}, None),
    ],
)
def test_no_rotation_goes_while_the_same_key_is_given(given: Props, olds: Props, news: Props, why: str | None) -> None:
    found = rotation_of_a_given_key(inputs(**given, **olds), inputs(**given, **news))
    if why is None:
        assert found == []
    else:
        (said,) = found
        assert said.startswith(f"existing_private_key: a rotation is {why}")


def test_another_given_key_and_one_that_is_taken_out_are_no_rotation_of_it(given: Props) -> None:
    rotates = {"rotation_trigger": "once"}
    another = {"existing_private_key": PrivateKey.generate().to_pem()}
    assert rotation_of_a_given_key(inputs(**given), inputs(**another, **rotates)) == []
    assert rotation_of_a_given_key(inputs(**given), inputs(**rotates)) == []
    assert rotation_of_a_given_key(inputs(), inputs(**given, **rotates)) == []
    assert rotation_of_a_given_key(None, inputs(**given, **rotates)) == []
