"""An endpoint whose keys a key service holds: one call a form, and what it answers where the service is of no use."""

import logging
from collections.abc import Mapping
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from datetime import UTC, datetime

import pytest

from tests.contract.custody.place import Place, VaultPlace
from tests.pairs import pair
from whatsapp_flow_endpoint import FlowEndpoint, FlowKeys, show
from whatsapp_flow_endpoint import opening as opening_module
from whatsapp_flow_endpoint.live_keys import LiveKeys
from whatsapp_flow_keys import document
from whatsapp_flow_keys.custody.services import KeyServices
from whatsapp_flow_keys.custody.vault_transit.service import VaultTransit
from whatsapp_flow_keys.errors import UnknownServiceError
from whatsapp_flow_keys.flow_protocol.message import Session, encrypt_request
from whatsapp_flow_keys.key_reference import KeyReference
from whatsapp_flow_keys.keys import load_public_key
from whatsapp_flow_keys.ring import KeyRing, RingKey, Role

FORM = {"action": "INIT", "version": "3.0", "flow_token": "t"}
SECRET = "an app secret"


def ring_of(place: Place, *references: KeyReference, pems: int = 0) -> KeyRing:
    now = datetime.now(UTC)
    held = [RingKey(each.fingerprint, Role.RETAINED, "2026-11-24", now, "", each) for each in references]
    held += [RingKey(pair(n).fingerprint, Role.RETAINED, "2026-11-24", now, pair(n).to_pem()) for n in range(pems)]
    return KeyRing(place.number, "org/flows/prod", "key-1", 1, tuple(held))


def endpoint_of(ring: KeyRing, *services: str) -> FlowEndpoint:
    keys = FlowKeys(ring, services=KeyServices.naming(*services))
    return FlowEndpoint(lambda _: show("DAY"), keys, app_secrets=(SECRET,))


def form(endpoint: FlowEndpoint, public_key_pem: str) -> tuple[Mapping[str, str], bytes, Session]:
    from json import dumps

    from whatsapp_flow_keys.flow_protocol import signature

    message, session = encrypt_request(load_public_key(public_key_pem), FORM)
    body = dumps(message).encode()
    return {signature.HEADER: signature.sign(SECRET, body)}, body, session


def answered(endpoint: FlowEndpoint, public_key_pem: str) -> int:
    headers, body, session = form(endpoint, public_key_pem)
    answer = endpoint.answer(headers, body)
    if answer.status == 200:
        assert session.decrypt_answer(answer.body) == {"screen": "DAY", "data": {}}
    return answer.status


@pytest.fixture
def calls(monkeypatch: pytest.MonkeyPatch) -> list[int]:
    """How many ciphertexts each call to the service brought."""
    made: list[int] = []
    really = VaultTransit._decrypted

    def counted(self: VaultTransit, ciphertexts: list[str]) -> list[str | Exception]:
        made.append(len(ciphertexts))
        return really(self, ciphertexts)

    monkeypatch.setattr(VaultTransit, "_decrypted", counted)
    return made


def test_a_form_is_answered_with_the_rights_of_the_endpoint_alone(transit: VaultPlace) -> None:
    made = transit.service().make()
    transit.log_in(transit.policy("For the endpoint"))
    assert answered(endpoint_of(ring_of(transit, made), transit.url), made.public_key_pem) == 200


def test_in_the_steady_state_a_form_costs_one_call(transit: VaultPlace, calls: list[int]) -> None:
    """Also where the key that is live is not the first of the ring, as before a rotation is published."""
    service = transit.service()
    previous, current, pending = service.make(), service.make(), service.make()
    endpoint = endpoint_of(ring_of(transit, pending, previous, current), transit.url)
    assert answered(endpoint, current.public_key_pem) == 200
    calls.clear()
    for _ in range(5):
        assert answered(endpoint, current.public_key_pem) == 200
    assert calls == [1] * 5


def test_forms_that_come_together_share_calls(transit: VaultPlace, calls: list[int]) -> None:
    made = transit.service().make()
    endpoint = endpoint_of(ring_of(transit, made), transit.url)
    with ThreadPoolExecutor(40) as pool:
        statuses = list(pool.map(lambda _: answered(endpoint, made.public_key_pem), range(80)))
    assert set(statuses) == {200}
    assert sum(calls) == 80
    assert len(calls) < 80


def test_among_those_that_share_a_call_one_for_another_key_harms_none(service_place: Place) -> None:
    service = service_place.service()
    before, after = service.make(), service.make()
    endpoint = endpoint_of(ring_of(service_place, after, before), service_place.url)
    pems = [before.public_key_pem, after.public_key_pem, pair().public_key_pem] * 10
    with ThreadPoolExecutor(30) as pool:
        statuses = list(pool.map(lambda pem: answered(endpoint, pem), pems))
    assert statuses == [200, 200, 421] * 10


def test_a_form_for_a_key_that_nobody_has_is_421(service_place: Place) -> None:
    made = service_place.service().make()
    assert answered(endpoint_of(ring_of(service_place, made), service_place.url), pair().public_key_pem) == 421


OUTAGES = {
    "denied": "the token's policies do not allow it",
    "a wrong variable": "VAULT_AGENT_ADDR: must begin with https://",
    "down": "the server can't be reached",
    "no token": "is not known, or has expired",
}


