"""Values that a program may call secret: the providers get them plain, and must neither print nor record them so."""

from typing import Any

import pytest
from pulumi.dynamic.config import Config
from pulumi.runtime.rpc import is_rpc_secret, unwrap_rpc_secret

from whatsapp_flow_keys.dynamic.encryption_key import EncryptionKeyProvider
from whatsapp_flow_keys.dynamic.key_registration import KeyRegistrationProvider

TRIGGER = WORD = "hunter2"
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
    assert "rotation_trigger" not in outs


@pytest.mark.parametrize(
    "wrong",
    [
        {"rotation_trigger": WORD * 200},
        {"rotate_after_days": WORD},
        {"take_over": WORD},
        {"force_destroy": WORD},
        {"passphrase": f"{WORD}\0"},
        {"existing_private_key": f"-----BEGIN {WORD}"},
        {"existing_private_key": f"-----BEGIN PRIVATE KEY-----\n{WORD}\n-----END PRIVATE KEY-----\n"},
        {"existing_passphrase": WORD},
        {"issued_on": WORD},
        {"endpoint_url": f"http://{WORD}.example.com/{WORD}"},
        {"endpoint_url": f"https://{WORD}@flows.example.com/"},
        {"endpoint_url": f"https://flows.example.com/#{WORD}"},
        {"endpoint_url": f"https://flows.example.com:{WORD}/"},
        {"endpoint_wait": WORD, "endpoint_url": "https://flows.example.com/"},
    ],
    ids=lambda wrong: str(wrong)[:60],
)
def test_what_a_check_refuses_is_named_and_not_quoted(wrong: dict[str, Any]) -> None:
    """With the property's name Pulumi would print its value."""
    name = next(iter(wrong))
    provider = KeyRegistrationProvider() if name.startswith("endpoint") else EncryptionKeyProvider()
    provider._config = Config({"whatsapp:accessToken": "EAA"}, "flows")
    inputs = {**RECORDED, "rotation_trigger": None, "key_id": "key", "ring": "{}", "locations": [], **wrong}
    (failure,) = provider.check({}, inputs).failures
    assert failure.property == ""
    assert f" {name}: " in failure.reason
    assert WORD not in failure.reason
