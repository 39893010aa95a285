"""Who may call the emulator's Graph API: access tokens, rights to a number, the app secret's proof."""

from __future__ import annotations

import hashlib
import hmac
import time
from collections.abc import Iterator

import pytest
import requests

from tests.contract.emulator.conftest import BEARER, NUMBER, OTHER_TOKEN, TOKEN
from whatsapp_graph_emulator import Emulator

APP_SECRET = "app-secret-of-the-test"


@pytest.fixture
def strict_emulator() -> Iterator[Emulator]:
    with Emulator(tokens=[TOKEN], numbers=[NUMBER], app_secret=APP_SECRET) as running:
        yield running


def edge(emulator: Emulator) -> str:
    return f"{emulator.url}/v26.0/{NUMBER}/whatsapp_business_encryption"


def get(emulator: Emulator, **kwargs: object) -> requests.Response:
    return requests.get(edge(emulator), headers=BEARER, timeout=10, **kwargs)  # type: ignore[arg-type]


def error_of(response: requests.Response) -> tuple[int, int, int | None, str]:
    error = response.json()["error"]
    return response.status_code, error["code"], error.get("error_subcode"), error["type"]


def proof(message: str) -> str:
    return hmac.new(APP_SECRET.encode(), message.encode(), hashlib.sha256).hexdigest()


def test_the_token_may_be_a_parameter(emulator: Emulator) -> None:
    response = requests.get(edge(emulator), params={"access_token": TOKEN}, timeout=10)

    assert response.status_code == 200


@pytest.mark.parametrize("headers", [{}, {"Authorization": "Bearer unknown"}, {"Authorization": f"Basic {TOKEN}"}])
def test_a_missing_or_unknown_token_is_refused(emulator: Emulator, headers: dict[str, str]) -> None:
    response = requests.get(edge(emulator), headers=headers, timeout=10)

    assert error_of(response) == (401, 190, None, "OAuthException")
    assert response.json()["error"]["message"] == "Invalid OAuth access token"


def test_an_expired_token_has_its_subcode(emulator: Emulator) -> None:
    emulator.expire_token(TOKEN)

    assert error_of(get(emulator)) == (401, 190, 463, "OAuthException")


@pytest.mark.parametrize(("method", "purpose"), [("GET", "access"), ("POST", "modify encryption settings for")])
def test_a_token_without_a_right_to_the_number_is_denied(emulator: Emulator, method: str, purpose: str) -> None:
    emulator.add_number(NUMBER, tokens=[OTHER_TOKEN])

    response = requests.request(method, edge(emulator), headers=BEARER, timeout=10)

    assert error_of(response) == (403, 200, 1349174, "OAuthException")
    assert f"permission to {purpose} this" in response.json()["error"]["message"]


def test_a_right_proof_is_accepted(strict_emulator: Emulator) -> None:
    assert get(strict_emulator, params={"appsecret_proof": proof(TOKEN)}).status_code == 200


def test_a_right_proof_is_accepted_in_the_form(strict_emulator: Emulator, pem: str) -> None:
    form = {"business_public_key": pem, "appsecret_proof": proof(TOKEN)}

    assert requests.post(edge(strict_emulator), data=form, headers=BEARER, timeout=10).status_code == 200


def test_a_missing_proof_is_refused(strict_emulator: Emulator) -> None:
    response = get(strict_emulator)

    assert error_of(response) == (400, 100, None, "GraphMethodException")
    assert response.json()["error"]["message"] == "API calls from the server require an appsecret_proof argument"


def test_a_wrong_proof_is_refused(strict_emulator: Emulator) -> None:
    response = get(strict_emulator, params={"appsecret_proof": proof(OTHER_TOKEN)})

    assert error_of(response) == (400, 100, None, "GraphMethodException")
    assert response.json()["error"]["message"] == "Invalid appsecret_proof provided in the API argument"


def test_a_timed_proof_of_now_is_accepted(strict_emulator: Emulator) -> None:
    now = str(int(time.time()))
    params = {"appsecret_proof": proof(f"{TOKEN}|{now}"), "appsecret_time": now}

    assert get(strict_emulator, params=params).status_code == 200


def test_a_timed_proof_older_than_five_minutes_is_refused(strict_emulator: Emulator) -> None:
    then = str(int(time.time()) - 301)
    params = {"appsecret_proof": proof(f"{TOKEN}|{then}"), "appsecret_time": then}

    assert error_of(get(strict_emulator, params=params))[:2] == (400, 100)


def test_a_plain_proof_with_a_time_beside_it_is_refused(strict_emulator: Emulator) -> None:
    params = {"appsecret_proof": proof(TOKEN), "appsecret_time": str(int(time.time()))}

    assert error_of(get(strict_emulator, params=params))[:2] == (400, 100)


def test_proofs_are_not_looked_at_without_an_app_secret(emulator: Emulator) -> None:
    assert get(emulator, params={"appsecret_proof": "whatever"}).status_code == 200
