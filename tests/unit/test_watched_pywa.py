"""Under pywa, which gives the answers, dashboards get what is about keys."""

import json

import pytest

from tests.exported import Exported, is_below
from tests.forms import Sent, key, ring, sent
from whatsapp_flow_endpoint import FlowKeys, FlowMessageError
from whatsapp_flow_endpoint.live_keys import LiveKeys
from whatsapp_flow_endpoint.pywa import RequestDecryptor
from whatsapp_flow_keys.fingerprint import short


@pytest.fixture
def exported(monkeypatch: pytest.MonkeyPatch) -> Exported:
    return Exported(monkeypatch)


def decrypt(decryptor: RequestDecryptor, form: Sent) -> None:
    message = json.loads(form.body)
    decryptor(message["encrypted_flow_data"], message["encrypted_aes_key"], message["initial_vector"])


def test_the_keys_that_open_and_those_that_are_read_are_told_and_no_answer_is(exported: Exported) -> None:
    keys = LiveKeys(FlowKeys(ring(key())), lambda: ring(key("new"), key(), revision=2))
    decryptor = RequestDecryptor(keys)
    with exported.tracer().start_as_current_span("POST /flow"):
        decrypt(decryptor, sent(to=key("new")))
    with pytest.raises(FlowMessageError):
        decrypt(decryptor, sent(to=key("a stranger's")))
    ((opened, requests),) = exported.of("whatsapp.flow.key.requests")
    assert (opened["whatsapp.flow.key.fingerprint"], requests) == (short(key("new").fingerprint), 1)
    assert exported.sums("whatsapp.flow.request.tried_keys") == [({}, 2 + 2)]
    assert exported.of("whatsapp.flow.key.reads") == [({"whatsapp.phone_number_id": "106540352242922"}, 2)]
    assert len(exported.of("whatsapp.flow.key.read.age")) == 1
    assert exported.of("whatsapp.flow.request.duration") == []
    assert is_below(exported.spans()[0], exported.span("POST /flow"))
    assert {span.name for span in exported.spans()} == {"wait for keys", "POST /flow"}
