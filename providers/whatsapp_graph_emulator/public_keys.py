"""Reads the public key that a business registers: RSA with 2048 bits, as an SPKI PEM.

Meta's guide asks for "a 2048-bit RSA public key in PEM format" made by `openssl rsa -pubout`, which is SPKI
(`BEGIN PUBLIC KEY`). That other sizes and PKCS#1 (`BEGIN RSA PUBLIC KEY`) are refused is this emulator's reading.
"""

from __future__ import annotations

import hashlib
import re
from dataclasses import dataclass

from cryptography.exceptions import UnsupportedAlgorithm
from cryptography.hazmat.primitives.asymmetric.rsa import RSAPublicKey
from cryptography.hazmat.primitives.serialization import Encoding, PublicFormat, load_pem_public_key

KEY_BITS = 2048

_ONE_SPKI_PEM = re.compile(r"-----BEGIN PUBLIC KEY-----\r?\n[A-Za-z0-9+/=\r\n]+-----END PUBLIC KEY-----")


class InvalidPublicKey(ValueError):
    """The text is not one RSA-2048 public key in SPKI PEM; the message says what it lacks."""


@dataclass(frozen=True)
class PublicKey:
    """A registered key: `pem` as the edge serves it, and the lower-case hex SHA-256 of its SPKI DER."""

    pem: str
    fingerprint: str


def read_public_key(text: str) -> PublicKey:
    """The key in `text`; blanks around it and CRLF line ends are accepted.

    Raises `InvalidPublicKey` for anything else than one SPKI PEM of an RSA key with 2048 bits.
    """
    pem = text.strip()
    if not _ONE_SPKI_PEM.fullmatch(pem):
        raise InvalidPublicKey("must be one PEM block that starts with BEGIN PUBLIC KEY")
    try:
        key = load_pem_public_key(pem.encode("ascii"))
    except (ValueError, UnsupportedAlgorithm) as error:
        raise InvalidPublicKey("the PEM block does not hold a public key") from error
    if not isinstance(key, RSAPublicKey) or key.key_size != KEY_BITS:
        raise InvalidPublicKey(f"must be an RSA key with {KEY_BITS} bits")
    der = key.public_bytes(Encoding.DER, PublicFormat.SubjectPublicKeyInfo)
    served = key.public_bytes(Encoding.PEM, PublicFormat.SubjectPublicKeyInfo).decode("ascii")
    return PublicKey(pem=served, fingerprint=hashlib.sha256(der).hexdigest())
