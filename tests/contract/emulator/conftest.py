"""What the emulator's own tests share: a number, two tokens, public keys, an emulator for each test."""

from collections.abc import Iterator

import pytest
from cryptography.hazmat.primitives.asymmetric import rsa
from cryptography.hazmat.primitives.serialization import Encoding, PublicFormat

from whatsapp_graph_emulator import Emulator

NUMBER = "106540352242922"
TOKEN = "token-of-the-test"
OTHER_TOKEN = "token-of-another-business"
BEARER = {"Authorization": f"Bearer {TOKEN}"}


def public_pem(bits: int = 2048) -> str:
    """A new public key, SPKI PEM."""
    key = rsa.generate_private_key(public_exponent=65537, key_size=bits).public_key()
    return key.public_bytes(Encoding.PEM, PublicFormat.SubjectPublicKeyInfo).decode()


@pytest.fixture(scope="module")
def pem() -> str:
    """A public key that Meta takes."""
    return public_pem()


@pytest.fixture(scope="module")
def other_pem() -> str:
    """Another one."""
    return public_pem()


@pytest.fixture
def emulator() -> Iterator[Emulator]:
    """An emulator of the test's own, with one number."""
    with Emulator(tokens=[TOKEN, OTHER_TOKEN], numbers=[NUMBER]) as running:
        yield running
