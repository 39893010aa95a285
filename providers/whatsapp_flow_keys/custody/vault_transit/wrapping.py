"""A private key wrapped so that the server's transit engine alone can import it. Source: OpenBao, "Transit: import"."""

import base64

from cryptography.hazmat.primitives import serialization
from cryptography.hazmat.primitives.keywrap import aes_key_wrap_with_padding

from whatsapp_flow_keys.keys import OAEP, PrivateKey, load_public_key


def wrapped_for(wrapping_key_pem: str, key: PrivateKey, ephemeral: bytes) -> str:
    """Base64 of ``ephemeral``, 32 bytes, by RSA-OAEP with SHA-256, and of the key's PKCS#8 by AES-KWP under it."""
    der = key.key.private_bytes(
        serialization.Encoding.DER, serialization.PrivateFormat.PKCS8, serialization.NoEncryption()
    )
    wrapped = load_public_key(wrapping_key_pem, field="wrapping_key").encrypt(ephemeral, OAEP)
    return base64.b64encode(wrapped + aes_key_wrap_with_padding(ephemeral, der)).decode()
