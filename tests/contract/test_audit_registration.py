"""What the audit log tells of a registration: each step once, in its order, and nothing where all is in place."""

from dataclasses import replace

import pytest

from tests.contract.conftest import Line
from tests.contract.told import WHOLE
from whatsapp_flow_keys.errors import RegistrationError
from whatsapp_flow_keys.keys import PrivateKey
from whatsapp_flow_keys.lifecycle.registration import register
from whatsapp_flow_keys.lifecycle.staging import Recorded, claim_stores
from whatsapp_flow_keys.registrars.registrar import ServedKey


def test_a_first_key_and_each_rotation_are_told_from_its_staging_to_its_promotion(line: Line) -> None:
    line.rotate()
    assert line.told.take() == WHOLE
    line.rotate()
    assert line.told.take() == WHOLE


def test_a_key_that_is_adopted_is_told_as_that_and_not_as_published(line: Line) -> None:
    by_hand = PrivateKey.generate()
    line.emulator.set_key(line.number, by_hand.public_key_pem)
    line.register(line.adopt(by_hand))
    assert line.told.take() == ["staged", "adopted", "verified", "promoted"]


def test_every_event_names_the_number_the_stack_and_the_key(line: Line) -> None:
    key = line.rotate()
    found = {(event.phone_number_id, event.stack, event.fingerprint) for event in line.told.events}
    assert found == {(line.number, "org/flows/prod", key)}


def test_what_changes_a_store_names_it_and_what_meta_answered_bears_its_trace_id(line: Line) -> None:
    line.rotate()
    url = line.stores[0].url
    assert [event.store for event in line.told.events] == [url, None, None, None, url]
    assert [bool(event.trace_id) for event in line.told.events] == [False, False, True, True, False]


def test_a_registration_that_finds_all_in_place_tells_nothing(line: Line) -> None:
    key = line.rotate()
    line.told.take()
    line.register(key)
    claim_stores(Recorded(key), line.stores, line.session(), passphrase=None)
    assert line.told.take() == []


class Unsigned:
    """The Graph API of a number whose key Meta does not sign."""

    def __init__(self, line: Line) -> None:
        self.line = line

    def served(self, phone_number_id: str) -> ServedKey:
        return replace(self.line.graph.served(phone_number_id), signature_status="MISMATCH")

    def publish(self, phone_number_id: str, public_key_pem: str) -> str | None:
        return self.line.graph.publish(phone_number_id, public_key_pem)


def test_a_key_that_meta_serves_and_does_not_sign_is_not_told_as_verified(line: Line) -> None:
    key = line.stage()
    line.told.take()
    with pytest.raises(RegistrationError, match="signature status"):
        register(line.wanted(key), line.stores, line.session(graph=Unsigned(line)))
    assert line.told.take() == ["offered", "published", "promoted", "verified failed"]


def test_a_stale_signature_that_is_healed_is_told_as_a_publication_and_no_promotion(line: Line) -> None:
    key = line.rotate()
    line.told.take()
    line.emulator.reregister(line.number)
    line.register(key)
    assert line.told.take() == ["offered", "published", "verified"]


def test_drift_that_is_published_over_is_told_as_a_publication_and_no_promotion(line: Line) -> None:
    key, foreign = line.rotate(), PrivateKey.generate()
    line.told.take()
    line.emulator.set_key(line.number, foreign.public_key_pem)
    line.register(key, replaceable=[foreign.fingerprint])
    assert line.told.take() == ["offered", "published", "verified"]
