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
from typing import Any, Generic, NamedTuple, TypeVar

from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import rsa
from cryptography.hazmat.primitives.ciphers.aead import AESGCM

from whatsapp_flow_keys.custody.decryption_key import DecryptionKey
from whatsapp_flow_keys.errors import FlowMessageError, NoKeyOpensError, OutOfUseError, StoreError
from whatsapp_flow_keys.keys import KEY_SIZE, OAEP

PING = {"version": "3.0", "action": "ping"}
"""What WhatsApp asks whether an endpoint is alive. Source: the same page."""

_Key = TypeVar("_Key", bound=DecryptionKey)

_AES_KEY_BYTES = 16
_IV_BYTES = 16
_FLIPPED = bytes(byte ^ 0xFF for byte in range(256))


@dataclass(frozen=True)
class Session:
    """The AES key and IV of one request; the answer is encrypted with them."""

    aes_key: bytes = field(repr=False)
    """16 bytes."""
    iv: bytes = field(repr=False)
    """16 bytes, of the request; the answer has it with every bit flipped."""

    def encrypt_answer(self, answer: Any) -> str:
        """The body of the HTTP answer: base64 text. Raises :class:`TypeError` or :class:`ValueError` for no JSON."""
        sealed = AESGCM(self.aes_key).encrypt(self._flipped(), _ENCODER.encode(answer).encode(), None)
        return base64.b64encode(sealed).decode()

    def decrypt_answer(self, body: str) -> Any:
        """What WhatsApp's client does with an answer. Raises :class:`FlowMessageError`."""
        return _json(_open_gcm(self.aes_key, self._flipped(), _base64(body, "the answer")))

    def _flipped(self) -> bytes:
        return self.iv.translate(_FLIPPED)


def encrypt_request(public_key: rsa.RSAPublicKey, payload: Any) -> tuple[dict[str, str], Session]:
    """The JSON body of a Flow request as WhatsApp's client sends it, and the session its answer will use."""
    session = Session(os.urandom(_AES_KEY_BYTES), os.urandom(_IV_BYTES))
    sealed = AESGCM(session.aes_key).encrypt(session.iv, json.dumps(payload).encode(), None)
    wrapped = public_key.encrypt(session.aes_key, OAEP)
    body = {
        "encrypted_flow_data": base64.b64encode(sealed).decode(),
        "encrypted_aes_key": base64.b64encode(wrapped).decode(),
        "initial_vector": base64.b64encode(session.iv).decode(),
    }
    return body, session


class Decrypted(NamedTuple, Generic[_Key]):
    """A Flow request that was opened: its payload, the session that encrypts its answer, the key that opened it."""

    payload: Any
    session: Session
    key: _Key


