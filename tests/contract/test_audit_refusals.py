"""What the audit log tells of what is refused: why, and which key it is about."""

import pytest

from tests.contract.conftest import Line
from tests.contract.told import last
from whatsapp_flow_keys.audit import Operation
from whatsapp_flow_keys.errors import EndpointNotReadyError, ForeignDocumentError, ForeignKeyError, KeyNotInRingError
from whatsapp_flow_keys.flow_protocol.live_endpoint import LiveEndpoint
from whatsapp_flow_keys.keys import PrivateKey
from whatsapp_flow_keys.lifecycle.gate import Gate
from whatsapp_flow_keys.lifecycle.registration import register
from whatsapp_flow_keys.lifecycle.staging import Recorded, claim_stores

NOBODY = "http://127.0.0.1:9/flows"


def test_another_key_than_the_live_one_is_told_as_refused(line: Line) -> None:
    line.rotate()
    line.told.take()
    another = PrivateKey.generate()
    with pytest.raises(ForeignKeyError):
        line.adopt(another)
    assert (last(line).operation, last(line).outcome) == (Operation.REFUSED, "foreign_key")
    assert last(line).fingerprint == another.fingerprint


def test_a_foreign_key_is_a_refusal_of_the_key_that_was_to_be_staged_or_registered(line: Line) -> None:
    key, foreign = line.stage(), PrivateKey.generate()
    line.emulator.set_key(line.number, foreign.public_key_pem)
    line.told.take()
    with pytest.raises(ForeignKeyError) as refused:
        line.register(key)
    assert (last(line).fingerprint, last(line).reason) == (key, str(refused.value))
    with pytest.raises(ForeignKeyError):
        line.stage()
    assert line.told.take() == ["refused foreign_key"] * 2


def test_a_key_that_no_store_holds_is_a_refusal(line: Line) -> None:
    line.stage()
    line.told.take()
    with pytest.raises(KeyNotInRingError):
        line.register("0" * 64)
    assert line.told.take() == ["refused key_not_in_ring"]


def test_an_endpoint_that_lacks_the_key_is_a_refusal(line: Line) -> None:
    line.rotate()
    key = line.stage()
    line.told.take()
    gate = Gate(LiveEndpoint(NOBODY), 0.0)
    with pytest.raises(EndpointNotReadyError):
        register(line.wanted(key), line.stores, line.session(), gate=gate)
    assert line.told.take() == ["refused endpoint_not_ready"]


def test_another_stacks_ring_is_a_refusal(line: Line) -> None:
    key = line.rotate()
    line.managed_by = "org/flows/staging"
    line.told.take()
    with pytest.raises(ForeignDocumentError):
        line.register(key)
    assert last(line).stack == "org/flows/staging"
    assert line.told.take() == ["refused foreign_document"]


def test_a_move_to_where_the_live_key_is_not_is_a_refusal_of_that_key(line: Line) -> None:
    with pytest.raises(KeyNotInRingError):
        claim_stores(Recorded("f" * 64), line.stores, line.session(), passphrase=None, moved=True)
    assert last(line).fingerprint == "f" * 64
    assert line.told.take() == ["refused key_not_in_ring"]
