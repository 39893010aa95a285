"""A private key wrapped so that a key service alone can import it, as Vault and AWS KMS take one.

Sources: OpenBao, "Transit: import key"; AWS KMS, "Encrypt key material", RSA_AES_KEY_WRAP_SHA_256.
"""

import os

from cryptography.hazmat.primitives import serialization
from cryptography.hazmat.primitives.asymmetric import rsa
from cryptography.hazmat.primitives.keywrap import aes_key_wrap_with_padding

from whatsapp_flow_keys.keys import OAEP, PrivateKey


def wrapped_for(wrapping_key: rsa.RSAPublicKey, key: PrivateKey) -> bytes:
    """A new AES-256 key by RSA-OAEP with SHA-256, and after it the PKCS#8 of ``key`` by AES-KWP under that key."""
    der = key.key.private_bytes(
        serialization.Encoding.DER, serialization.PrivateFormat.PKCS8, serialization.NoEncryption()
    )
    ephemeral = os.urandom(32)
    return wrapping_key.encrypt(ephemeral, OAEP) + aes_key_wrap_with_padding(ephemeral, der)
