"""What the emulator's Graph API answers, over real HTTP on loopback."""

from __future__ import annotations

import hashlib
from concurrent.futures import ThreadPoolExecutor

import pytest
import requests
from cryptography.hazmat.primitives.asymmetric import ec, rsa
from cryptography.hazmat.primitives.serialization import Encoding, PublicFormat, load_pem_public_key

from tests.contract.emulator.conftest import BEARER, NUMBER, TOKEN, public_pem
from whatsapp_graph_emulator import Emulator


def edge(emulator: Emulator, number: str = NUMBER, version: str = "v26.0") -> str:
    return f"{emulator.url}/{version}/{number}/whatsapp_business_encryption"


def get(emulator: Emulator, **kwargs: object) -> requests.Response:
    return requests.get(edge(emulator), headers=BEARER, timeout=10, **kwargs)  # type: ignore[arg-type]


def post(emulator: Emulator, pem: str) -> requests.Response:
    return requests.post(edge(emulator), data={"business_public_key": pem}, headers=BEARER, timeout=10)


def error_of(response: requests.Response) -> tuple[int, int, int | None, str]:
    error = response.json()["error"]
    return response.status_code, error["code"], error.get("error_subcode"), error["type"]


def test_a_number_without_a_key_serves_one_blank_and_mismatch(emulator: Emulator) -> None:
    response = get(emulator)

    assert response.status_code == 200
    assert response.json() == {
        "data": [{"business_public_key": " ", "business_public_key_signature_status": "MISMATCH"}]
    }


def test_a_posted_key_is_acknowledged_as_meta_does(emulator: Emulator, pem: str) -> None:
    response = post(emulator, pem)

    assert (response.status_code, response.json()) == (200, {"success": True})


def test_a_posted_key_is_served_with_a_valid_signature(emulator: Emulator, pem: str) -> None:
    post(emulator, pem)

    assert get(emulator).json() == {
        "data": [{"business_public_key": pem, "business_public_key_signature_status": "VALID"}]
    }


def test_a_second_key_replaces_the_first(emulator: Emulator, pem: str, other_pem: str) -> None:
    post(emulator, pem)
    post(emulator, other_pem)

    assert get(emulator).json()["data"][0]["business_public_key"] == other_pem


def test_a_key_belongs_to_one_number_only(emulator: Emulator, pem: str) -> None:
    emulator.add_number("2002")

    post(emulator, pem)

    assert emulator.served("2002") == (None, None, "MISMATCH")


@pytest.mark.parametrize("form", ["urlencoded", "multipart", "json", "query"])
def test_the_key_may_come_in_every_form_that_clients_use(emulator: Emulator, pem: str, form: str) -> None:
    fields = {"business_public_key": pem}
    with requests.Session() as session:
        session.headers.update(BEARER)
        url = edge(emulator)
        if form == "urlencoded":
            response = session.post(url, data=fields, timeout=10)
        elif form == "multipart":
            response = session.post(url, files={"business_public_key": (None, pem)}, timeout=10)
        elif form == "json":
            response = session.post(url, json=fields, timeout=10)
        else:
            response = session.post(url, params=fields, timeout=10)

    assert response.status_code == 200
    assert emulator.served(NUMBER)[0] == pem


def test_line_ends_and_blanks_around_the_pem_do_not_matter(emulator: Emulator, pem: str) -> None:
    response = post(emulator, "\r\n" + pem.strip().replace("\n", "\r\n"))

    assert response.status_code == 200
    assert emulator.served(NUMBER)[0] == pem


def test_the_fingerprint_is_the_sha256_of_the_spki(emulator: Emulator, pem: str) -> None:
    post(emulator, pem)

    der = load_pem_public_key(pem.encode()).public_bytes(Encoding.DER, PublicFormat.SubjectPublicKeyInfo)
    assert emulator.served(NUMBER) == (pem, hashlib.sha256(der).hexdigest(), "VALID")


def test_a_post_without_a_key_names_the_missing_parameter(emulator: Emulator) -> None:
    response = requests.post(edge(emulator), headers=BEARER, timeout=10)

    assert error_of(response) == (400, 100, None, "OAuthException")
    assert response.json()["error"]["message"] == "(#100) The parameter business_public_key is required"


def pkcs1_pem() -> str:
    key = rsa.generate_private_key(public_exponent=65537, key_size=2048).public_key()
    return key.public_bytes(Encoding.PEM, PublicFormat.PKCS1).decode()


def elliptic_pem() -> str:
    return (
        ec.generate_private_key(ec.SECP256R1())
        .public_key()
        .public_bytes(Encoding.PEM, PublicFormat.SubjectPublicKeyInfo)
        .decode()
    )


