"""How a private key is encrypted: with as many rounds as its passphrase needs, and as every other tool reads it."""

import secrets

import pytest
from cryptography.hazmat.primitives.serialization import BestAvailableEncryption, Encoding, PrivateFormat

from tests.pages import command_to_type
from tests.pairs import old
from tests.passphrases import strong
from tests.unit.test_keys import openssl
from whatsapp_flow_keys.errors import PrivateKeyError
from whatsapp_flow_keys.keys import PrivateKey
from whatsapp_flow_keys.sealed_pem import rounds_of

CHOSEN = "correct horse bättery"
AES_256, BY_PBKDF2 = ["-v2", "aes-256-cbc"], ["-v2prf", "hmacWithSHA256"]


def written_by_openssl(passphrase: str, *more: str) -> str:
    return openssl("pkcs8", "-topk8", *AES_256, "-passout", f"pass:{passphrase}", *more, given=old().to_pem())


def structure(pem: str) -> list[str]:
    """What the openssl program sees in it, without the lengths and without what is random."""
    lines = [line.partition("d=")[2] for line in openssl("asn1parse", given=pem).splitlines()]
    return [
        f"{line[0]} {line.partition('cons: ')[2] or line.partition('prim: ')[2]}".split("[HEX")[0] for line in lines
    ]


@pytest.mark.parametrize(
    "passphrase",
    [
        CHOSEN,
        "hunter2",
        "x" * 60,
        "1" * 60,
        "it was the best of times, it was the worst of times in 1775",
        strong("words")[:42],
    ],
)
def test_words_that_a_person_chose_get_600_000_rounds(passphrase: str) -> None:
    assert rounds_of(old().to_pem(passphrase)) == 600_000


@pytest.mark.parametrize(
    "passphrase",
    [strong("as GeneratedPassphrase"), secrets.token_hex(32), "aB3/+" * 9 + "w==", "aB3-_" * 9],
    ids=["letters and digits", "hexadecimal", "base64", "base64 for URLs"],
)
def test_256_bits_made_at_random_need_no_more_than_2_048(passphrase: str) -> None:
    assert rounds_of(old().to_pem(passphrase)) == 2_048


def test_what_the_page_has_openssl_make_looks_made_at_random() -> None:
    _, *words = command_to_type("docs/security.md", "openssl rand").split()
    assert rounds_of(old().to_pem(openssl(*words).strip())) == 2_048


@pytest.mark.parametrize("passphrase", [CHOSEN, strong("made at random")])
def test_it_is_written_as_openssl_does(passphrase: str) -> None:
    pem, rounds = old().to_pem(passphrase), "600000" if passphrase == CHOSEN else "2048"
    assert structure(pem) == structure(written_by_openssl(passphrase, *BY_PBKDF2, "-iter", rounds))
    assert openssl("pkey", "-passin", f"pass:{passphrase}", "-pubout", given=pem) == old().public_key_pem


@pytest.mark.parametrize("passphrase", [CHOSEN, strong("made at random")])
def test_what_is_written_opens_with_its_passphrase_alone(passphrase: str) -> None:
    pem = old().to_pem(passphrase)
    assert PrivateKey.from_pem(pem, passphrase).fingerprint == old().fingerprint
    with pytest.raises(PrivateKeyError, match="does not open"):
        PrivateKey.from_pem(pem, f"{passphrase}x")


def test_no_two_are_alike() -> None:
    assert old().to_pem(strong("words")) != old().to_pem(strong("words"))


@pytest.mark.parametrize("rounds", [1, 127, 128, 255, 2_048, 65_536, 600_000])
def test_the_rounds_of_what_another_tool_wrote_are_seen(rounds: int) -> None:
    assert rounds_of(written_by_openssl("words", *BY_PBKDF2, "-iter", str(rounds))) == rounds


def test_what_older_versions_wrote_has_2_048() -> None:
    sealing = BestAvailableEncryption(CHOSEN.encode())
    pem = old().key.private_bytes(Encoding.PEM, PrivateFormat.PKCS8, sealing).decode()
    assert rounds_of(pem) == 2_048


def test_where_no_rounds_are_seen_there_are_none() -> None:
    pem = old().to_pem(strong("words"))
    lines = pem.splitlines()
    assert rounds_of(old().to_pem()) == rounds_of(written_by_openssl("words", "-scrypt")) == rounds_of("") == 0
    assert {rounds_of(f"{lines[0]}\n{lines[1][:end]}\n") for end in range(0, 64, 4)} == {0}