@dataclass(frozen=True)
class SealedRequest:
    """A Flow request of the right shape, not opened yet."""

    wrapped_key: bytes = field(repr=False)
    sealed: bytes = field(repr=False)
    iv: bytes = field(repr=False)

    @classmethod
    def read(cls, body: Any) -> "SealedRequest":
        """From the JSON body of a request. Raises :class:`FlowMessageError`, which names the field."""
        if not isinstance(body, Mapping):
            raise FlowMessageError("the body is JSON, but no object")
        return cls(
            _base64(body.get("encrypted_aes_key"), "encrypted_aes_key"),
            _base64(body.get("encrypted_flow_data"), "encrypted_flow_data"),
            _base64(body.get("initial_vector"), "initial_vector"),
        )

    @property
    def id(self) -> str:
        """Lower-case hex SHA-256 of the three fields, decoded: the same for the same request, another for any other."""
        digest = hashes.Hash(hashes.SHA256())
        for part in (self.wrapped_key, self.iv, self.sealed):
            digest.update(part)
        return digest.finalize().hex()

    def open(self, keys: Iterable[_Key]) -> Decrypted[_Key]:
        """The request, decrypted with the first of ``keys`` that opens it.

        Raises :class:`NoKeyOpensError` when none does, and :class:`FlowMessageError` for what no other key would open.
        Both are an HTTP 421. Raises :class:`StoreError` where none does and a key service could not be asked.
        """
        if len(self.iv) != _IV_BYTES:
            raise FlowMessageError(f"initial_vector: has {len(self.iv)} bytes, not {_IV_BYTES}")
        if len(self.wrapped_key) != KEY_SIZE // 8:
            raise FlowMessageError(
                f"encrypted_aes_key: has {len(self.wrapped_key)} bytes, not the {KEY_SIZE // 8} of an RSA key with "
                f"{KEY_SIZE} bits"
            )
        key, aes_key = self._unwrap(keys)
        if len(aes_key) != _AES_KEY_BYTES:
            raise FlowMessageError(f"the AES key has {len(aes_key)} bytes, not {_AES_KEY_BYTES}: it must be AES-128")
        return Decrypted(_json(_open_gcm(aes_key, self.iv, self.sealed)), Session(aes_key, self.iv), key)

    def _unwrap(self, keys: Iterable[_Key]) -> tuple[_Key, bytes]:
        failure: StoreError | None = None
        said = "none of the private keys opens the request"
        for key in keys:
            try:
                return key, key.unwrap(self.wrapped_key)
            except ValueError:
                continue  # encrypted with another key
            except OutOfUseError as error:
                said = f"{said}; one can't be used: {error}"
            except StoreError as error:
                failure = failure or error  # another key may be elsewhere
        raise failure or NoKeyOpensError(said)


def decrypt_request(keys: Iterable[DecryptionKey], body: Mapping[str, Any]) -> tuple[Any, Session]:
    """The payload of a Flow request, decrypted with the first of ``keys`` that opens it, and its session.

    Raises :class:`FlowMessageError` when a field is missing or malformed, or when no key opens it (HTTP 421).
    """
    opened = SealedRequest.read(body).open(keys)
    return opened.payload, opened.session


def is_round_trip(public_key: rsa.RSAPublicKey, private_key: DecryptionKey) -> bool:
    """Whether a sample request that is encrypted with the one is decrypted with the other."""
    body, _ = encrypt_request(public_key, PING)
    try:
        opened, _ = decrypt_request([private_key], body)
    except FlowMessageError:
        return False
    return bool(opened == PING)


def _open_gcm(aes_key: bytes, iv: bytes, sealed: bytes) -> bytes:
    try:
        return AESGCM(aes_key).decrypt(iv, sealed, None)
    except (InvalidTag, ValueError):
        raise FlowMessageError("the data was not encrypted with this AES key and IV, or was changed") from None


def _base64(value: object, name: str) -> bytes:
    if value is None or value == "":
        raise FlowMessageError(f"{name}: is missing")
    if not isinstance(value, str):
        raise FlowMessageError(f"{name}: is not a string")
    try:
        return base64.b64decode(value, validate=True)
    except (binascii.Error, ValueError):
        raise FlowMessageError(f"{name}: {_why_not_base64(value)}") from None


def _why_not_base64(value: str) -> str:
    if "\n" in value or "\r" in value:
        return "is base64 broken into lines; it must be one"
    if "-" in value or "_" in value:
        return "is base64 of the URL-safe kind, with - and _; it must be the standard one, with + and /"
    return "is not base64"


def _json(data: bytes) -> Any:
    try:
        return strict_json(data)
    except ValueError:
        raise FlowMessageError("the decrypted data is not JSON") from None


def strict_json(data: bytes) -> Any:
    """JSON in UTF-8, without the ``NaN`` and ``Infinity`` that Python adds. Raises :class:`ValueError`."""
    try:
        return _DECODER.decode(data.decode())
    except RecursionError:
        raise ValueError("nested too deeply") from None


def _refuse(constant: str) -> None:
    raise ValueError(f"{constant} is not JSON")


_DECODER = json.JSONDecoder(parse_constant=_refuse)
_ENCODER = json.JSONEncoder(allow_nan=False)
