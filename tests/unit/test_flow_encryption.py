"""The client's side of the encryption, against the endpoint's, which was written apart from it."""

import base64
import json
import os

import pytest
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from cryptography.hazmat.primitives.serialization import Encoding, PublicFormat

from whatsapp_flow_keys.flow_protocol.message import Session, decrypt_request
from whatsapp_flow_keys.keys import PrivateKey
from whatsapp_graph_emulator.flow_encryption import SealedRequest, UndecryptableAnswer, seal_request, signature

PAYLOAD = {"version": "3.0", "action": "INIT", "data": {"name": "Zoë 🌻"}}
ANSWER = {"screen": "HELLO", "data": {"greeting": "¡olé!"}}


@pytest.fixture(scope="module")
def key() -> PrivateKey:
    return PrivateKey.generate()


@pytest.fixture
def sealed() -> SealedRequest:
    return SealedRequest(b"", os.urandom(16), os.urandom(16))


def answered(sealed: SealedRequest, answer: object = ANSWER) -> bytes:
    """As the endpoint answers it."""
    return Session(sealed.aes_key, sealed.iv).encrypt_answer(answer).encode()


def test_the_endpoint_decrypts_what_the_client_sealed(key: PrivateKey) -> None:
    sealed = seal_request(key.public_key_pem, PAYLOAD)
    assert decrypt_request([key], json.loads(sealed.body)) == (PAYLOAD, Session(sealed.aes_key, sealed.iv))


def test_a_request_has_the_three_fields_with_the_lengths_that_meta_documents(key: PrivateKey) -> None:
    body = json.loads(seal_request(key.public_key_pem, PAYLOAD).body)
    assert {name: len(base64.b64decode(value, validate=True)) for name, value in body.items()} == {
        "encrypted_flow_data": len(json.dumps(PAYLOAD)) + 16,
        "encrypted_aes_key": 256,
        "initial_vector": 16,
    }


def test_no_two_requests_share_a_key_or_an_iv(key: PrivateKey) -> None:
    first, second = (seal_request(key.public_key_pem, PAYLOAD) for _ in range(2))
    assert first.aes_key != second.aes_key
    assert first.iv != second.iv


def test_the_client_opens_what_the_endpoint_encrypted(sealed: SealedRequest) -> None:
    assert sealed.open_answer(answered(sealed)) == ANSWER


def test_a_line_end_after_the_answer_does_no_harm(sealed: SealedRequest) -> None:
    assert sealed.open_answer(answered(sealed) + b"\r\n") == ANSWER


def test_an_answer_with_the_iv_of_the_request_does_not_open(sealed: SealedRequest) -> None:
    unflipped = SealedRequest(b"", sealed.aes_key, bytes(byte ^ 0xFF for byte in sealed.iv))
    with pytest.raises(UndecryptableAnswer, match="flipped IV"):
        sealed.open_answer(answered(unflipped))


@pytest.mark.parametrize(
    ("answer", "said"),
    [
        (b"", "shorter than its tag"),
        (b"AAAA", "shorter than its tag"),
        (base64.b64encode(b"A" * 40), "not encrypted with this request's key"),
        (json.dumps(ANSWER).encode(), "not base64"),
        (b"\xff\xfe", "not base64"),
        (b"AA\nAA", "not base64"),
    ],
)
def test_what_is_no_encrypted_answer_is_told_apart(sealed: SealedRequest, answer: bytes, said: str) -> None:
    with pytest.raises(UndecryptableAnswer, match=said):
        sealed.open_answer(answer)


def test_a_signature_is_the_hex_hmac_of_the_raw_body() -> None:
    # RFC 4231, test case 2.
    assert signature("Jefe", b"what do ya want for nothing?") == (
        "sha256=5bdcc146bf60754e6a042426089575c75a003f089d2739839dec58b964ec3843"
    )


def test_a_key_that_is_not_rsa_is_refused() -> None:

    pem = Ed25519PrivateKey.generate().public_key().public_bytes(Encoding.PEM, PublicFormat.SubjectPublicKeyInfo)
    with pytest.raises(ValueError, match="not an RSA key"):
        seal_request(pem.decode(), PAYLOAD)


def test_repr_shows_neither_the_aes_key_nor_the_iv() -> None:
    assert repr(SealedRequest(b"{}", b"k" * 16, b"i" * 16)) == "SealedRequest(body=b'{}')"
