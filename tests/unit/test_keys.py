"""RSA-2048 keys: what is read, what is refused and with which words, what is written, and how a key is named."""

import hashlib
import subprocess
import time
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
from cryptography import x509
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import dsa, ec, ed25519, rsa
from cryptography.hazmat.primitives.serialization import (
    BestAvailableEncryption,
    Encoding,
    KeySerializationEncryption,
    NoEncryption,
    PrivateFormat,
    PublicFormat,
)
from cryptography.x509.oid import NameOID

from tests.pages import command_to_type
from whatsapp_flow_keys.errors import InputError, PrivateKeyError
from whatsapp_flow_keys.fingerprint import parse_fingerprint
from whatsapp_flow_keys.keys import (
    CHECKED,
    CheckedKeys,
    PrivateKey,
    load_public_key,
    make_key,
    public_key_fingerprint,
)

FIELD = "numbers[0].privateKey"
PASSPHRASE = "correct horse bättery"
AnyKey = rsa.RSAPrivateKey | ec.EllipticCurvePrivateKey | ed25519.Ed25519PrivateKey | dsa.DSAPrivateKey


@pytest.fixture(scope="module")
def key() -> PrivateKey:
    return PrivateKey.generate()


@pytest.fixture(scope="module")
def clear(key: PrivateKey) -> str:
    """PKCS#8 without a passphrase."""
    return key.to_pem()


@pytest.fixture(scope="module")
def sealed(key: PrivateKey) -> str:
    """PKCS#8 with :data:`PASSPHRASE`."""
    return key.to_pem(PASSPHRASE)


def traditional(key: PrivateKey, encryption: KeySerializationEncryption | None = None) -> str:
    how = encryption or NoEncryption()
    return key.key.private_bytes(Encoding.PEM, PrivateFormat.TraditionalOpenSSL, how).decode()


def openssl(*arguments: str, given: str = "") -> str:
    return subprocess.run(["openssl", *arguments], input=given, capture_output=True, text=True, check=True).stdout


def pkcs8(key: AnyKey) -> str:
    return key.private_bytes(Encoding.PEM, PrivateFormat.PKCS8, NoEncryption()).decode()


def refusal(pem: str, passphrase: str | None = None) -> str:
    """The text of the refusal, which never quotes a line of the PEM or the passphrase."""
    with pytest.raises(PrivateKeyError) as refused:
        PrivateKey.from_pem(pem, passphrase, field=FIELD)
    text = str(refused.value)
    assert text.startswith(f"{FIELD}: ")
    assert passphrase is None or passphrase not in text
    lines = [line.strip() for line in pem[:4000].splitlines() if len(line.strip()) > 8]
    assert not [line for line in lines if line in text]
    hidden = refused.value.__suppress_context__ or refused.value.__context__ is None
    assert hidden, "a traceback would show a cause, which might quote it"
    return text


def test_a_generated_key_is_rsa_2048_with_the_usual_exponent(key: PrivateKey) -> None:
    assert (key.key.key_size, key.key.public_key().public_numbers().e) == (2048, 65537)


def test_no_two_generated_keys_are_alike(key: PrivateKey) -> None:
    assert PrivateKey.generate().fingerprint != key.fingerprint


def test_the_fingerprint_is_sha256_of_the_spki_der(key: PrivateKey) -> None:
    der = key.key.public_key().public_bytes(Encoding.DER, PublicFormat.SubjectPublicKeyInfo)
    assert key.fingerprint == hashlib.sha256(der).hexdigest()


@pytest.mark.parametrize(
    "command",
    [command_to_type("docs/settings.md", "openssl pkey "), command_to_type("docs/adoption.md", "openssl pkey ")],
    ids=["of a public key", "of a private key"],
)
def test_the_fingerprint_is_what_the_commands_of_the_pages_print(
    key: PrivateKey, clear: str, tmp_path: Path, command: str
) -> None:
    (tmp_path / "key.pem").write_text(key.public_key_pem)
    (tmp_path / "private.pem").write_text(clear)
    printed = subprocess.run(["sh", "-c", command], cwd=tmp_path, capture_output=True, text=True, check=True).stdout
    assert printed.split()[-1] == key.fingerprint


