"""The client's side of the encryption of Flows: seals a request, opens its answer, signs what is sent.

Source: Meta, "Implementing Endpoint for Flows". Written from that page alone, apart from the code that it is to test.
"""

from __future__ import annotations

import base64
import hashlib
import hmac
import json
import secrets
from collections.abc import Mapping
from dataclasses import dataclass, field

from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives.asymmetric.padding import MGF1, OAEP
from cryptography.hazmat.primitives.asymmetric.rsa import RSAPublicKey
from cryptography.hazmat.primitives.ciphers import Cipher
from cryptography.hazmat.primitives.ciphers.algorithms import AES
from cryptography.hazmat.primitives.ciphers.modes import GCM
from cryptography.hazmat.primitives.hashes import SHA256
from cryptography.hazmat.primitives.serialization import load_pem_public_key

AES_KEY_BYTES = 16
IV_BYTES = 16
TAG_BYTES = 16


class UndecryptableAnswer(ValueError):
    """The endpoint's answer is not base64, not encrypted for this request, or not JSON; the message says which."""


@dataclass(frozen=True)
class SealedRequest:
    """One encrypted request. `body` is the raw JSON to sign and to POST; the AES key and the IV open its answer."""

    body: bytes
    aes_key: bytes = field(repr=False)
    iv: bytes = field(repr=False)

    def open_answer(self, body: bytes) -> object:
        """The JSON value in an answer: base64 text, the request's AES key, every bit of its IV flipped.

        Raises `UndecryptableAnswer`.
        """
        try:
            sealed = base64.b64decode(body.strip(), validate=True)
        except ValueError as error:
            raise UndecryptableAnswer("the answer is not base64") from error
        opened = _open(self.aes_key, bytes(byte ^ 0xFF for byte in self.iv), sealed)
        try:
            return json.loads(opened)
        except (ValueError, RecursionError) as error:
            raise UndecryptableAnswer("the answer decrypts, but not to JSON") from error


def seal_request(public_key_pem: str, payload: Mapping[str, object]) -> SealedRequest:
    """Encrypts a payload with a new AES-128 key and IV; the key is wrapped for `public_key_pem` (RSA, SPKI).

    Raises `ValueError` where that is no PEM of an RSA public key.
    """
    public_key = load_pem_public_key(public_key_pem.encode("ascii"))
    if not isinstance(public_key, RSAPublicKey):
        raise ValueError("the public key is not an RSA key")
    aes_key, iv = secrets.token_bytes(AES_KEY_BYTES), secrets.token_bytes(IV_BYTES)
    encryptor = Cipher(AES(aes_key), GCM(iv)).encryptor()
    sealed = encryptor.update(json.dumps(payload).encode()) + encryptor.finalize() + encryptor.tag
    parts = {
        "encrypted_flow_data": sealed,
        "encrypted_aes_key": public_key.encrypt(aes_key, OAEP(MGF1(SHA256()), SHA256(), label=None)),
        "initial_vector": iv,
    }
    body = json.dumps({name: base64.b64encode(part).decode() for name, part in parts.items()})
    return SealedRequest(body.encode(), aes_key, iv)


def signature(app_secret: str, body: bytes) -> str:
    """The header X-Hub-Signature-256: `sha256=` and the lower-case hex HMAC-SHA256 of the raw body."""
    return "sha256=" + hmac.new(app_secret.encode(), body, hashlib.sha256).hexdigest()


def _open(aes_key: bytes, iv: bytes, sealed: bytes) -> bytes:
    if len(sealed) < TAG_BYTES:
        raise UndecryptableAnswer("the answer is shorter than its tag")
    decryptor = Cipher(AES(aes_key), GCM(iv, sealed[-TAG_BYTES:])).decryptor()
    try:
        return decryptor.update(sealed[:-TAG_BYTES]) + decryptor.finalize()
    except InvalidTag as error:
        raise UndecryptableAnswer("the answer is not encrypted with this request's key and flipped IV") from error
