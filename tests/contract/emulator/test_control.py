"""The emulator's control surface `/_emulator/`: looks at the emulator and changes it."""

from __future__ import annotations

import hashlib
from datetime import UTC, datetime, timedelta

import pytest
import requests
from cryptography.hazmat.primitives.serialization import Encoding, PublicFormat, load_pem_public_key

from tests.contract.emulator.conftest import BEARER, NUMBER, OTHER_TOKEN, TOKEN
from whatsapp_graph_emulator import Emulator


def control(emulator: Emulator, method: str, path: str, body: object = None) -> requests.Response:
    return requests.request(method, f"{emulator.url}/_emulator/{path}", json=body, timeout=10)


def graph(emulator: Emulator, method: str = "GET", number: str = NUMBER, **kwargs: object) -> requests.Response:
    url = f"{emulator.url}/v26.0/{number}/whatsapp_business_encryption"
    return requests.request(method, url, headers=BEARER, timeout=10, **kwargs)  # type: ignore[arg-type]


def test_health_says_ok(emulator: Emulator) -> None:
    assert control(emulator, "GET", "health").json() == {"status": "ok"}


@pytest.mark.parametrize(
    "headers",
    [
        {"Host": "attacker.example"},
        {"Host": "127.0.0.1.attacker.example:80"},
        {"Origin": "https://attacker.example"},
        {"Origin": "null"},
        {"Origin": "http://127.0.0.1:1"},
    ],
    ids=["a name that leads here", "a name like ours", "another site", "a file", "another port"],
)
@pytest.mark.parametrize("method", ["GET", "PUT"])
def test_a_page_of_another_site_is_refused_and_changes_nothing(
    emulator: Emulator, headers: dict[str, str], method: str
) -> None:
    url = f"{emulator.url}/_emulator/numbers/4711471147"
    answer = requests.request(method, url, json={}, headers=headers, timeout=10)
    assert (answer.status_code, list(answer.json())) == (403, ["error"])
    assert control(emulator, "GET", "numbers/4711471147").status_code == 404


@pytest.mark.parametrize("host", ["localhost", "127.0.0.1"])
def test_this_machine_is_answered_under_either_name(emulator: Emulator, host: str) -> None:
    port = emulator.url.rpartition(":")[2]
    headers = {"Host": f"{host}:{port}", "Origin": f"http://{host}:{port}"}
    assert requests.get(f"{emulator.url}/_emulator/health", headers=headers, timeout=10).json() == {"status": "ok"}


def test_requests_tell_what_came_in_and_what_was_answered(emulator: Emulator) -> None:
    graph(emulator)

    (entry,) = control(emulator, "GET", "requests").json()["requests"]

    at = datetime.fromisoformat(entry.pop("at"))
    assert abs(datetime.now(UTC) - at) < timedelta(minutes=5)
    assert entry == {
        "method": "GET",
        "path": f"/v26.0/{NUMBER}/whatsapp_business_encryption",
        "phone_number_id": NUMBER,
        "status": 200,
    }


def test_requests_are_oldest_first(emulator: Emulator) -> None:
    for number in ("1", "2", "3"):
        graph(emulator, number=number)

    listed = control(emulator, "GET", "requests").json()["requests"]
    assert [entry["phone_number_id"] for entry in listed] == ["1", "2", "3"]


def test_requests_can_be_those_of_one_number(emulator: Emulator) -> None:
    graph(emulator)
    graph(emulator, number="404")

    listed = control(emulator, "GET", "requests?phone_number_id=404").json()["requests"]
    assert [(entry["phone_number_id"], entry["status"]) for entry in listed] == [("404", 400)]


def test_requests_never_hold_a_token(emulator: Emulator) -> None:
    graph(emulator, params={"access_token": TOKEN})

    assert TOKEN not in control(emulator, "GET", "requests").text


def test_calls_of_the_control_surface_are_not_graph_requests(emulator: Emulator) -> None:
    control(emulator, "GET", "health")
    control(emulator, "GET", "no-such-route")

    assert emulator.requests() == []


def test_requests_can_be_cleared(emulator: Emulator) -> None:
    graph(emulator)

    control(emulator, "DELETE", "requests")

    assert control(emulator, "GET", "requests").json() == {"requests": []}


def test_requests_can_be_those_of_one_method(emulator: Emulator) -> None:
    graph(emulator)
    graph(emulator, "POST")

    assert [entry["method"] for entry in emulator.requests(method="POST")] == ["POST"]


def test_a_number_tells_its_state(emulator: Emulator) -> None:
    assert control(emulator, "GET", f"numbers/{NUMBER}").json() == {
        "id": NUMBER,
        "registered": True,
        "deleted": False,
        "public_key": None,
        "fingerprint": None,
        "signature_status": "MISMATCH",
        "shape": "array",
        "no_key": "blank",
        "tokens_allowed": None,
    }


def test_numbers_lists_all_of_them(emulator: Emulator) -> None:
    emulator.add_number("2002")

    listed = control(emulator, "GET", "numbers").json()["numbers"]
    assert [number["id"] for number in listed] == [NUMBER, "2002"]


def test_a_number_can_be_added(emulator: Emulator) -> None:
    response = control(emulator, "PUT", "numbers/2002", {"registered": False})

    assert (response.status_code, response.json()["registered"]) == (200, False)
    assert graph(emulator, number="2002").json()["error"]["code"] == 133010


