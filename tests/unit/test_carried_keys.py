"""A private key in whatever shape a secret store, an environment variable or a CI setting made of its PEM."""

import json
import textwrap
import time
from base64 import b64encode
from collections.abc import Callable
from functools import cache

import pytest
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.serialization import BestAvailableEncryption, Encoding, NoEncryption, PrivateFormat
from hypothesis import given, settings
from hypothesis import strategies as st

from tests.pairs import new, old
from tests.passphrases import strong
from tests.unit.test_keys import openssl, refusal
from whatsapp_flow_keys.keys import CheckedKeys, PrivateKey, public_key_fingerprint

PASSPHRASE = strong("correct horse battery")
Shape = Callable[[str], str]


def wrapped_base64(pem: str) -> str:
    return "\n".join(textwrap.wrap(b64encode(pem.encode()).decode(), 76)) + "\n"


def fingerprint(pem: str) -> str:
    """Of the key in it. Its numbers are not checked again, which takes 50 ms."""
    checked = CheckedKeys()
    checked.add(old())
    return PrivateKey.from_pem(pem, PASSPHRASE, checked=checked).fingerprint


@cache
def pem(kind: str) -> str:
    """The key in one of the formats in which people have it."""
    key, sealing = old().key, BestAvailableEncryption(PASSPHRASE.encode())
    match kind:
        case "PKCS#8":
            return old().to_pem()
        case "PKCS#8, encrypted":
            return old().to_pem(PASSPHRASE)
        case "PKCS#1":
            return key.private_bytes(Encoding.PEM, PrivateFormat.TraditionalOpenSSL, NoEncryption()).decode()
        case "PKCS#1, AES":
            return key.private_bytes(Encoding.PEM, PrivateFormat.TraditionalOpenSSL, sealing).decode()
    secret = f"pass:{PASSPHRASE}"  # as Meta's sample makes it
    return openssl("rsa", "-des3", "-traditional", "-passout", secret, given=old().to_pem())


KINDS = ["PKCS#8", "PKCS#8, encrypted", "PKCS#1", "PKCS#1, AES", "PKCS#1, triple DES"]

LINE_ENDS: dict[str, Shape] = {
    "LF": str,
    "CRLF": lambda text: text.replace("\n", "\r\n"),
    "CR": lambda text: text.replace("\n", "\r"),
    "written out": lambda text: text.replace("\n", "\\n"),
    "CRLF written out": lambda text: text.replace("\n", "\\r\\n"),
    "blanks": lambda text: text.replace("\n", " "),
    "nothing": lambda text: text.replace("\n", ""),
    "indented lines": lambda text: textwrap.indent(text, "      "),
    "no final one": lambda text: text.rstrip("\n"),
    "doubled": lambda text: text.replace("\n", "\n\n"),
}
AROUND: dict[str, Shape] = {
    "nothing": str,
    "quotes": lambda text: f'"{text}"',
    "single quotes": lambda text: f"'{text}'",
    "blanks": lambda text: f"\n\t {text} \n\n",
    "a byte order mark": lambda text: f"\ufeff{text}",
    "a JSON string": json.dumps,
    "a JSON string that escapes slashes": lambda text: json.dumps(text).replace("/", "\\/"),
    "a JSON string without its quotes": lambda text: json.dumps(text)[1:-1],
    "a field of JSON": lambda text: json.dumps({"private_key": text}),
    "base64": lambda text: b64encode(text.encode()).decode(),
    "base64 of a file with a byte order mark": lambda text: b64encode(text.encode("utf-8-sig")).decode(),
    "base64 in lines": wrapped_base64,
    "quoted base64": lambda text: f'"{b64encode(text.encode()).decode()}"',
    "what openssl pkcs12 writes before it": lambda text: f"Bag Attributes\n    localKeyID: 01 \n{text}",
    "a public key after it": lambda text: text + old().public_key_pem,
}


@settings(max_examples=750)
@given(st.sampled_from(KINDS), st.sampled_from(sorted(LINE_ENDS)), st.sampled_from(sorted(AROUND)))
def test_whatever_carried_it_the_key_is_the_same(kind: str, line_ends: str, around: str) -> None:
    shaped = AROUND[around](LINE_ENDS[line_ends](pem(kind)))
    assert fingerprint(shaped) == old().fingerprint


