"""What the providers write to the audit log that the stack configures: the file, which outlives the run."""

import json

import pytest

from tests.contract.conftest import STACK
from tests.contract.miniature_engine import MiniatureEngine
from whatsapp_flow_keys.dynamic.encryption_key import EncryptionKeyProvider
from whatsapp_flow_keys.dynamic.key_registration import KeyRegistrationProvider
from whatsapp_flow_keys.keys import PrivateKey


def logged(engine: MiniatureEngine, store: str | None = None) -> list[tuple[str, str | None]]:
    """Each operation and its key, of the lines about ``store``."""
    events = map(json.loads, engine.audited().splitlines())
    return [(event["operation"], event["fingerprint"]) for event in events if event["store"] == store]


def test_a_registration_is_logged_with_its_key(engine: MiniatureEngine) -> None:
    given = PrivateKey.generate()
    engine.up(store=engine.store(), existing_private_key=given.to_pem())
    assert {("published", given.fingerprint), ("verified", given.fingerprint)} <= set(logged(engine))
    assert ("promoted", given.fingerprint) in logged(engine, engine.store())


def test_a_registration_that_is_refused_as_the_state_may_not_be_saved_is_logged_with_its_key(
    engine: MiniatureEngine, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("PULUMI_SKIP_CHECKPOINTS", "true")
    with pytest.raises(Exception, match="PULUMI_SKIP_CHECKPOINTS is set"):
        engine.up()
    assert KeyRegistrationProvider not in engine.state
    refusal = json.loads(engine.audited().splitlines()[-1])
    assert (refusal["operation"], refusal["outcome"]) == ("refused", "key_not_saved")
    assert refusal["fingerprint"] == engine.fingerprint()


def test_a_key_in_a_store_is_registered_also_where_the_state_may_not_be_saved(
    engine: MiniatureEngine, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("PULUMI_SKIP_CHECKPOINTS", "true")
    engine.up(store=engine.store())
    assert ("published", engine.fingerprint()) in logged(engine)


def test_a_key_that_is_copied_to_a_new_backup_is_logged_with_that_place(engine: MiniatureEngine) -> None:
    given = {"phone_number_id": engine.number, "managed_by": STACK, "store": engine.store()}
    engine.apply(EncryptionKeyProvider, {**given, "backups": []})
    engine.apply(EncryptionKeyProvider, {**given, "backups": [engine.store("new")]})
    assert logged(engine, engine.store("new")) == [("staged", engine.fingerprint())]


def test_what_the_stacks_ring_gains_and_loses_is_logged_key_by_key(engine: MiniatureEngine) -> None:
    engine.up()
    first = engine.fingerprint()
    engine.up(rotation_trigger="once", force_destroy=True)
    second = engine.fingerprint()
    engine.destroy()
    of_ring = [event for event in logged(engine, "stack") if event[0] in ("staged", "deleted")]
    assert of_ring == [("staged", first), ("staged", second), ("deleted", second), ("deleted", first)]