def test_what_the_openssl_program_makes_is_read() -> None:
    _, *words = command_to_type("docs/adoption.md", "openssl genrsa").split()
    made = PrivateKey.from_pem(openssl(*words))
    assert made.key.key_size == 2048


def test_the_public_key_is_the_one_the_openssl_program_extracts(key: PrivateKey, clear: str) -> None:
    assert openssl("pkey", "-pubout", given=clear) == key.public_key_pem


def test_a_public_key_has_the_fingerprint_of_its_private_key(key: PrivateKey) -> None:
    assert public_key_fingerprint(key.public_key_pem) == key.fingerprint


def test_a_public_key_that_was_formatted_anew_has_the_same_fingerprint(key: PrivateKey) -> None:
    assert public_key_fingerprint(key.public_key_pem.strip().replace("\n", "\r\n")) == key.fingerprint


def test_a_public_key_of_any_type_has_a_fingerprint() -> None:
    public = ed25519.Ed25519PrivateKey.generate().public_key()
    der = public.public_bytes(Encoding.DER, PublicFormat.SubjectPublicKeyInfo)
    pem = public.public_bytes(Encoding.PEM, PublicFormat.SubjectPublicKeyInfo).decode()
    assert public_key_fingerprint(pem) == hashlib.sha256(der).hexdigest()


@pytest.mark.parametrize("text", ["", "no key", "-----BEGIN PUBLIC KEY-----\nAAAA\n-----END PUBLIC KEY-----\n"])
def test_what_is_no_public_key_is_refused_with_its_field(text: str) -> None:
    with pytest.raises(InputError, match=r"^the answer: is "):
        public_key_fingerprint(text, field="the answer")


def test_a_public_rsa_key_is_loaded(key: PrivateKey) -> None:
    assert load_public_key(key.public_key_pem) == key.key.public_key()


def test_a_public_key_that_is_not_rsa_is_refused_where_rsa_is_needed() -> None:
    public = ec.generate_private_key(ec.SECP256R1()).public_key()
    pem = public.public_bytes(Encoding.PEM, PublicFormat.SubjectPublicKeyInfo).decode()
    with pytest.raises(InputError, match=r"^the answer: is not an RSA public key$"):
        load_public_key(pem, field="the answer")


def test_a_key_without_a_passphrase_is_written_and_read(key: PrivateKey, clear: str) -> None:
    assert clear.startswith("-----BEGIN PRIVATE KEY-----\n")
    assert PrivateKey.from_pem(clear).fingerprint == key.fingerprint


def test_a_key_with_a_passphrase_is_written_and_read(key: PrivateKey, sealed: str) -> None:
    assert sealed.startswith("-----BEGIN ENCRYPTED PRIVATE KEY-----\n")
    assert PrivateKey.from_pem(sealed, PASSPHRASE).fingerprint == key.fingerprint


def test_the_openssl_program_opens_what_is_written(key: PrivateKey, sealed: str) -> None:
    assert openssl("pkey", "-passin", f"pass:{PASSPHRASE}", "-pubout", given=sealed) == key.public_key_pem


@pytest.mark.parametrize("passphrase", [PASSPHRASE, ""])
def test_a_passphrase_that_is_not_needed_is_ignored(key: PrivateKey, clear: str, passphrase: str) -> None:
    assert PrivateKey.from_pem(clear, passphrase).fingerprint == key.fingerprint


def test_pkcs1_is_read(key: PrivateKey) -> None:
    pem = traditional(key)
    assert pem.startswith("-----BEGIN RSA PRIVATE KEY-----\n")
    assert PrivateKey.from_pem(pem).fingerprint == key.fingerprint


def test_pkcs1_with_aes_is_read(key: PrivateKey) -> None:
    pem = traditional(key, BestAvailableEncryption(PASSPHRASE.encode()))
    assert "Proc-Type: 4,ENCRYPTED" in pem
    assert PrivateKey.from_pem(pem, PASSPHRASE).fingerprint == key.fingerprint