@pytest.mark.parametrize("kind", ["PKCS#8", "PKCS#8, encrypted", "PKCS#1"])
@pytest.mark.parametrize("line_ends", LINE_ENDS)
def test_the_base64_alone_is_read_without_its_first_and_last_line(kind: str, line_ends: str) -> None:
    bare = "".join(line + "\n" for line in pem(kind).splitlines() if not line.startswith("-----"))
    assert fingerprint(LINE_ENDS[line_ends](bare)) == old().fingerprint


@pytest.mark.parametrize("line_ends", LINE_ENDS)
def test_a_public_key_is_read_in_the_same_shapes(line_ends: str) -> None:
    assert public_key_fingerprint(LINE_ENDS[line_ends](old().public_key_pem)) == old().fingerprint


@pytest.mark.parametrize("line_ends", LINE_ENDS)
@pytest.mark.parametrize("kind", ["PKCS#8, encrypted", "PKCS#1, AES", "PKCS#1, triple DES"])
def test_a_wrong_passphrase_is_said_in_every_shape(kind: str, line_ends: str) -> None:
    assert "the passphrase does not open" in refusal(LINE_ENDS[line_ends](pem(kind)), "wrong horse")


@pytest.mark.parametrize("kind", KINDS)
def test_a_value_that_was_cut_after_its_first_line_is_said_to_be(kind: str) -> None:
    text = refusal(pem(kind).splitlines()[0], PASSPHRASE)
    assert "the private key ends after its first line. An env file" in text


@pytest.mark.parametrize("kind", KINDS)
def test_a_value_whose_end_is_missing_is_said_to_be_cut(kind: str) -> None:
    assert "the private key ends before its last line" in refusal(pem(kind)[:900], PASSPHRASE)


def test_a_value_whose_first_line_is_missing_is_said_to_be_cut() -> None:
    assert "a PEM whose first line, -----BEGIN …, is missing" in refusal(pem("PKCS#8").partition("\n")[2])


@pytest.mark.parametrize("line_ends", LINE_ENDS)
def test_of_two_private_keys_none_is_chosen(line_ends: str) -> None:
    both = LINE_ENDS[line_ends](old().to_pem() + new().to_pem())
    assert "holds 2 private keys; give one of them, the one that Meta serves" in refusal(both)


@pytest.mark.parametrize("around", ["nothing", "a JSON string", "base64", "base64 in lines"])
def test_what_is_given_instead_is_named_in_every_shape(around: str) -> None:
    other = ec.generate_private_key(ec.SECP256R1())
    sec1 = other.private_bytes(Encoding.PEM, PrivateFormat.TraditionalOpenSSL, NoEncryption()).decode()
    ssh = old().key.private_bytes(Encoding.PEM, PrivateFormat.OpenSSH, NoEncryption()).decode()
    shaped = AROUND[around]
    assert "this is a public key, not a private key" in refusal(shaped(old().public_key_pem))
    assert "a key of type EC" in refusal(shaped(sec1))
    assert "is an OpenSSH key" in refusal(shaped(ssh))


def test_a_public_key_of_ssh_is_named() -> None:
    assert "this is a public key" in refusal("ssh-rsa AAAAB3NzaC1yc2EAAAADAQAB me@example.com")


@given(st.text(alphabet="-ABEGIN KRPVTYDabc=+/\\n\n\"':{}\ufeff ", max_size=300))
def test_any_text_is_read_or_refused_with_a_sentence(text: str) -> None:
    assert refusal(text).startswith("numbers[0].privateKey: ")


@pytest.mark.parametrize(
    "bait",
    [" ", "-----BEGIN ", "-----BEGIN PRIVATE KEY-----", "\\n", "\\", '"', "Proc-Type: ", "A", "-----END ", "\ufeff"],
)
def test_a_large_text_is_refused_at_once(bait: str) -> None:
    large = f"-----BEGIN PRIVATE KEY-----{bait * (60_000 // len(bait))}"
    began = time.process_time()
    refusal(large)
    assert time.process_time() - began < 1
