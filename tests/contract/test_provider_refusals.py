"""What a check refuses, before anything is done."""

from typing import Any

import pytest

from tests.contract.miniature_engine import WORDS, CheckRefusedError, MiniatureEngine


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
