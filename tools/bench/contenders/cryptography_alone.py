"""The same exchange written out with the package `cryptography` and nothing around it; the key is loaded once.

It names no error and accepts what it shouldn't. Every ratio of the bench is to this one.
"""

import base64
import json
from collections.abc import Callable

from tools.bench.contenders.protocol import Fields, fields, serve


def load(private_key: str) -> Callable[[Fields], str]:
    """RSA-OAEP and AES-128-GCM both ways, with JSON and base64."""
    from cryptography.hazmat.primitives import hashes
    from cryptography.hazmat.primitives.asymmetric import padding, rsa
    from cryptography.hazmat.primitives.ciphers.aead import AESGCM
    from cryptography.hazmat.primitives.serialization import load_pem_private_key

    key = load_pem_private_key(private_key.encode(), None)
    assert isinstance(key, rsa.RSAPrivateKey)
    decrypt_key = key.decrypt
    oaep = padding.OAEP(mgf=padding.MGF1(algorithm=hashes.SHA256()), algorithm=hashes.SHA256(), label=None)
    flipped = bytes(range(255, -1, -1))

    def exchange(request: Fields) -> str:
        aes = AESGCM(decrypt_key(base64.b64decode(request["encrypted_aes_key"]), oaep))
        iv = base64.b64decode(request["initial_vector"])
        payload = json.loads(aes.decrypt(iv, base64.b64decode(request["encrypted_flow_data"]), None))
        answer = json.dumps({"screen": "CONFIRM", "data": payload["data"]}).encode()
        return base64.b64encode(aes.encrypt(iv.translate(flipped), answer, None)).decode()

    return exchange


if __name__ == "__main__":
    serve(load, fields)
