"""A number through its life at AWS, and from one registrar to the other, by the calls that an engine makes."""

import json
from collections.abc import Callable
from typing import Any

import pytest

from tests.contract.miniature_engine import MiniatureEngine, trigger
from tests.contract.registrars import at_aws
from tests.pairs import pair
from whatsapp_flow_keys.dynamic.encryption_key import EncryptionKeyProvider
from whatsapp_flow_keys.dynamic.key_registration import KeyRegistrationProvider
from whatsapp_flow_keys.dynamic.key_ring import KeyRingProvider
from whatsapp_flow_keys.dynamic.stored_key_ring import StoredKeyRingProvider
from whatsapp_flow_keys.resources.calls import Calls
from whatsapp_flow_keys.resources.encryption_key import EncryptionKeyRules
from whatsapp_flow_keys.resources.key_registration import KeyRegistrationRules
from whatsapp_flow_keys.resources.rules import Rules
from whatsapp_flow_keys.resources.stored_key_ring import StoredKeyRingRules
from whatsapp_graph_emulator import Emulator
from whatsapp_graph_emulator.aws_edge import AWS_PATH

ALL = (EncryptionKeyProvider, KeyRegistrationProvider, KeyRingProvider, StoredKeyRingProvider)


@pytest.fixture
def aws(engine: MiniatureEngine, monkeypatch: pytest.MonkeyPatch) -> MiniatureEngine:
    """An engine whose stack has no access token; AWS's credentials are in the environment."""
    monkeypatch.delenv("WHATSAPP_ACCESS_TOKEN", raising=False)
    at_aws.put_in(monkeypatch, engine.emulator)
    engine.token = ""
    return engine


@pytest.fixture(params=["stack", "file"])
def store(aws: MiniatureEngine, request: pytest.FixtureRequest) -> str:
    return "stack" if request.param == "stack" else aws.store()


def registrar(engine: MiniatureEngine) -> str:
    return at_aws.url_of(engine.number)


def paths(emulator: Emulator, number: str) -> set[str]:
    return {request["path"] for request in emulator.requests(number)}


def puts(engine: MiniatureEngine) -> int:
    return len(engine.emulator.requests(engine.number, "PUT"))


def test_a_number_lives_at_aws_without_an_access_token_and_meta_is_never_asked(
    aws: MiniatureEngine, store: str
) -> None:
    aws.up(store=store, registrar=registrar(aws))
    first = aws.fingerprint()
    assert aws.served() == first
    assert aws.up(store=store, registrar=registrar(aws)) == ["same"] * (3 if store == "stack" else 2)
    aws.up(store=store, registrar=registrar(aws), **trigger("once"))
    assert aws.served() == aws.fingerprint() != first
    assert aws.refresh()["fingerprint"] == aws.fingerprint()
    assert puts(aws) == 2
    assert paths(aws.emulator, aws.number) == {f"/{AWS_PATH}"}


def test_an_up_without_a_change_asks_nobody(aws: MiniatureEngine, store: str) -> None:
    aws.up(store=store, registrar=registrar(aws))
    aws.emulator.clear_requests()
    aws.up(store=store, registrar=registrar(aws))
    assert aws.emulator.requests(aws.number) == []


def test_a_key_that_aws_serves_is_guarded(aws: MiniatureEngine, store: str) -> None:
    aws.up(store=store, registrar=registrar(aws))
    with pytest.raises(Exception, match=f"serves key {aws.fingerprint()}"):
        aws.destroy()


@pytest.mark.parametrize("code", ["ResourceNotFoundException", "AccessDeniedByMetaException", "AccessDeniedException"])
def test_no_refusal_of_aws_is_evidence_that_a_key_may_go(aws: MiniatureEngine, store: str, code: str) -> None:
    aws.up(store=store, registrar=registrar(aws))
    aws.emulator.fault("error", aws_code=code, phone_number_id=aws.number)
    with pytest.raises(Exception, match="is not known, so nothing was deleted"):
        aws.destroy()


def test_a_key_that_somebody_publishes_past_aws_is_drift_and_stops_a_rotation(aws: MiniatureEngine) -> None:
    aws.up(store=aws.store(), registrar=registrar(aws))
    aws.emulator.set_key(aws.number, pair("foreign").public_key_pem)
    with pytest.raises(Exception, match="is not in this key ring"):
        aws.up(store=aws.store(), registrar=registrar(aws), **trigger("once"))
    assert aws.served() == pair("foreign").fingerprint
    assert aws.refresh()["fingerprint"] == pair("foreign").fingerprint


def test_a_number_changes_its_registrar_in_place_and_back_without_a_publication(
    aws: MiniatureEngine, store: str
) -> None:
    aws.token = "EAAtoken4711forTestsOnly"
    aws.up(store=store)
    first, states = aws.fingerprint(), {kind: aws.state[kind].id for kind in ALL if kind in aws.state}
    aws.emulator.clear_requests()
    assert set(aws.up(store=store, registrar=registrar(aws))) == {"update"}
    assert aws.up(store=store, registrar=registrar(aws)) == ["same"] * (len(states) - (store != "stack"))
    for kind in states:
        assert aws.state[kind].outs["registrar"] == registrar(aws)
    assert paths(aws.emulator, aws.number) == {f"/{AWS_PATH}"}, "the old registrar needs no asking"
    assert set(aws.up(store=store)) == {"update"}
    for kind, id_ in states.items():
        assert "registrar" not in aws.state[kind].outs
        assert aws.state[kind].id == id_
    assert aws.served() == aws.fingerprint() == first
    assert {request["method"] for request in aws.emulator.requests(aws.number)} == {"GET"}


