"""Flow requests and answers, against a client written here from Meta's description, with another set of primitives."""

import base64
import json
import os
from collections.abc import Callable
from typing import Any

import pytest
from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import padding
from cryptography.hazmat.primitives.ciphers import Cipher, algorithms, modes

from whatsapp_flow_keys.errors import FlowMessageError
from whatsapp_flow_keys.flow_protocol.message import Session, decrypt_request, encrypt_request
from whatsapp_flow_keys.keys import PrivateKey

PAYLOAD = {"version": "3.0", "action": "ping", "data": {"name": "Zoë 🌻"}}
ANSWER = {"data": {"status": "active", "greeting": "¡olé!"}}
FIELDS = ["encrypted_flow_data", "encrypted_aes_key", "initial_vector"]


def gcm_seal(aes_key: bytes, iv: bytes, data: bytes) -> bytes:
    encryptor = Cipher(algorithms.AES(aes_key), modes.GCM(iv)).encryptor()
    return encryptor.update(data) + encryptor.finalize() + encryptor.tag


def gcm_open(aes_key: bytes, iv: bytes, sealed: bytes) -> bytes:
    decryptor = Cipher(algorithms.AES(aes_key), modes.GCM(iv, sealed[-16:])).decryptor()
    return decryptor.update(sealed[:-16]) + decryptor.finalize()


def oaep() -> padding.OAEP:
    return padding.OAEP(padding.MGF1(hashes.SHA256()), hashes.SHA256(), None)


def flipped(iv: bytes) -> bytes:
    return (int.from_bytes(iv, "big") ^ (1 << 8 * len(iv)) - 1).to_bytes(len(iv), "big")


def sent(to: PrivateKey, *, aes_key: bytes = b"", iv: bytes = b"", data: bytes | None = None) -> dict[str, Any]:
    """A request as WhatsApp's client sends it."""
    aes_key, iv = aes_key or os.urandom(16), iv or os.urandom(16)
    data = json.dumps(PAYLOAD).encode() if data is None else data
    parts = (gcm_seal(aes_key, iv, data), to.key.public_key().encrypt(aes_key, oaep()), iv)
    return {name: base64.b64encode(part).decode() for name, part in zip(FIELDS, parts, strict=True)}


@pytest.fixture(scope="module")
def key() -> PrivateKey:
    return PrivateKey.generate()


@pytest.fixture(scope="module")
def other() -> PrivateKey:
    return PrivateKey.generate()


def test_a_request_of_another_implementation_is_decrypted(key: PrivateKey) -> None:
    payload, _ = decrypt_request([key], sent(key))
    assert payload == PAYLOAD


def test_another_implementation_decrypts_our_request(key: PrivateKey) -> None:
    body, _ = encrypt_request(key.key.public_key(), PAYLOAD)
    sealed, wrapped, iv = (base64.b64decode(body[name]) for name in FIELDS)
    assert json.loads(gcm_open(key.key.decrypt(wrapped, oaep()), iv, sealed)) == PAYLOAD


def test_another_implementation_decrypts_the_answer_with_every_bit_of_the_iv_flipped(key: PrivateKey) -> None:
    aes_key, iv = os.urandom(16), os.urandom(16)
    _, session = decrypt_request([key], sent(key, aes_key=aes_key, iv=iv))
    answer = base64.b64decode(session.encrypt_answer(ANSWER), validate=True)
    assert json.loads(gcm_open(aes_key, flipped(iv), answer)) == ANSWER


def test_the_answer_does_not_open_with_the_iv_of_the_request(key: PrivateKey) -> None:
    aes_key, iv = os.urandom(16), os.urandom(16)
    _, session = decrypt_request([key], sent(key, aes_key=aes_key, iv=iv))
    with pytest.raises(InvalidTag):
        gcm_open(aes_key, iv, base64.b64decode(session.encrypt_answer(ANSWER)))