@pytest.fixture(scope="module")
def of_metas_sample(clear: str) -> str:
    """As Meta's sample makes keys: traditional, encrypted with triple DES."""
    pem = openssl("rsa", "-des3", "-traditional", "-passout", f"pass:{PASSPHRASE}", given=clear)
    assert "DEK-Info: DES-EDE3-CBC," in pem
    return pem


def test_the_old_triple_des_pem_of_metas_sample_is_read(key: PrivateKey, of_metas_sample: str) -> None:
    assert PrivateKey.from_pem(of_metas_sample, PASSPHRASE).fingerprint == key.fingerprint


@pytest.mark.parametrize("bits", [1024, 3072])
def test_an_rsa_key_of_another_size_is_refused_with_both_sizes(bits: int) -> None:
    text = refusal(pkcs8(rsa.generate_private_key(65537, bits)))
    assert f"an RSA key of {bits} bits; WhatsApp Flows takes 2048 only" in text


@pytest.mark.parametrize(
    ("other", "kind"),
    [(ec.generate_private_key(ec.SECP256R1()), "EC;"), (ed25519.Ed25519PrivateKey.generate(), "Ed25519;")],
    ids=["EC", "Ed25519"],
)
def test_a_key_of_another_type_is_refused_with_its_type(other: AnyKey, kind: str) -> None:
    assert f"a key of type {kind}" in refusal(pkcs8(other))


def test_a_public_key_is_refused_as_such(key: PrivateKey) -> None:
    assert "this is a public key" in refusal(key.public_key_pem)


def test_a_certificate_is_refused_as_such(key: PrivateKey) -> None:
    name = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, "acme")])
    day = datetime(2026, 11, 24, tzinfo=UTC)
    builder = x509.CertificateBuilder(name, name, key.key.public_key(), 1, day, day + timedelta(days=1))
    pem = builder.sign(key.key, hashes.SHA256()).public_bytes(Encoding.PEM).decode()
    assert "this is a certificate" in refusal(pem)


@pytest.mark.parametrize("passphrase", [None, PASSPHRASE])
def test_an_openssh_key_is_refused(key: PrivateKey, passphrase: str | None) -> None:
    pem = key.key.private_bytes(Encoding.PEM, PrivateFormat.OpenSSH, NoEncryption()).decode()
    assert "is an OpenSSH key. Convert a copy of its file with `ssh-keygen -p -m pkcs8 -f" in refusal(pem, passphrase)


def test_other_text_is_refused_as_such() -> None:
    assert "this is some other text" in refusal("the launch code is 0000-1111")


@pytest.mark.parametrize("empty", ["", "  \n"])
def test_an_empty_text_is_refused_as_such(empty: str) -> None:
    assert "is empty" in refusal(empty)


def test_a_huge_text_is_refused_by_its_length(clear: str) -> None:
    assert "far more than a key" in refusal(clear + "A" * 64 * 1024)


def test_garbage_between_the_marks_is_refused() -> None:
    pem = "-----BEGIN PRIVATE KEY-----\nbm90IGEga2V5IGF0IGFsbA==\n-----END PRIVATE KEY-----\n"
    assert "damaged or of another format" in refusal(pem)


def test_a_damaged_key_is_refused(clear: str) -> None:
    lines = clear.splitlines(keepends=True)
    assert "damaged" in refusal("".join(lines[:5] + lines[6:]))


def test_text_that_is_not_unicode_is_refused(clear: str) -> None:
    assert "damaged" in refusal(clear.replace("\n-----END", "\ud800\n-----END"))


@pytest.mark.parametrize("kind", ["sealed", "of_metas_sample"])
def test_a_wrong_passphrase_is_refused(kind: str, request: pytest.FixtureRequest) -> None:
    assert "the passphrase does not open" in refusal(request.getfixturevalue(kind), "wrong horse")


