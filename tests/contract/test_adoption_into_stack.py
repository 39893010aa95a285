"""Adoption with the stack as the store: Meta is asked before the key is taken in."""

import pytest

from tests.contract.conftest import LOCKED, Line
from whatsapp_flow_keys.audit import Operation
from whatsapp_flow_keys.errors import ForeignKeyError
from whatsapp_flow_keys.keys import PrivateKey
from whatsapp_flow_keys.lifecycle.staging import NewKey, refuse_before_adoption
from whatsapp_flow_keys.registrars.meta_graph.errors import GraphError


def adopt(line: Line, key: PrivateKey, *replaceable: str) -> None:
    refuse_before_adoption(NewKey(key, "2026-11-24", adopted=True, replaceable=replaceable), line.session())


def serve(line: Line) -> PrivateKey:
    by_hand = PrivateKey.generate()
    line.emulator.set_key(line.number, by_hand.public_key_pem)
    return by_hand


def test_the_served_key_is_adopted_and_told(line: Line) -> None:
    by_hand = serve(line)
    adopt(line, by_hand)
    (told,) = line.told.of(Operation.ADOPTED)
    assert (told.fingerprint, told.outcome) == (by_hand.fingerprint, "ok")


def test_a_key_is_adopted_where_meta_serves_none(line: Line) -> None:
    adopt(line, PrivateKey.generate())
    assert line.told.take() == ["adopted"]


def test_another_key_than_the_served_one_is_refused_and_not_told_as_adopted(line: Line) -> None:
    served, another = serve(line), PrivateKey.generate()
    with pytest.raises(ForeignKeyError, match=f"holds key {another.fingerprint}, but Meta serves {served.fingerprint}"):
        adopt(line, another)
    assert line.told.of(Operation.ADOPTED) == []
    assert line.told.take() == ["refused foreign_key"]


def test_another_key_is_adopted_over_the_served_one_where_that_is_named(line: Line) -> None:
    served = serve(line)
    with pytest.raises(ForeignKeyError):
        adopt(line, PrivateKey.generate(), "f" * 64)
    line.told.take()
    adopt(line, PrivateKey.generate(), served.fingerprint)
    assert line.told.take() == ["adopted"]


def test_no_key_is_adopted_while_meta_can_not_be_asked(line: Line) -> None:
    by_hand = serve(line)
    line.fault("error", code=LOCKED, method="GET")
    with pytest.raises(GraphError):
        adopt(line, by_hand)
    (failed,) = line.told.of(Operation.ADOPTED)
    assert (failed.fingerprint, failed.outcome) == (by_hand.fingerprint, "failed")