def test_an_answer_of_another_implementation_is_decrypted(key: PrivateKey) -> None:
    _, session = encrypt_request(key.key.public_key(), PAYLOAD)
    body = gcm_seal(session.aes_key, flipped(session.iv), json.dumps(ANSWER).encode())
    assert session.decrypt_answer(base64.b64encode(body).decode()) == ANSWER


def test_no_two_requests_share_a_key_or_an_iv(key: PrivateKey) -> None:
    sessions = [encrypt_request(key.key.public_key(), PAYLOAD)[1] for _ in range(2)]
    assert len({session.aes_key for session in sessions}) == len({session.iv for session in sessions}) == 2


def test_the_second_of_several_keys_is_tried(key: PrivateKey, other: PrivateKey) -> None:
    payload, _ = decrypt_request([other, key], sent(key))
    assert payload == PAYLOAD


def test_a_payload_without_fields_is_decrypted(key: PrivateKey) -> None:
    assert decrypt_request([key], sent(key, data=b"{}"))[0] == {}


def test_a_wrong_key_opens_nothing(key: PrivateKey, other: PrivateKey) -> None:
    with pytest.raises(FlowMessageError, match="none of the private keys opens the request"):
        decrypt_request([other], sent(key))


def test_without_keys_nothing_opens(key: PrivateKey) -> None:
    with pytest.raises(FlowMessageError, match="none of the private keys opens the request"):
        decrypt_request([], sent(key))


@pytest.mark.parametrize("at", [0, -1], ids=["first byte", "last byte"])
@pytest.mark.parametrize("name", FIELDS)
def test_a_request_that_was_changed_on_its_way_is_refused(key: PrivateKey, name: str, at: int) -> None:
    body = sent(key)
    changed = bytearray(base64.b64decode(body[name]))
    changed[at] ^= 1
    said = "none of the private keys" if name == "encrypted_aes_key" else "not encrypted with this AES key and IV"
    with pytest.raises(FlowMessageError, match=said):
        decrypt_request([key], {**body, name: base64.b64encode(changed).decode()})


@pytest.mark.parametrize("size", [0, 15, 16, 17])
def test_data_that_was_cut_short_is_refused(key: PrivateKey, size: int) -> None:
    body = sent(key)
    cut = base64.b64decode(body["encrypted_flow_data"])[:size]
    with pytest.raises(FlowMessageError):
        decrypt_request([key], {**body, "encrypted_flow_data": base64.b64encode(cut).decode()})


@pytest.mark.parametrize("size", [12, 15, 17, 32])
def test_an_iv_that_has_not_16_bytes_is_refused_by_its_length(key: PrivateKey, size: int) -> None:
    with pytest.raises(FlowMessageError, match=f"^initial_vector: has {size} bytes, not 16$"):
        decrypt_request([key], sent(key, iv=os.urandom(size)))


@pytest.mark.parametrize("size", [24, 32])
def test_an_aes_key_that_has_not_16_bytes_is_refused_by_its_length(key: PrivateKey, size: int) -> None:
    with pytest.raises(FlowMessageError, match=f"^the AES key has {size} bytes, not 16: it must be AES-128$"):
        decrypt_request([key], sent(key, aes_key=os.urandom(size)))


@pytest.mark.parametrize("size", [0, 128, 255, 257, 512])
def test_an_aes_key_wrapped_by_another_size_of_key_is_refused_by_its_length(key: PrivateKey, size: int) -> None:
    wrapped = base64.b64encode(os.urandom(size)).decode()
    with pytest.raises(FlowMessageError, match=f"has {size} bytes, not the 256" if size else "is missing"):
        decrypt_request([key], {**sent(key), "encrypted_aes_key": wrapped})