@pytest.mark.parametrize("outage", OUTAGES)
def test_where_the_service_is_of_no_use_the_answer_is_503_and_the_log_says_why(
    transit: VaultPlace, outage: str, caplog: pytest.LogCaptureFixture, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Not 421: a client would fetch the public key again, which is the right one."""
    service = transit.service()
    made, _ = service.make(), service.make()
    endpoint = endpoint_of(ring_of(transit, made), transit.url)
    if outage == "denied":
        transit.forbid()
    elif outage == "a wrong variable":
        monkeypatch.setenv("VAULT_AGENT_ADDR", "vault-agent:8100")
    elif outage == "no token":
        monkeypatch.setenv("VAULT_TOKEN", "no token of the server")
    else:
        monkeypatch.setenv("VAULT_AGENT_ADDR", "http://127.0.0.1:9")
    with caplog.at_level(logging.WARNING, "whatsapp_flow_endpoint"):
        assert answered(endpoint, made.public_key_pem) == 503
    (line,) = [record.getMessage() for record in caplog.records]
    assert line.startswith("answered 503: the key service could not be used: ")
    assert OUTAGES[outage] in line


def test_it_goes_on_as_soon_as_the_service_does(service_place: Place) -> None:
    service = service_place.service()
    made, _ = service.make(), service.make()
    endpoint = endpoint_of(ring_of(service_place, made), service_place.url)
    service_place.take_out_of_use(made)
    assert answered(endpoint, made.public_key_pem) == 421
    service_place.put_back_into_use(made)
    assert answered(endpoint, made.public_key_pem) == 200


def test_of_a_key_out_of_use_a_form_gets_421_and_the_log_says_so(
    transit: VaultPlace, caplog: pytest.LogCaptureFixture
) -> None:
    """It may come from a phone that keeps an old public key: to fetch the present one is its cure."""
    service = transit.service()
    old, live = service.make(), service.make()
    endpoint = endpoint_of(ring_of(transit, live, old), transit.url)
    transit.take_out_of_use(old)
    with caplog.at_level(logging.WARNING, "whatsapp_flow_endpoint"):
        assert answered(endpoint, old.public_key_pem) == 421
    assert "one can't be used: " in caplog.text
    assert "is below the key's min_decryption_version, so it is out of use" in caplog.text
    assert answered(endpoint, live.public_key_pem) == 200


def test_beside_a_key_whose_service_fails_a_new_key_is_waited_for(
    transit: VaultPlace, monkeypatch: pytest.MonkeyPatch
) -> None:
    made = transit.service().make()
    ring, newer = ring_of(transit, made), ring_of(transit, made, pems=1)
    live = LiveKeys(FlowKeys(ring, services=KeyServices.naming(transit.url)), lambda: replace(newer, revision=2))
    endpoint = FlowEndpoint(lambda _: show("DAY"), live, app_secrets=(SECRET,))
    monkeypatch.setenv("VAULT_AGENT_ADDR", "http://127.0.0.1:9")
    assert answered(endpoint, pair(0).public_key_pem) == 200


def test_an_endpoint_that_starts_while_a_number_moves_decrypts_with_what_it_can(
    service_place: Place, caplog: pytest.LogCaptureFixture
) -> None:
    """Its environment doesn't name the service yet, and the key that is live is still a PEM."""
    made = service_place.service().make()
    with caplog.at_level(logging.ERROR, "whatsapp_flow_endpoint"):
        endpoint = endpoint_of(ring_of(service_place, made, pems=1))
    assert answered(endpoint, pair(0).public_key_pem) == 200
    assert "a key can't be used here: " in caplog.text
    assert "so it was not asked" in caplog.text


def test_a_pem_opens_its_forms_though_the_service_is_down(transit: VaultPlace, monkeypatch: pytest.MonkeyPatch) -> None:
    """As while a number moves to the service."""
    made = transit.service().make()
    endpoint = endpoint_of(ring_of(transit, made, pems=1), transit.url)
    monkeypatch.setenv("VAULT_AGENT_ADDR", "http://127.0.0.1:9")
    assert answered(endpoint, pair(0).public_key_pem) == 200
    assert answered(endpoint, made.public_key_pem) == 503


def test_a_service_that_says_nothing_holds_a_form_for_no_longer_than_its_limit(
    transit: VaultPlace, monkeypatch: pytest.MonkeyPatch
) -> None:
    import socket

    service = transit.service()
    references = [service.make() for _ in range(4)]
    endpoint = endpoint_of(ring_of(transit, *references), transit.url)
    monkeypatch.setattr(opening_module, "LONGEST_UNWRAPPING", 0.3)
    tried: list[str] = []
    really = VaultTransit.unwrap

    def noted(self: VaultTransit, reference: KeyReference, wrapped: bytes) -> bytes:
        tried.append(reference.key)
        return really(self, reference, wrapped)

    monkeypatch.setattr(VaultTransit, "unwrap", noted)
    with socket.create_server(("127.0.0.1", 0)) as silent:
        monkeypatch.setenv("VAULT_AGENT_ADDR", f"http://127.0.0.1:{silent.getsockname()[1]}")
        assert answered(endpoint, references[0].public_key_pem) == 503
    assert len(tried) < 4  # the others were not begun any more, and nobody is told that none opens it


def test_a_document_that_names_another_service_is_refused_and_the_keys_stay(
    transit: VaultPlace, caplog: pytest.LogCaptureFixture
) -> None:
    made = transit.service().make()
    ring = ring_of(transit, made)
    elsewhere = document.load(document.dump(ring).replace("127.0.0.1", "localhost"), "changed")
    with pytest.raises(UnknownServiceError):
        endpoint_of(elsewhere, transit.url)
    held = FlowKeys(ring, services=KeyServices.naming(transit.url))
    live = LiveKeys(held, lambda: elsewhere)
    with caplog.at_level(logging.WARNING, "whatsapp_flow_endpoint"):
        read = live.read_after(live._clock.monotonic())
        assert read
        read.ended.result(10)
    assert live.now is held
    assert "goes on with the keys it has" in caplog.text
