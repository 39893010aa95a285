"""RSA-2048 key pairs: made, read from what people have, written as PKCS#8 and SPKI PEM, named by fingerprint.

All cryptography goes through pyca/cryptography. Nothing here reads a file or talks to anybody.
"""

import functools
from dataclasses import dataclass
from functools import cached_property

from cryptography.exceptions import UnsupportedAlgorithm
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import padding, rsa
from cryptography.hazmat.primitives.asymmetric.types import PrivateKeyTypes, PublicKeyTypes

from whatsapp_flow_keys.errors import InputError, PrivateKeyError
from whatsapp_flow_keys.fingerprint import short
from whatsapp_flow_keys.pem_text import as_pem, private_key_pem, public_key_pem
from whatsapp_flow_keys.sealed_pem import seal

KEY_SIZE = 2048
"""The only size that Meta takes, in bits (error 100: "a valid 2048-bit RSA public key in PEM format")."""

OAEP = padding.OAEP(mgf=padding.MGF1(algorithm=hashes.SHA256()), algorithm=hashes.SHA256(), label=None)
"""How a Flow request's AES key is wrapped. Source: Meta, "Implementing Endpoint for Flows"."""

_PUBLIC_EXPONENT = 65537


@dataclass(frozen=True, repr=False)
class PrivateKey:
    """An RSA-2048 private key. Its ``repr`` shows the fingerprint only."""

    key: rsa.RSAPrivateKey

    @classmethod
    def generate(cls) -> "PrivateKey":
        """A new key from the operating system's random source."""
        return cls(rsa.generate_private_key(_PUBLIC_EXPONENT, KEY_SIZE))

    @classmethod
    def from_pem(
        cls,
        pem: str,
        passphrase: str | None = None,
        *,
        field: str = "private key",
        checked: "CheckedKeys | None" = None,
    ) -> "PrivateKey":
        """Reads PKCS#8 and PKCS#1 PEM, encrypted or not, also the old ``des-ede3-cbc`` PEMs of Meta's sample.

        It may be in any shape that :mod:`whatsapp_flow_keys.pem_text` reads, or be the base64 that stands between the
        first and the last line. A passphrase that isn't needed is ignored. A key that is among ``checked`` is not
        checked again, any other joins them.
        Raises :class:`PrivateKeyError`, whose text names ``field`` and never quotes the PEM.
        """
        data = private_key_pem(pem, field)
        if checked is not None and (known := checked.opened(data, passphrase)):
            return known
        try:
            if checked is not None and (same := checked.same(_load(data.encode(), passphrase, check=False))):
                return checked.note(data, passphrase, same)
            key = _load(data.encode(), passphrase)
        except TypeError:
            raise PrivateKeyError(f"{field}: the private key is encrypted; give its passphrase") from None
        except (ValueError, UnsupportedAlgorithm):
            raise PrivateKeyError(f"{field}: {_why_unreadable(data, passphrase)}") from None
        if not isinstance(key, rsa.RSAPrivateKey):
            kind = type(key).__name__.strip("_").removesuffix("PrivateKey")
            raise PrivateKeyError(f"{field}: a key of type {kind}; WhatsApp Flows takes RSA with {KEY_SIZE} bits only")
        if key.key_size != KEY_SIZE:
            raise PrivateKeyError(f"{field}: an RSA key of {key.key_size} bits; WhatsApp Flows takes {KEY_SIZE} only")
        read = cls(key)
        return read if checked is None else checked.note(data, passphrase, checked.add(read))

    @classmethod
    def from_primes(cls, p: int, q: int, exponent: int) -> "PrivateKey":
        """The key of two primes and its public exponent, in a moment: whether they are primes is left to who opens its
        PEM. Raises :class:`ValueError` for numbers of which no key is made."""
        d = rsa.rsa_recover_private_exponent(exponent, p, q)
        numbers = rsa.RSAPrivateNumbers(
            p=p,
            q=q,
            d=d,
            dmp1=rsa.rsa_crt_dmp1(d, p),
            dmq1=rsa.rsa_crt_dmq1(d, q),
            iqmp=rsa.rsa_crt_iqmp(p, q),
            public_numbers=rsa.RSAPublicNumbers(exponent, p * q),
        )
        return cls(numbers.private_key(unsafe_skip_rsa_key_validation=True))

    def __repr__(self) -> str:
        return f"PrivateKey({short(self.fingerprint)}…)"

    @cached_property
    def fingerprint(self) -> str:
        """Lower-case hex SHA-256 of the public key's SPKI DER."""
        return _fingerprint(self.key.public_key())

    @cached_property
    def public_key_pem(self) -> str:
        """The public half as SPKI PEM (``BEGIN PUBLIC KEY``), as Meta takes it."""
        pem = self.key.public_key().public_bytes(
            serialization.Encoding.PEM, serialization.PublicFormat.SubjectPublicKeyInfo
        )
        return pem.decode()

    def unwrap(self, wrapped: bytes, scheme: padding.AsymmetricPadding = OAEP) -> bytes:
        """See :class:`DecryptionKey`. ``scheme``: another way in which it may have been wrapped."""
        return self.key.decrypt(wrapped, scheme)

    def to_pem(self, passphrase: str | None = None) -> str:
        """PKCS#8 PEM, encrypted when there is a passphrase; see :mod:`whatsapp_flow_keys.sealed_pem`."""
        as_der = serialization.Encoding.DER, serialization.PrivateFormat.PKCS8, serialization.NoEncryption()
        der = self.key.private_bytes(*as_der)
        return as_pem("PRIVATE KEY", der) if passphrase is None else seal(der, passphrase)

    def to_traditional_pem(self) -> str:
        """PKCS#1 PEM (``BEGIN RSA PRIVATE KEY``), in the clear: what ``x509.ParsePKCS1PrivateKey`` of Go reads."""
        pkcs1 = serialization.PrivateFormat.TraditionalOpenSSL
        der = self.key.private_bytes(serialization.Encoding.DER, pkcs1, serialization.NoEncryption())
        return as_pem("RSA PRIVATE KEY", der)