def test_a_key_wrapped_with_sha1_is_refused(key: PrivateKey) -> None:
    aes_key, iv = os.urandom(16), os.urandom(16)
    with_sha1 = padding.OAEP(padding.MGF1(hashes.SHA1()), hashes.SHA1(), None)
    wrapped = base64.b64encode(key.key.public_key().encrypt(aes_key, with_sha1)).decode()
    with pytest.raises(FlowMessageError, match="none of the private keys"):
        decrypt_request([key], {**sent(key, aes_key=aes_key, iv=iv), "encrypted_aes_key": wrapped})


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("not base64!", "is not base64"),
        ("AAA", "is not base64"),
        ("é", "is not base64"),
        ("AA\nAA", "is base64 broken into lines; it must be one"),
        ("AAAA\r\nAAAA", "is base64 broken into lines; it must be one"),
        ("_-_-", "is base64 of the URL-safe kind, with - and _; it must be the standard one"),
    ],
)
@pytest.mark.parametrize("name", FIELDS)
def test_a_field_that_is_not_base64_is_named(key: PrivateKey, name: str, text: str, said: str) -> None:
    with pytest.raises(FlowMessageError, match=f"^{name}: {said}"):
        decrypt_request([key], {**sent(key), name: text})


@pytest.mark.parametrize("name", FIELDS)
def test_a_missing_field_is_named(key: PrivateKey, name: str) -> None:
    body = sent(key)
    del body[name]
    with pytest.raises(FlowMessageError, match=f"^{name}: is missing$"):
        decrypt_request([key], body)


@pytest.mark.parametrize("value", ["", None])
@pytest.mark.parametrize("name", FIELDS)
def test_an_empty_field_counts_as_missing(key: PrivateKey, name: str, value: object) -> None:
    with pytest.raises(FlowMessageError, match=f"^{name}: is missing$"):
        decrypt_request([key], {**sent(key), name: value})


@pytest.mark.parametrize("value", [7, [], {}, b"AAAA", True])
@pytest.mark.parametrize("name", FIELDS)
def test_a_field_that_is_no_text_is_named(key: PrivateKey, name: str, value: object) -> None:
    with pytest.raises(FlowMessageError, match=f"^{name}: is not a string$"):
        decrypt_request([key], {**sent(key), name: value})


@pytest.mark.parametrize("body", [None, [], "text", 7])
def test_a_body_that_is_no_object_is_named(key: PrivateKey, body: Any) -> None:
    with pytest.raises(FlowMessageError, match=r"^the body is JSON, but no object$"):
        decrypt_request([key], body)


@pytest.mark.parametrize("answer", [float("nan"), {"price": float("inf")}])
def test_an_answer_that_is_no_json_is_not_encrypted(answer: object) -> None:
    with pytest.raises(ValueError, match="not JSON compliant"):
        Session(os.urandom(16), os.urandom(16)).encrypt_answer(answer)


@pytest.mark.parametrize(
    "data",
    [b"", b"not JSON", b"\xff\xfe\xfd", b"[" * 100_000, b'{"a":NaN}', b"-Infinity", '{"a":1}'.encode("utf-16")],
    ids=["nothing", "text", "bytes", "deep", "NaN", "infinity", "UTF-16"],
)
def test_what_decrypts_to_no_json_is_refused(key: PrivateKey, data: bytes) -> None:
    with pytest.raises(FlowMessageError):
        decrypt_request([key], sent(key, data=data))


Damage = Callable[[str], str]


@pytest.mark.parametrize(
    "damage", [lambda body: body[:-8], lambda _: "", lambda _: "{}"], ids=["cut", "empty", "JSON in the clear"]
)
def test_an_answer_that_was_damaged_is_refused(damage: Damage) -> None:
    session = Session(os.urandom(16), os.urandom(16))
    with pytest.raises(FlowMessageError):
        session.decrypt_answer(damage(session.encrypt_answer(ANSWER)))


def test_an_answer_of_another_session_is_refused() -> None:
    session, another = Session(os.urandom(16), os.urandom(16)), Session(os.urandom(16), os.urandom(16))
    with pytest.raises(FlowMessageError, match="not encrypted with this AES key"):
        session.decrypt_answer(another.encrypt_answer(ANSWER))


def test_repr_shows_neither_the_aes_key_nor_the_iv() -> None:
    assert repr(Session(b"k" * 16, b"i" * 16)) == "Session()"
