"""What the providers say and wait for where an endpoint has to hold a new key before it is published."""

from typing import Any

import pytest

from tests.contract.miniature_engine import MiniatureEngine, trigger
from whatsapp_flow_keys.dynamic.encryption_key import EncryptionKeyProvider


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
