"""Whatever comes, an endpoint answers it with a status that docs/endpoint.md names, and never raises."""

import base64
import json
from functools import cache
from io import BytesIO
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from tests.forms import APP_SECRET, FORM, endpoint_of, key, sent
from tests.servers.endpoint_app import echo
from whatsapp_flow_endpoint import FlowEndpoint
from whatsapp_flow_endpoint.aws_lambda import lambda_handler
from whatsapp_flow_endpoint.wsgi import wsgi_app
from whatsapp_flow_keys.flow_protocol.signature import HEADER, sign

pytestmark = pytest.mark.slow

SIGNED, UNSIGNED = {200, 400, 421}, {432}
OF_HTTP = {405, 411, 413}


@cache
def endpoint() -> FlowEndpoint:
    return endpoint_of(echo, key(), key("previous"))


scalars = st.none() | st.booleans() | st.integers() | st.floats() | st.text(max_size=20)
anything = st.recursive(
    scalars, lambda inner: st.lists(inner) | st.dictionaries(st.text(max_size=8), inner), max_leaves=8
)
payloads = st.one_of(
    anything,
    st.fixed_dictionaries(
        {}, optional={name: anything | st.just(value) for name, value in [*FORM.items(), ("action", "ping")]}
    ),
)
encoded = st.binary(max_size=400).map(lambda data: base64.b64encode(data).decode())


@st.composite
def requests_of_the_right_kind(draw: st.DrawFn) -> bytes:
    """A form or another payload, for a key that is held or not, with a field changed or not."""
    to = key(draw(st.sampled_from(["current", "previous", "a stranger's"])))
    message = json.loads(sent(draw(payloads), to).body)
    changed = draw(st.dictionaries(st.sampled_from(list(message)), encoded | anything, max_size=2))
    removed = draw(st.sets(st.sampled_from(list(message)), max_size=1))
    return json.dumps({name: value for name, value in {**message, **changed}.items() if name not in removed}).encode()


in_json = st.none() | st.booleans() | st.integers() | st.floats(allow_nan=False, allow_infinity=False)
typed_in = st.dictionaries(
    st.text(max_size=8),
    st.recursive(
        in_json | st.text(max_size=20),
        lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=8), inner, max_size=3),
        max_leaves=4,
    ),
    max_size=5,
)


@st.composite
def whole_forms(draw: st.DrawFn) -> dict[str, Any]:
    """What a person may have typed into a form, and what WhatsApp sends with it."""
    return {
        **FORM,
        "action": draw(st.sampled_from(["INIT", "data_exchange", "BACK"])),
        "screen": draw(st.text(max_size=20)),
        "data": draw(typed_in),
    }


bodies = st.one_of(
    st.binary(max_size=300), anything.map(lambda value: json.dumps(value).encode()), requests_of_the_right_kind()
)


@settings(max_examples=100)
@given(whole_forms(), st.sampled_from(["current", "previous"]))
def test_a_whole_form_is_answered_with_each_key_that_is_held(form: dict[str, Any], to: str) -> None:
    request = sent(form, key(to))
    answer = endpoint().answer(request.signed, request.body)
    assert answer.status == 200
    assert request.decrypt(answer) == {"screen": "NEXT", "data": form["data"]}


@settings(max_examples=30)
@given(whole_forms())
def test_a_whole_form_for_a_key_that_is_not_held_gets_421(form: dict[str, Any]) -> None:
    request = sent(form, key("a stranger's"))
    assert endpoint().answer(request.signed, request.body).status == 421


@settings(max_examples=300)
@given(bodies)
def test_a_signed_body_gets_a_documented_status(body: bytes) -> None:
    assert endpoint().answer({HEADER: sign(APP_SECRET, body)}, body).status in SIGNED


@settings(max_examples=100)
@given(bodies, st.dictionaries(st.text(), st.text()))
def test_without_the_right_signature_every_body_gets_432(body: bytes, headers: dict[str, str]) -> None:
    assert endpoint().answer(headers, body).status in UNSIGNED


@settings(max_examples=200)
@given(bodies, st.sampled_from(["POST", "GET", "HEAD", "BREW"]), st.text(max_size=5) | st.integers() | st.none())
def test_a_wsgi_server_may_send_anything(body: bytes, method: str, length: Any) -> None:
    got: list[str] = []
    environ = {
        "REQUEST_METHOD": method,
        "wsgi.input": BytesIO(body),
        "HTTP_X_HUB_SIGNATURE_256": sign(APP_SECRET, body),
    }
    if length is not None:
        environ["CONTENT_LENGTH"] = str(length)
    b"".join(wsgi_app(endpoint(), largest_body=5000)(environ, lambda status, headers: got.append(status)))
    assert int(got[0][:3]) in SIGNED | UNSIGNED | OF_HTTP


@settings(max_examples=200)
@given(
    bodies, st.booleans(), st.dictionaries(st.text(max_size=8), st.text(max_size=8)) | st.none(), st.text(max_size=50)
)
def test_a_lambda_event_may_hold_anything(body: bytes, whole: bool, headers: Any, text: str) -> None:
    event = {
        "httpMethod": "POST",
        "headers": {HEADER: sign(APP_SECRET, body)} if whole else headers,
        "body": base64.b64encode(body).decode() if whole else text,
        "isBase64Encoded": True,
    }
    assert lambda_handler(endpoint(), largest_body=5000)(event, None)["statusCode"] in SIGNED | UNSIGNED | OF_HTTP