@pytest.mark.parametrize(
    "make",
    [
        pytest.param(lambda: public_pem(3072), id="3072 bits"),
        pytest.param(pkcs1_pem, id="PKCS#1"),
        pytest.param(elliptic_pem, id="elliptic curve"),
        pytest.param(lambda: public_pem().replace("\n", "\\n"), id="escaped newlines"),
        pytest.param(lambda: public_pem() + public_pem(), id="two keys"),
        pytest.param(lambda: "not a key", id="no PEM"),
        pytest.param(lambda: "-----BEGIN PUBLIC KEY-----\nAAAA\n-----END PUBLIC KEY-----", id="no key in the PEM"),
    ],
)
def test_anything_but_an_rsa_2048_spki_pem_is_an_invalid_key(emulator: Emulator, make: object) -> None:
    assert callable(make)
    response = post(emulator, make())

    error = response.json()["error"]
    assert error_of(response) == (400, 100, None, "OAuthException")
    assert error["message"] == "Business public key is invalid"
    assert error["error_data"] == {"messaging_product": "whatsapp", "details": "Business public key is invalid"}
    assert error["error_user_title"] == "Invalid Public Key"


def test_an_invalid_key_leaves_the_served_one_alone(emulator: Emulator, pem: str) -> None:
    post(emulator, pem)

    post(emulator, "not a key")

    assert emulator.served(NUMBER)[0] == pem


def test_an_unregistered_number_is_refused(emulator: Emulator, pem: str) -> None:
    emulator.add_number(NUMBER, registered=False)

    assert error_of(post(emulator, pem)) == (400, 133010, None, "OAuthException")


def test_an_unknown_number_cannot_be_told_from_an_invisible_one(emulator: Emulator) -> None:
    response = requests.get(edge(emulator, number="404"), headers=BEARER, timeout=10)

    assert error_of(response) == (400, 100, 33, "GraphMethodException")
    assert response.json()["error"]["message"] == (
        "Unsupported get request. Object with ID '404' does not exist, cannot be loaded due to missing permissions, "
        "or does not support this operation"
    )


def test_a_deleted_number_answers_code_33(emulator: Emulator) -> None:
    emulator.add_number(NUMBER, deleted=True)

    assert error_of(get(emulator))[:2] == (400, 33)


def test_an_id_that_is_not_numeric_is_an_invalid_parameter(emulator: Emulator) -> None:
    response = requests.get(edge(emulator, number="support"), headers=BEARER, timeout=10)

    assert error_of(response) == (400, 100, None, "OAuthException")
    assert "phone_number_id must be a valid numeric string" in response.json()["error"]["message"]


@pytest.mark.parametrize("version", ["v20.0", "v26.0"])
def test_the_oldest_and_the_newest_version_are_answered(emulator: Emulator, version: str) -> None:
    assert requests.get(edge(emulator, version=version), headers=BEARER, timeout=10).status_code == 200


@pytest.mark.parametrize("version", ["v19.0", "v27.0", "v26", "v26.1", "26.0", "latest"])
def test_an_unknown_version_is_refused(emulator: Emulator, version: str) -> None:
    response = requests.get(edge(emulator, version=version), headers=BEARER, timeout=10)

    assert error_of(response) == (400, 2500, None, "OAuthException")
    assert response.json()["error"]["message"] == f"Unknown path components: /{NUMBER}/whatsapp_business_encryption"


def test_another_edge_is_refused_in_metas_envelope(emulator: Emulator) -> None:
    response = requests.get(f"{emulator.url}/v26.0/{NUMBER}/messages", headers=BEARER, timeout=10)

    assert error_of(response) == (400, 2500, None, "OAuthException")


def test_there_is_no_delete(emulator: Emulator, pem: str) -> None:
    post(emulator, pem)

    response = requests.delete(edge(emulator), headers=BEARER, timeout=10)

    assert error_of(response) == (400, 100, 33, "GraphMethodException")
    assert response.json()["error"]["message"].startswith("Unsupported delete request.")
    assert emulator.served(NUMBER)[0] == pem


@pytest.mark.parametrize("method", ["TRACE", "OPTIONS", "PUT", "BREW"])
def test_a_method_that_meta_does_not_have_is_refused_in_its_envelope(emulator: Emulator, method: str) -> None:
    response = requests.request(method, edge(emulator), headers=BEARER, timeout=10)

    assert error_of(response) == (400, 100, 33, "GraphMethodException")
    assert response.json()["error"]["message"].startswith(f"Unsupported {method.lower()} request.")
    assert [entry["method"] for entry in emulator.requests()] == [method]