@pytest.mark.parametrize("passphrase", [None, ""])
@pytest.mark.parametrize("kind", ["sealed", "of_metas_sample"])
def test_a_missing_passphrase_is_asked_for(kind: str, passphrase: str | None, request: pytest.FixtureRequest) -> None:
    with pytest.raises(PrivateKeyError, match=r"^the key: the private key is encrypted; give its passphrase$"):
        PrivateKey.from_pem(request.getfixturevalue(kind), passphrase, field="the key")


def test_repr_shows_the_start_of_the_fingerprint_and_no_key(key: PrivateKey) -> None:
    assert repr(key) == str(key) == f"PrivateKey({key.fingerprint[:12]}…)"


def test_a_fingerprint_may_have_colons_and_upper_case(key: PrivateKey) -> None:
    pairs = [key.fingerprint[at : at + 2].upper() for at in range(0, 64, 2)]
    assert parse_fingerprint(f" {':'.join(pairs)}\n", "replace") == key.fingerprint


@pytest.mark.parametrize("value", ["", "ab", "g" * 64, "a" * 63, "a" * 65, None, 7, b"a" * 64, "٣" * 64])
def test_what_is_no_fingerprint_is_refused_with_its_field(value: object) -> None:
    with pytest.raises(InputError, match=r"^replace: a fingerprint has 64 hexadecimal digits"):
        parse_fingerprint(value, "replace")


@pytest.mark.parametrize("passphrase", [None, PASSPHRASE])
def test_a_key_that_was_checked_is_read_as_the_same_object(key: PrivateKey, passphrase: str | None) -> None:
    """However its PEM was written, its primes are not checked again."""
    checked = CheckedKeys()
    first = PrivateKey.from_pem(key.to_pem(), checked=checked)
    assert PrivateKey.from_pem(key.to_pem(passphrase), passphrase, checked=checked) is first


def test_a_pem_that_was_opened_is_not_opened_again_with_the_same_passphrase(key: PrivateKey, sealed: str) -> None:
    """It takes 75 ms with words that a person chose, and a rotation reads each PEM some times."""
    checked = CheckedKeys()
    first = PrivateKey.from_pem(sealed, PASSPHRASE, checked=checked)
    began = time.process_time()
    assert all(PrivateKey.from_pem(sealed, PASSPHRASE, checked=checked) is first for _ in range(20))
    assert time.process_time() - began < 0.5
    for passphrase in (None, "wrong"):
        with pytest.raises(PrivateKeyError):
            PrivateKey.from_pem(sealed, passphrase, checked=checked)


def test_a_damaged_copy_of_a_checked_key_is_refused(key: PrivateKey) -> None:
    """Its public half alone says nothing: every number has to be the same."""
    checked = CheckedKeys()
    checked.add(key)
    numbers = key.key.private_numbers()
    damaged = rsa.RSAPrivateNumbers(
        numbers.p, numbers.q, numbers.d + 2, numbers.dmp1, numbers.dmq1, numbers.iqmp, numbers.public_numbers
    ).private_key(unsafe_skip_rsa_key_validation=True)
    with pytest.raises(PrivateKeyError, match="damaged"):
        PrivateKey.from_pem(PrivateKey(damaged).to_pem(), checked=checked)


def test_what_is_wrong_with_a_pem_is_said_beside_checked_keys_too(key: PrivateKey) -> None:
    """A wrong passphrase, a missing one and another kind of key end in the same sentences."""
    checked = CheckedKeys()
    checked.add(key)
    for passphrase, said in ((None, "give its passphrase"), ("wrong", "does not open")):
        with pytest.raises(PrivateKeyError, match=said):
            PrivateKey.from_pem(key.to_pem(PASSPHRASE), passphrase, checked=checked)
    with pytest.raises(PrivateKeyError, match="takes RSA"):
        PrivateKey.from_pem(pkcs8(ec.generate_private_key(ec.SECP256R1())), checked=checked)


def test_a_key_that_was_made_is_known() -> None:
    """So its first reading in the same run is free, too."""
    made = make_key()
    assert PrivateKey.from_pem(made.to_pem(), checked=CHECKED) is made
