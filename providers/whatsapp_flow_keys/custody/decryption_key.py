"""What a private key is to everybody who only decrypts with it."""

from typing import Protocol


class DecryptionKey(Protocol):
    """A private key, wherever it lies."""

    @property
    def fingerprint(self) -> str:
        """Lower-case hex SHA-256 of the public key's SPKI DER."""

    @property
    def public_key_pem(self) -> str:
        """The public half as SPKI PEM."""

    def unwrap(self, wrapped: bytes) -> bytes:
        """The bytes that were encrypted with the public half by RSA-OAEP with SHA-256, as WhatsApp's client does.

        Raises :class:`ValueError` for what was encrypted with another key, or in another way.
        """