@pytest.mark.parametrize("method", ["TRACE", "BREW"])
def test_no_method_makes_a_graph_request_of_a_path_of_the_control_surface(emulator: Emulator, method: str) -> None:
    response = requests.request(method, f"{emulator.url}/_emulator/health", timeout=10)

    assert response.status_code == 404
    assert response.json()["error"]["message"] == f"The control surface has no {method} /_emulator/health."
    assert emulator.requests() == []


def test_an_accounts_id_in_place_of_a_numbers_is_answered_with_the_type_of_the_node() -> None:
    with Emulator(tokens=[TOKEN], accounts=["102290129340398"]) as emulator:
        response = requests.get(edge(emulator, "102290129340398"), headers=BEARER, timeout=10)

    assert error_of(response) == (400, 100, None, "OAuthException")
    assert response.json()["error"]["message"] == (
        "(#100) Tried accessing nonexisting field (whatsapp_business_encryption) on node type (WhatsAppBusinessAccount)"
    )


def test_a_post_to_an_accounts_id_is_unsupported() -> None:
    with Emulator(tokens=[TOKEN], accounts=["102290129340398"]) as emulator:
        response = requests.post(edge(emulator, "102290129340398"), headers=BEARER, timeout=10)

    assert error_of(response) == (400, 100, 33, "GraphMethodException")


@pytest.mark.parametrize("name", ["business_public_key", "business_public_key_signature_status"])
def test_fields_narrows_the_answer_down(emulator: Emulator, pem: str, name: str) -> None:
    post(emulator, pem)

    assert list(get(emulator, params={"fields": name}).json()["data"][0]) == [name]


def test_a_field_that_is_not_there_is_refused(emulator: Emulator) -> None:
    assert error_of(get(emulator, params={"fields": "name"})) == (422, 100, None, "GraphMethodException")


@pytest.mark.parametrize(
    ("shape", "no_key", "expected"),
    [
        ("array", "absent", {"data": [{"business_public_key_signature_status": "MISMATCH"}]}),
        ("array", "empty", {"data": []}),
        (
            "object",
            "blank",
            {"data": {"business_public_key": " ", "business_public_key_signature_status": "MISMATCH"}},
        ),
        ("object", "empty", {"data": {}}),
        ("flat", "blank", {"business_public_key": " ", "business_public_key_signature_status": "MISMATCH"}),
        ("flat", "absent", {"business_public_key_signature_status": "MISMATCH"}),
    ],
)
def test_the_answer_takes_the_shapes_that_documents_and_clients_disagree_on(
    emulator: Emulator, shape: str, no_key: str, expected: object
) -> None:
    emulator.add_number(NUMBER, shape=shape, no_key=no_key)

    assert get(emulator).json() == expected


def test_the_style_for_no_key_does_not_touch_a_key_that_is_set(emulator: Emulator, pem: str) -> None:
    emulator.add_number(NUMBER, no_key="empty", shape="flat")
    post(emulator, pem)

    assert get(emulator).json()["business_public_key"] == pem


def test_reregistration_breaks_the_signature_and_keeps_the_key(emulator: Emulator, pem: str) -> None:
    post(emulator, pem)

    emulator.reregister(NUMBER)

    assert get(emulator).json() == {
        "data": [{"business_public_key": pem, "business_public_key_signature_status": "MISMATCH"}]
    }


def test_posting_the_same_key_again_heals_the_signature(emulator: Emulator, pem: str) -> None:
    post(emulator, pem)
    emulator.reregister(NUMBER)

    post(emulator, pem)

    assert emulator.served(NUMBER)[2] == "VALID"


def test_every_answer_carries_metas_headers(emulator: Emulator) -> None:
    for response in (get(emulator), requests.get(edge(emulator), timeout=10)):
        assert {"x-fb-trace-id", "x-fb-request-id", "X-App-Usage"} <= set(response.headers)


def test_each_error_has_a_trace_id_of_its_own(emulator: Emulator) -> None:
    traces = {requests.get(edge(emulator), timeout=10).json()["error"]["fbtrace_id"] for _ in range(3)}

    assert len(traces) == 3


def test_many_writers_at_once_leave_one_whole_key(emulator: Emulator, pem: str, other_pem: str) -> None:
    with ThreadPoolExecutor(8) as pool:
        answers = list(pool.map(lambda text: post(emulator, text), [pem, other_pem] * 10))

    assert {answer.status_code for answer in answers} == {200}
    assert emulator.served(NUMBER)[0] in (pem, other_pem)
    assert len(emulator.requests(method="POST")) == 20
