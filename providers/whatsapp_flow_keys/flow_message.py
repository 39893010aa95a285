"""The encryption of Flow requests and answers, as Meta documents it for Flow endpoints.

A request: AES-128-GCM with a 16-byte IV and the tag appended, its key wrapped by RSA-OAEP with SHA-256 in both places.
An answer: the same AES key, the IV with every bit flipped. Source: Meta, "Implementing Endpoint for Flows".
"""

import base64
import binascii
import json
import os
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from typing import Any

from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import padding, rsa
from cryptography.hazmat.primitives.ciphers.aead import AESGCM

from whatsapp_flow_keys.errors import FlowMessageError
from whatsapp_flow_keys.keys import PrivateKey

_AES_KEY_BYTES = 16
_IV_BYTES = 16
_OAEP = padding.OAEP(mgf=padding.MGF1(algorithm=hashes.SHA256()), algorithm=hashes.SHA256(), label=None)


@dataclass(frozen=True)
class Session:
    """The AES key and IV of one request; the answer is encrypted with them."""

    aes_key: bytes = field(repr=False)
    iv: bytes = field(repr=False)

    def encrypt_answer(self, answer: Any) -> str:
        """The body of the HTTP answer: base64 text."""
        sealed = AESGCM(self.aes_key).encrypt(self._flipped(), json.dumps(answer).encode(), None)
        return base64.b64encode(sealed).decode()

    def decrypt_answer(self, body: str) -> Any:
        """What WhatsApp's client does with an answer. Raises :class:`FlowMessageError`."""
        return _json(_open_gcm(self.aes_key, self._flipped(), _base64(body, "the answer")))

    def _flipped(self) -> bytes:
        return bytes(byte ^ 0xFF for byte in self.iv)


def encrypt_request(public_key: rsa.RSAPublicKey, payload: Any) -> tuple[dict[str, str], Session]:
    """The JSON body of a Flow request as WhatsApp's client sends it, and the session its answer will use."""
    session = Session(os.urandom(_AES_KEY_BYTES), os.urandom(_IV_BYTES))
    sealed = AESGCM(session.aes_key).encrypt(session.iv, json.dumps(payload).encode(), None)
    wrapped = public_key.encrypt(session.aes_key, _OAEP)
    body = {
        "encrypted_flow_data": base64.b64encode(sealed).decode(),
        "encrypted_aes_key": base64.b64encode(wrapped).decode(),
        "initial_vector": base64.b64encode(session.iv).decode(),
    }
    return body, session


def decrypt_request(keys: Iterable[PrivateKey], body: Mapping[str, Any]) -> tuple[Any, Session]:
    """The payload of a Flow request, decrypted with the first of ``keys`` that opens it, and its session.

    Raises :class:`FlowMessageError` when a field is missing or malformed, or when no key opens it (HTTP 421).
    """
    wrapped = _base64(body.get("encrypted_aes_key"), "encrypted_aes_key")
    sealed = _base64(body.get("encrypted_flow_data"), "encrypted_flow_data")
    iv = _base64(body.get("initial_vector"), "initial_vector")
    if len(iv) != _IV_BYTES:
        raise FlowMessageError(f"initial_vector: has {len(iv)} bytes, not {_IV_BYTES}")
    for key in keys:
        try:
            aes_key = key.key.decrypt(wrapped, _OAEP)
            if len(aes_key) == _AES_KEY_BYTES:
                return _json(_open_gcm(aes_key, iv, sealed)), Session(aes_key, iv)
        except ValueError:
            continue  # encrypted with another key
        except FlowMessageError:
            continue
    raise FlowMessageError("none of the private keys opens the request")


def _open_gcm(aes_key: bytes, iv: bytes, sealed: bytes) -> bytes:
    try:
        return AESGCM(aes_key).decrypt(iv, sealed, None)
    except (InvalidTag, ValueError):
        raise FlowMessageError("the data was not encrypted with this AES key and IV, or was changed") from None


def _base64(value: object, name: str) -> bytes:
    try:
        return base64.b64decode(value, validate=True) if isinstance(value, str) and value else _missing(name)
    except (binascii.Error, ValueError):
        raise FlowMessageError(f"{name}: is not base64") from None


def _missing(name: str) -> bytes:
    raise FlowMessageError(f"{name}: is missing")


def _json(data: bytes) -> Any:
    try:
        return json.loads(data)
    except (ValueError, RecursionError):
        raise FlowMessageError("the decrypted data is not JSON") from None