def test_a_rotation_and_another_registrar_go_together(aws: MiniatureEngine) -> None:
    aws.token = "EAAtoken4711forTestsOnly"
    aws.up(store=aws.store())
    aws.up(store=aws.store(), registrar=registrar(aws), **trigger("once"))
    assert aws.served() == aws.fingerprint()
    assert puts(aws) == 1


@pytest.mark.parametrize(
    ("other", "said"),
    [
        ("without a key", "Meta answers that the number has no key, but key"),
        ("with a key", "Meta serves a public key already that is not in this key ring"),
    ],
)
def test_another_numbers_id_at_aws_is_noticed_before_anything_is_published(
    aws: MiniatureEngine, new_number: Callable[[], str], other: str, said: str
) -> None:
    wrong = new_number()
    aws.token = "EAAtoken4711forTestsOnly"
    aws.up(store=aws.store())
    if other == "with a key":
        aws.emulator.set_key(wrong, pair("foreign").public_key_pem)
    before = aws.emulator.served(wrong)
    with pytest.raises(Exception, match=said):
        aws.up(store=aws.store(), registrar=at_aws.url_of(wrong))
    assert aws.emulator.served(wrong) == before
    assert aws.served() == aws.fingerprint()


def test_a_publication_through_aws_stands_in_the_audit_log_with_awss_request_id(aws: MiniatureEngine) -> None:
    aws.up(store=aws.store(), registrar=registrar(aws))
    (line,) = [json.loads(line) for line in aws.audited().splitlines() if '"published"' in line]
    assert line["outcome"] == "ok"
    assert len(line["trace_id"]) == 36


def test_a_refusal_of_aws_stands_in_the_audit_log_without_a_credential(aws: MiniatureEngine) -> None:
    aws.emulator.fault("error", aws_code="AccessDeniedByMetaException", method="POST", phone_number_id=aws.number)
    with pytest.raises(Exception, match="Meta doesn't let AWS act for this number"):
        aws.up(store=aws.store(), registrar=registrar(aws))
    log = aws.audited()
    assert "Meta doesn't let AWS act for this number" in log
    for secret in (at_aws.SECRET_KEY, at_aws.SESSION_TOKEN):
        assert secret not in log


def test_a_publication_whose_answer_is_lost_is_found_by_reading(aws: MiniatureEngine) -> None:
    aws.emulator.fault("lost_answer", method="POST", times=1, phone_number_id=aws.number)
    aws.up(store=aws.store(), registrar=registrar(aws))
    assert aws.served() == aws.fingerprint()


def test_a_registrar_that_a_failed_resource_should_have_given_is_not_taken_for_metas(
    aws: MiniatureEngine,
) -> None:
    aws.up(store=aws.store(), registrar=registrar(aws))
    recorded = aws.state[KeyRegistrationProvider]
    left_out = {
        **{name: value for name, value in recorded.inputs.items() if name != "registrar"},
        "has_registrar": True,
    }
    checked = aws.provider(KeyRegistrationProvider).check(recorded.inputs, left_out)
    assert checked.failures == []
    assert aws.provider(KeyRegistrationProvider).diff(recorded.id, recorded.outs, left_out).changes
    with pytest.raises(Exception, match="registrar: got no value, so nothing was done"):
        aws.provider(KeyRegistrationProvider).update(recorded.id, recorded.outs, left_out)


@pytest.mark.parametrize("rules", [EncryptionKeyRules(), KeyRegistrationRules(), StoredKeyRingRules()])
def test_a_number_is_imported_with_the_environments_registrar(
    aws: MiniatureEngine, monkeypatch: pytest.MonkeyPatch, rules: Rules[Any, Any]
) -> None:
    aws.up(store=aws.store(), registrar=registrar(aws))
    monkeypatch.setenv("WHATSAPP_REGISTRAR", registrar(aws))
    context = aws.provider(EncryptionKeyProvider).context
    found = Calls(rules, context).find(f"{aws.number}@{aws.store()}")
    assert found
    assert found.inputs.registrar == found.state.registrar == registrar(aws)
    assert paths(aws.emulator, aws.number) == {f"/{AWS_PATH}"}


def test_a_change_of_the_registrar_is_said_in_the_preview(aws: MiniatureEngine) -> None:
    aws.token = "EAAtoken4711forTestsOnly"
    aws.up(store=aws.store())
    aws.up(store=aws.store(), registrar=registrar(aws))
    (said,) = [line for line in aws.said if "registered through" in line]
    assert f"stays; its public key will be registered through '{registrar(aws)}' and not 'meta'" in said
