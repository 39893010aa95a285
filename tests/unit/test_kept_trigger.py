"""The trigger of the last rotation, which the state keeps when the program drops it or an update goes first."""

import pytest
from pulumi.runtime.rpc import is_rpc_secret, unwrap_rpc_secret

from whatsapp_flow_keys.dynamic.encryption_key import EncryptionKeyProvider

TRIGGER = "hunter2"
RECORDED = {
    "phone_number_id": "106540352242922",
    "managed_by": "org/flows/prod",
    "store": "stack",
    "backups": [],
    "rotation_trigger": TRIGGER,
    "fingerprint": "f",
    "public_key_pem": "-",
    "private_key": "-",
    "issued_on": "2026-11-24",
}


def kept(now: str | None) -> object:
    """The trigger in the outputs of an update after which the program has this one."""
    outs = EncryptionKeyProvider().update("id", RECORDED, {**RECORDED, "rotation_trigger": now}).outs
    assert outs
    return outs["rotation_trigger"]


@pytest.mark.parametrize("now", [None, "another"])
def test_a_trigger_that_is_no_input_any_more_is_recorded_as_a_secret_since_it_may_have_been_one(
    now: str | None,
) -> None:
    recorded = kept(now)
    assert is_rpc_secret(recorded)
    assert unwrap_rpc_secret(recorded) == TRIGGER


def test_a_trigger_that_is_still_an_input_is_as_secret_as_the_input() -> None:
    assert kept(TRIGGER) == TRIGGER


def test_no_trigger_stays_none() -> None:
    outs = EncryptionKeyProvider().update("id", {**RECORDED, "rotation_trigger": None}, RECORDED).outs
    assert outs
    assert outs["rotation_trigger"] is None
