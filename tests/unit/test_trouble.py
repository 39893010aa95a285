"""What people get wrong when they write the client's half: each has a log line that names it."""

import base64
import json
import os

import pytest
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import padding
from cryptography.hazmat.primitives.ciphers.aead import AESGCM

from tests.forms import APP_SECRET, FORM, endpoint_of, key
from tests.servers.endpoint_app import echo
from whatsapp_flow_keys.flow_protocol.signature import HEADER, sign

SHA1, SHA256 = hashes.SHA1(), hashes.SHA256()


def status_and_log(
    caplog: pytest.LogCaptureFixture,
    *,
    oaep: tuple[hashes.HashAlgorithm, hashes.HashAlgorithm] = (SHA256, SHA256),
    label: bytes | None = None,
    aes_bytes: int = 16,
    iv_bytes: int = 16,
    extra: bytes | None = None,
    lines: bool = False,
    key_name: str = "current",
) -> tuple[int, str]:
    """A form encrypted in another way than WhatsApp's, and what came of it."""
    aes_key, iv = os.urandom(aes_bytes), os.urandom(iv_bytes)
    hash_, mgf_hash = oaep
    wrapped = key(key_name).key.public_key().encrypt(aes_key, padding.OAEP(padding.MGF1(mgf_hash), hash_, label))
    data = AESGCM(aes_key).encrypt(iv, json.dumps(FORM).encode(), extra)
    encode = base64.encodebytes if lines else base64.b64encode
    fields = {"encrypted_flow_data": data, "encrypted_aes_key": wrapped, "initial_vector": iv}
    body = json.dumps({name: encode(value).decode() for name, value in fields.items()}).encode()
    answer = endpoint_of(echo, key(), key("previous")).answer({HEADER: sign(APP_SECRET, body)}, body)
    return answer.status, caplog.text


def test_the_way_of_whatsapp_has_no_trouble(caplog: pytest.LogCaptureFixture) -> None:
    assert status_and_log(caplog) == (200, "")


@pytest.mark.parametrize("key_name", ["current", "previous"])
def test_sha1_is_named(caplog: pytest.LogCaptureFixture, key_name: str) -> None:
    status, log = status_and_log(caplog, oaep=(SHA1, SHA1), key_name=key_name)
    assert status == 421
    assert f"encrypted for key {key(key_name).fingerprint[:12]} by OAEP with SHA-1: set SHA-256 for it" in log


def test_javas_default_is_named(caplog: pytest.LogCaptureFixture) -> None:
    status, log = status_and_log(caplog, oaep=(SHA256, SHA1))
    assert status == 421
    assert "OAEP with SHA-256 but MGF1 with SHA-1 (Java's default): set MGF1 to SHA-256, too" in log


@pytest.mark.parametrize("aes_bytes", [24, 32])
def test_aes_256_is_named(caplog: pytest.LogCaptureFixture, aes_bytes: int) -> None:
    status, log = status_and_log(caplog, aes_bytes=aes_bytes)
    assert status == 421
    assert f"the AES key has {aes_bytes} bytes, not 16: it must be AES-128" in log


def test_an_iv_of_12_bytes_is_named(caplog: pytest.LogCaptureFixture) -> None:
    status, log = status_and_log(caplog, iv_bytes=12)
    assert status == 421
    assert "initial_vector: has 12 bytes, not 16" in log


def test_additional_data_is_named(caplog: pytest.LogCaptureFixture) -> None:
    status, log = status_and_log(caplog, extra=b"more")
    assert status == 421
    assert "the data was not encrypted with this AES key and IV, or was changed" in log


def test_base64_in_lines_is_named(caplog: pytest.LogCaptureFixture) -> None:
    status, log = status_and_log(caplog, lines=True)
    assert status == 400
    assert "encrypted_aes_key: is base64 broken into lines; it must be one" in log


def test_what_is_none_of_these_is_not_guessed_at(caplog: pytest.LogCaptureFixture) -> None:
    status, log = status_and_log(caplog, label=b"a label")
    assert status == 421
    assert "none of the private keys opens the request" in log
