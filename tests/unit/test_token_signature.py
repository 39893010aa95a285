"""The signature of a flow token: a JWT by the app secret. The tests make theirs with the standard library."""

import base64
import hashlib
import hmac
import json
import re
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tests.forms import APP_SECRET, FORM, endpoint_of, sent
from whatsapp_flow_endpoint import FlowRequest

TOKEN = str(FORM["flow_token"])
PAGE = (Path(__file__).parents[2] / "docs" / "endpoint.md").read_text()


def base64url(data: bytes) -> str:
    return base64.urlsafe_b64encode(data).decode().rstrip("=")


def signed(head: bytes, claims: bytes, secret: str = APP_SECRET) -> str:
    parts = f"{base64url(head)}.{base64url(claims)}"
    return f"{parts}.{base64url(hmac.digest(secret.encode(), parts.encode(), hashlib.sha256))}"


def jwt(claims: Any = None, head: Any = None, secret: str = APP_SECRET) -> str:
    """As Meta documents it, or with other claims, another header, another secret."""
    head = {"alg": "HS256", "typ": "JWT"} if head is None else head
    claims = {"flow_token": TOKEN} if claims is None else claims
    return signed(json.dumps(head).encode(), json.dumps(claims).encode(), secret)


def request(signature: str | None, token: str | None = TOKEN) -> FlowRequest:
    return FlowRequest("4.0", "data_exchange", "DAY", {}, token, signature)


def test_a_token_that_meta_signed_is_authentic() -> None:
    assert request(jwt()).token_is_signed_by(APP_SECRET)


def test_claims_that_are_not_documented_change_nothing() -> None:
    assert request(jwt({"flow_token": TOKEN, "iat": 1, "flow_id": "7"})).token_is_signed_by(APP_SECRET)


@pytest.mark.parametrize("secrets", [("another", APP_SECRET), (APP_SECRET, "another")], ids=["old", "new"])
def test_the_old_and_the_new_app_secret_are_both_taken(secrets: tuple[str, ...]) -> None:
    assert request(jwt()).token_is_signed_by(*secrets)


@given(st.text(max_size=50))
def test_any_token_may_be_signed(token: str) -> None:
    assert request(jwt({"flow_token": token}), token).token_is_signed_by(APP_SECRET)


@pytest.mark.parametrize(
    ("signature", "token"),
    [
        (None, TOKEN),
        (jwt(), None),
        (jwt({"flow_token": None}), None),
        (jwt(), "somebody-else's"),
        (jwt(), ""),
        (jwt({}), TOKEN),
        (jwt({"flow_token": [TOKEN]}), TOKEN),
        (jwt([TOKEN]), TOKEN),
        (jwt(TOKEN), TOKEN),
        (jwt(secret="another"), TOKEN),
        (jwt(secret=""), TOKEN),
        (jwt(head={"alg": "none"}), TOKEN),
        (jwt(head={"alg": "HS512"}), TOKEN),
        (jwt(head={"alg": "HS256", "crit": ["exp"]}), TOKEN),
        (jwt(head={}), TOKEN),
        (jwt(head=["HS256"]), TOKEN),
        (signed(b"{", b"{}"), TOKEN),
        (signed(b"\xff", b"\xff"), TOKEN),
        (jwt().rpartition(".")[0], TOKEN),
        (jwt().rpartition(".")[0] + ".", TOKEN),
        (jwt() + "=", TOKEN),
        (jwt() + "\n", TOKEN),
        (jwt() + ".x", TOKEN),
        ("a.b." + "A" * 43, TOKEN),
        ("é.b." + "A" * 43, TOKEN),
        ("", TOKEN),
    ],
)
def test_any_other_token_or_signature_is_not_authentic(signature: str | None, token: str | None) -> None:
    assert not request(signature, token).token_is_signed_by(APP_SECRET)


def test_without_a_secret_nothing_is_authentic() -> None:
    assert not request(jwt()).token_is_signed_by()


def test_what_anybody_could_sign_with_an_empty_secret_is_not_authentic() -> None:
    assert not request(jwt(secret="")).token_is_signed_by(APP_SECRET, "")


@given(st.data())
def test_a_signature_with_any_letter_changed_is_not_authentic(data: st.DataObject) -> None:
    whole = jwt()
    at = data.draw(st.integers(0, len(whole) - 2))  # the last letter has bits that mean nothing
    letter = data.draw(st.sampled_from("ABCxyz019-_.").filter(lambda letter: letter != whole[at]))
    assert not request(whole[:at] + letter + whole[at + 1 :]).token_is_signed_by(APP_SECRET)


@pytest.mark.parametrize(("signature", "status"), [(jwt(), 200), (jwt(secret="another"), 427), (None, 427)])
def test_the_handler_of_the_page_closes_a_form_whose_token_is_not_authentic(
    signature: str | None, status: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("WHATSAPP_APP_SECRET", APP_SECRET)
    (snippet,) = re.findall(r"^```python\n((?:(?!^```).)*token_is_signed_by.*?)^```$", PAGE, re.MULTILINE | re.DOTALL)
    names: dict[str, Any] = {"booking_of": lambda token: {"of": token}}
    exec(snippet, names)
    form = sent({**FORM, "version": "4.0", "flow_token_signature": signature})
    answer = endpoint_of(names["booking"]).answer(form.signed, form.body)
    assert answer.status == status
    if status == 200:
        assert form.decrypt(answer) == {"screen": "BOOKING", "data": {"of": TOKEN}}
