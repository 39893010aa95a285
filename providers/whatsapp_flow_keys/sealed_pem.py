"""A private key as encrypted PKCS#8: PBES2 with PBKDF2-HMAC-SHA256 and AES-256-CBC (RFC 8018), as OpenSSL writes it.

For PKCS#8 pyca/cryptography takes no number of rounds and writes 2,048. So the structure is put together here, from
pyca's key derivation and cipher; pyca, OpenSSL and whatever else reads PKCS#8 reads it.
"""

import os
import re

from cryptography.hazmat.primitives.ciphers import Cipher
from cryptography.hazmat.primitives.ciphers.algorithms import AES256
from cryptography.hazmat.primitives.ciphers.modes import CBC
from cryptography.hazmat.primitives.hashes import SHA256
from cryptography.hazmat.primitives.kdf.pbkdf2 import PBKDF2HMAC
from cryptography.hazmat.primitives.padding import PKCS7

from whatsapp_flow_keys.carried import base64_content
from whatsapp_flow_keys.pem_text import as_pem

STRETCHED = 600_000
"""Rounds for a passphrase that a person chose. Source: OWASP, "Password Storage Cheat Sheet", PBKDF2-HMAC-SHA256."""

PLAIN = 2_048
"""Rounds for one that was made at random, which no number of guesses finds: an endpoint's start need not wait."""

_RANDOM = re.compile(r"(?=.*[0-9])(?=.*[A-Za-z])[A-Za-z0-9+/=_-]{43,}")
"""43 letters and digits, as GeneratedPassphrase makes them and ``openssl rand -base64 32`` does, hold 256 bits."""

_SEQUENCE, _OCTETS, _INTEGER, _NAME, _NULL = 0x30, 0x04, 0x02, 0x06, b"\x05\x00"
_PBES2 = bytes.fromhex("2a864886f70d01050d")
_PBKDF2 = bytes.fromhex("2a864886f70d01050c")
_HMAC_SHA256 = bytes.fromhex("2a864886f70d0209")
_AES_256_CBC = bytes.fromhex("60864801650304012a")


def rounds_for(passphrase: str) -> int:
    """How many rounds a key is written with that ``passphrase`` encrypts."""
    return PLAIN if _RANDOM.fullmatch(passphrase) else STRETCHED


def rounds_of(pem: str) -> int:
    """How many rounds an encrypted PEM was written with; 0 if that can't be seen."""
    der = base64_content("".join(line for line in pem.splitlines() if not line.startswith("-")))
    _, _, parameters = der.partition(_der(_NAME, _PBKDF2))
    salt = parameters[2:]  # behind the head of a sequence
    number = salt[2 + int.from_bytes(salt[1:2]) :]
    return int.from_bytes(number[2:][: int.from_bytes(number[1:2])])


def seal(pkcs8: bytes, passphrase: str) -> str:
    """The DER of a PKCS#8 key as a PEM that ``passphrase`` opens."""
    salt, iv, rounds = os.urandom(16), os.urandom(16), rounds_for(passphrase)
    key = PBKDF2HMAC(SHA256(), 32, salt, rounds).derive(passphrase.encode())
    padder, encryptor = PKCS7(128).padder(), Cipher(AES256(key), CBC(iv)).encryptor()
    encrypted = encryptor.update(padder.update(pkcs8) + padder.finalize()) + encryptor.finalize()
    derivation = _der(
        _SEQUENCE,
        _der(_OCTETS, salt),
        _der(_INTEGER, rounds.to_bytes(rounds.bit_length() // 8 + 1)),
        _der(_SEQUENCE, _der(_NAME, _HMAC_SHA256), _NULL),
    )
    scheme = _der(
        _SEQUENCE,
        _der(_SEQUENCE, _der(_NAME, _PBKDF2), derivation),
        _der(_SEQUENCE, _der(_NAME, _AES_256_CBC), _der(_OCTETS, iv)),
    )
    algorithm = _der(_SEQUENCE, _der(_NAME, _PBES2), scheme)
    return as_pem("ENCRYPTED PRIVATE KEY", _der(_SEQUENCE, algorithm, _der(_OCTETS, encrypted)))


def _der(tag: int, *parts: bytes) -> bytes:
    content = b"".join(parts)
    length = len(content)
    if length < 0x80:
        return bytes([tag, length]) + content
    digits = length.to_bytes((length.bit_length() + 7) // 8)
    return bytes([tag, 0x80 | len(digits)]) + digits + content
