"""An endpoint whose keys AWS KMS holds: what a form costs, and what is answered where AWS KMS is of no use."""

import logging
import socket
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from threading import Event
from typing import Any

import pytest

from tests.contract.custody.kms.calls import answering, clients, listening, refusal
from tests.contract.custody.place import KmsPlace
from tests.contract.custody.test_endpoint import answered, endpoint_of, ring_of
from tests.pairs import pair
from whatsapp_flow_endpoint import opening as opening_module
from whatsapp_flow_endpoint.opening import LONGEST_UNWRAPPING
from whatsapp_flow_keys.aws import client as client_module
from whatsapp_flow_keys.client_library import at_most


@pytest.fixture(autouse=True)
def _as_an_endpoint() -> Iterator[None]:
    """The clients that are listened to are those of its time limit."""
    with at_most(LONGEST_UNWRAPPING):
        yield


def test_with_the_rights_of_the_endpoint_alone_a_form_is_answered(kms: KmsPlace) -> None:
    made = kms.service().make()
    kms.log_in_with("For the endpoint")
    assert answered(endpoint_of(ring_of(kms, made), kms.url), made.public_key_pem) == 200


def test_in_the_steady_state_a_form_costs_one_call(kms: KmsPlace) -> None:
    """Also where the key that is live is not the first of the ring, as before a rotation is published."""
    service = kms.service()
    previous, current, pending = service.make(), service.make(), service.make()
    endpoint = endpoint_of(ring_of(kms, pending, previous, current), kms.url)
    assert answered(endpoint, current.public_key_pem) == 200
    calls: list[str] = []
    with listening("before-send.kms", lambda request, **_: calls.append(request.url)):
        for _ in range(5):
            assert answered(endpoint, current.public_key_pem) == 200
    assert len(calls) == 5


def test_forms_that_come_together_keep_their_connections(kms: KmsPlace) -> None:
    made = kms.service().make()
    endpoint = endpoint_of(ring_of(kms, made), kms.url)
    with ThreadPoolExecutor(32) as pool:
        statuses = list(pool.map(lambda _: answered(endpoint, made.public_key_pem), range(160)))
    assert set(statuses) == {200}
    of_decryptions = clients()[1]._endpoint.http_session._manager.connection_from_url(kms.server.address)
    assert 0 < of_decryptions.num_connections <= 32


REFUSALS = {
    "throttled": ("ThrottlingException", "", 503, "AWS KMS throttles"),
    "denied": ("AccessDeniedException", "", 503, "An endpoint needs kms:Decrypt"),
    "disabled": ("DisabledException", "", 421, "the KMS key is disabled"),
    "pending deletion": ("KMSInvalidStateException", "is pending deletion.", 421, "is scheduled for deletion"),
    "gone": ("NotFoundException", "", 421, "there is no such KMS key"),
    "a fault": ("KMSInternalException", "", 503, "AWS KMS has a fault"),
    "expired": ("ExpiredTokenException", "", 503, "the AWS credentials have expired"),
}


@pytest.mark.parametrize("refused", REFUSALS)
def test_where_it_refuses_the_log_says_why(kms: KmsPlace, refused: str, caplog: pytest.LogCaptureFixture) -> None:
    """503 where a client would fetch the right public key again; 421 where it may have an old one."""
    code, message, status, said = REFUSALS[refused]
    made = kms.service().make()
    endpoint = endpoint_of(ring_of(kms, made), kms.url)
    with caplog.at_level(logging.WARNING, "whatsapp_flow_endpoint"), answering("Decrypt", refusal(code, message)):
        assert answered(endpoint, made.public_key_pem) == status
    (line,) = [record.getMessage() for record in caplog.records]
    assert line.startswith(f"answered {status}: ")
    assert said in line


def test_a_key_that_is_really_disabled_or_to_be_deleted_is_421_and_the_log_says_which(
    kms: KmsPlace, caplog: pytest.LogCaptureFixture
) -> None:
    old, live = kms.service().make(), kms.service().make()
    endpoint = endpoint_of(ring_of(kms, live, old), kms.url)
    kms.take_out_of_use(old)
    with caplog.at_level(logging.WARNING, "whatsapp_flow_endpoint"):
        assert answered(endpoint, old.public_key_pem) == 421
    kms.kms.schedule_key_deletion(KeyId=old.key)
    later = endpoint_of(ring_of(kms, live, old), kms.url)
    with caplog.at_level(logging.WARNING, "whatsapp_flow_endpoint"):
        assert answered(later, old.public_key_pem) == 421
    assert "the KMS key is disabled" in caplog.records[0].getMessage()
    assert "the KMS key is scheduled for deletion" in caplog.records[-1].getMessage()
    assert answered(endpoint, live.public_key_pem) == 200


def test_a_pem_opens_its_forms_though_it_is_down(
    kms: KmsPlace, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    made = kms.service().make()
    endpoint = endpoint_of(ring_of(kms, made, pems=1), kms.url)
    monkeypatch.setenv("AWS_ENDPOINT_URL", "http://127.0.0.1:9")
    with caplog.at_level(logging.WARNING, "whatsapp_flow_endpoint"):
        assert answered(endpoint, pair(0).public_key_pem) == 200
        assert answered(endpoint, made.public_key_pem) == 503
    assert "AWS can't be reached" in caplog.text


def test_one_that_says_nothing_is_asked_twice_and_no_other_key_is_begun(
    kms: KmsPlace, monkeypatch: pytest.MonkeyPatch
) -> None:
    references = [kms.service().make() for _ in range(3)]
    endpoint = endpoint_of(ring_of(kms, *references), kms.url)
    monkeypatch.setattr(opening_module, "LONGEST_UNWRAPPING", 0.6)
    with socket.create_server(("127.0.0.1", 0)) as silent:
        monkeypatch.setenv("AWS_ENDPOINT_URL", f"http://127.0.0.1:{silent.getsockname()[1]}")
        calls: list[str] = []
        with at_most(0.6), listening("before-send.kms", lambda request, **_: calls.append(request.url)):
            assert answered(endpoint, references[0].public_key_pem) == 503
    assert len(calls) in (2, 4)  # two for each key that was begun within the time


def test_credentials_that_do_not_come_hold_up_no_form_for_longer_and_all_wait_for_the_same(
    kms: KmsPlace, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    """boto3 waits long for a container's agent that says nothing, and each form would have it asked again."""
    made = kms.service().make()
    endpoint = endpoint_of(ring_of(kms, made), kms.url)
    really, came, asked = client_module._client, Event(), []

    def slow(*given: Any) -> Any:
        asked.append(given)
        came.wait(60)
        return really(*given)

    monkeypatch.setattr(client_module, "_client", slow)
    monkeypatch.setattr(opening_module, "LONGEST_UNWRAPPING", 0.5)
    with ThreadPoolExecutor(4) as pool, caplog.at_level(logging.WARNING, "whatsapp_flow_endpoint"):
        statuses = list(pool.map(lambda _: answered(endpoint, made.public_key_pem), range(8)))
    assert statuses == [503] * 8
    assert "no AWS credentials for kms:Decrypt came in time" in caplog.text
    came.set()
    monkeypatch.setattr(opening_module, "LONGEST_UNWRAPPING", 3.0)
    assert answered(endpoint, made.public_key_pem) == 200
    assert len({given[2] for given in asked}) == len(asked) <= 2  # one for each time limit