def test_changing_one_field_of_a_number_keeps_the_rest(emulator: Emulator, pem: str) -> None:
    emulator.set_key(NUMBER, pem)

    control(emulator, "PUT", f"numbers/{NUMBER}", {"shape": "flat"})

    assert graph(emulator).json()["business_public_key"] == pem


def test_tokens_of_a_number_are_never_shown(emulator: Emulator) -> None:
    response = control(emulator, "PUT", f"numbers/{NUMBER}", {"tokens": [OTHER_TOKEN]})

    assert response.json()["tokens_allowed"] == 1
    assert OTHER_TOKEN not in response.text + control(emulator, "GET", "numbers").text


def test_a_key_set_by_another_tool_is_served(emulator: Emulator, pem: str) -> None:
    response = control(emulator, "PUT", f"numbers/{NUMBER}/key", {"public_key": pem})

    der = load_pem_public_key(pem.encode()).public_bytes(Encoding.DER, PublicFormat.SubjectPublicKeyInfo)
    assert response.json()["fingerprint"] == hashlib.sha256(der).hexdigest()
    assert graph(emulator).json()["data"][0] == {
        "business_public_key": pem,
        "business_public_key_signature_status": "VALID",
    }


def test_a_key_can_be_cleared(emulator: Emulator, pem: str) -> None:
    emulator.set_key(NUMBER, pem)

    control(emulator, "DELETE", f"numbers/{NUMBER}/key")

    assert emulator.served(NUMBER) == (None, None, "MISMATCH")


def test_a_number_can_be_reregistered(emulator: Emulator, pem: str) -> None:
    emulator.set_key(NUMBER, pem)

    response = control(emulator, "POST", f"numbers/{NUMBER}/reregister")

    assert (response.json()["public_key"], response.json()["signature_status"]) == (pem, "MISMATCH")


def test_a_token_can_be_marked_expired(emulator: Emulator) -> None:
    response = control(emulator, "PUT", "tokens/expired", {"token": TOKEN})

    assert TOKEN not in response.text
    assert graph(emulator).json()["error"]["error_subcode"] == 463


def test_a_fault_is_made_and_listed_with_its_hits(emulator: Emulator) -> None:
    made = control(emulator, "POST", "faults", {"kind": "error", "code": 131031, "times": None})
    graph(emulator)

    assert made.status_code == 201
    assert control(emulator, "GET", "faults").json() == {
        "faults": [{"id": made.json()["id"], "kind": "error", "code": 131031, "times": None, "hits": 1}]
    }


def test_reads_miss_the_key_until_their_fault_is_taken_back(emulator: Emulator, pem: str) -> None:
    emulator.set_key(NUMBER, pem)
    made = control(emulator, "POST", "faults", {"kind": "keyless_read", "shape": "flat", "no_key": "empty"})
    missed = graph(emulator).json()

    control(emulator, "DELETE", f"faults/{made.json()['id']}")

    assert (missed, graph(emulator).json()["data"][0]["business_public_key"]) == ({}, pem)


def test_one_fault_can_be_taken_back(emulator: Emulator) -> None:
    first = emulator.fault("error", code=2)
    second = emulator.fault("error", code=10)

    control(emulator, "DELETE", f"faults/{first}")

    assert [fault["id"] for fault in control(emulator, "GET", "faults").json()["faults"]] == [second]


def test_all_faults_can_be_taken_back(emulator: Emulator) -> None:
    emulator.fault("error", code=2)

    control(emulator, "DELETE", "faults")

    assert control(emulator, "GET", "faults").json() == {"faults": []}


@pytest.mark.parametrize(
    ("method", "path", "body", "field"),
    [
        ("PUT", f"numbers/{NUMBER}", {"registered": "yes"}, "registered"),
        ("PUT", f"numbers/{NUMBER}", {"shape": "round"}, "shape"),
        ("PUT", f"numbers/{NUMBER}", {"no_key": None}, "no_key"),
        ("PUT", f"numbers/{NUMBER}", {"tokens": ["unheard-of"]}, "tokens"),
        ("PUT", f"numbers/{NUMBER}", {"colour": "red"}, "colour"),
        ("PUT", f"numbers/{NUMBER}", ["registered"], "body"),
        ("PUT", "numbers/support", {}, "phone_number_id"),
        ("PUT", f"numbers/{NUMBER}/key", {"public_key": "not a key"}, "public_key"),
        ("PUT", f"numbers/{NUMBER}/key", {}, "public_key"),
        ("PUT", "tokens/expired", {"token": 5}, "token"),
        ("POST", "faults", {"kind": "explosion"}, "kind"),
    ],
)
def test_bad_input_is_refused_by_the_fields_name(
    emulator: Emulator, method: str, path: str, body: object, field: str
) -> None:
    response = control(emulator, method, path, body)

    assert response.status_code == 400
    assert response.json()["error"]["field"] == field
    assert response.json()["error"]["message"].startswith(f"{field}: ")


@pytest.mark.parametrize(
    ("method", "path"),
    [
        ("GET", "numbers/404"),
        ("DELETE", "numbers/404/key"),
        ("POST", "numbers/404/reregister"),
        ("DELETE", "faults/404"),
        ("GET", "no-such-route"),
        ("PATCH", "health"),
    ],
)
def test_what_is_not_there_is_said_in_json(emulator: Emulator, method: str, path: str) -> None:
    response = control(emulator, method, path)

    assert response.status_code == 404
    assert response.json()["error"]["message"]