class CheckedKeys:
    """Keys whose numbers were found consistent: read again, they need not be checked again, which takes 50 ms; nor need
    the same PEM be opened again, which takes 75 ms with a passphrase that a person chose.

    It holds private keys and their passphrases as long as it lives. Thread-safe.
    """

    def __init__(self) -> None:
        self._keys: dict[str, PrivateKey] = {}
        self._opened: dict[tuple[str, str | None], PrivateKey] = {}

    def opened(self, pem: str, passphrase: str | None) -> PrivateKey | None:
        """What this very text was opened to with ``passphrase``; None where it was not."""
        return self._opened.get((pem, passphrase))

    def note(self, pem: str, passphrase: str | None, key: PrivateKey) -> PrivateKey:
        """``key``, which ``passphrase`` opened ``pem`` to."""
        self._opened[pem, passphrase] = key
        return key

    def add(self, key: PrivateKey) -> PrivateKey:
        """The same key, for the caller to go on with."""
        return self._keys.setdefault(key.fingerprint, key)

    def same(self, key: PrivateKeyTypes) -> PrivateKey | None:
        """The one that has every number of ``key``; None where there is none."""
        if not isinstance(key, rsa.RSAPrivateKey):
            return None
        known = self._keys.get(_fingerprint(key.public_key()))
        return known if known and known.key.private_numbers() == key.private_numbers() else None


CHECKED = CheckedKeys()
"""Those of this process, for a run of a program or a command, which ends soon; an endpoint doesn't use it."""


def make_key() -> PrivateKey:
    """A new key, which joins :data:`CHECKED`."""
    return CHECKED.add(PrivateKey.generate())


def public_key_fingerprint(pem: str, *, field: str = "public key") -> str:
    """Lower-case hex SHA-256 of the SPKI DER of any public key in PEM format, whatever its type and size.

    The same as ``openssl pkey -pubin -outform der | openssl dgst -sha256``. Keys are compared by it, never by their
    text, since Meta may reformat a PEM. Raises :class:`InputError` when the text is no public key.
    """
    return _fingerprint(_load_public(pem, field))


def load_public_key(pem: str, *, field: str = "public key") -> rsa.RSAPublicKey:
    """The RSA public key in an SPKI PEM. Raises :class:`InputError` when it is none."""
    key = _load_public(pem, field)
    if not isinstance(key, rsa.RSAPublicKey):
        raise InputError(f"{field}: is not an RSA public key")
    return key


def _load(data: bytes, passphrase: str | None, *, check: bool = True) -> PrivateKeyTypes:
    read = functools.partial(serialization.load_pem_private_key, data, unsafe_skip_rsa_key_validation=not check)
    try:
        return read(passphrase.encode() if passphrase else None)
    except TypeError:
        if not passphrase:
            raise
        return read(None)  # the key is in the clear: the passphrase isn't needed


def _load_public(pem: str, field: str) -> PublicKeyTypes:
    try:
        return serialization.load_pem_public_key(public_key_pem(pem, field).encode())
    except (ValueError, UnsupportedAlgorithm):
        raise InputError(f"{field}: is not a public key in PEM format") from None


def _fingerprint(key: PublicKeyTypes) -> str:
    der = key.public_bytes(serialization.Encoding.DER, serialization.PublicFormat.SubjectPublicKeyInfo)
    digest = hashes.Hash(hashes.SHA256())
    digest.update(der)
    return digest.finalize().hex()


def _why_unreadable(data: str, passphrase: str | None) -> str:
    encrypted = "ENCRYPTED" in data
    if encrypted and passphrase:
        return "the passphrase does not open the private key, or the key is damaged"
    return "the private key can't be read: it is damaged or of another format"
