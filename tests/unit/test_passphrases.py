"""Changing a passphrase: which old one is still needed, and that every key of the ring is written anew at the end."""

from dataclasses import replace
from datetime import UTC, datetime

import pytest
from cryptography.hazmat.primitives.serialization import BestAvailableEncryption, Encoding, PrivateFormat

from tests.passphrases import strong
from whatsapp_flow_keys.custody.pem import (
    NO_PASSPHRASE,
    former_passphrases,
    is_written_with,
    open_key,
    rewritten,
    strengthened,
)
from whatsapp_flow_keys.errors import LifecycleError, PrivateKeyError
from whatsapp_flow_keys.keys import PrivateKey
from whatsapp_flow_keys.ring import KeyRing, RingKey, Role
from whatsapp_flow_keys.sealed_pem import rounds_of

CHOSEN = "words that a person chose"
NOON = datetime(2026, 11, 24, 12, tzinfo=UTC)
OLD, NEW, OLDEST = strong("old passphrase"), strong("new passphrase"), strong("oldest passphrase")
ROLES = list(Role)
CHANGES = [(None, NEW), (OLD, NEW), (OLD, None)]
DIRECTIONS = ["none to one", "one to other", "one to none"]


@pytest.fixture(scope="module")
def pair() -> list[PrivateKey]:
    return [PrivateKey.generate(), PrivateKey.generate()]


def entry(key: PrivateKey, passphrase: str | None, role: Role = Role.CURRENT) -> RingKey:
    return RingKey(key.fingerprint, role, "2026-08-25", NOON, key.to_pem(passphrase))


def ring(pair: list[PrivateKey], *passphrases: str | None) -> KeyRing:
    """A ring whose keys were written with ``passphrases``, in turn."""
    keys = [entry(key, passphrase, role) for key, passphrase, role in zip(pair, passphrases, ROLES, strict=False)]
    return KeyRing("106540352242922", "acme/flows/prod", "owner-1", 3, tuple(keys))


def word(passphrase: str | None) -> str:
    """As a former passphrase is recorded."""
    return NO_PASSPHRASE if passphrase is None else passphrase


def is_encrypted(key: RingKey) -> bool:
    return key.private_key_pem.startswith("-----BEGIN ENCRYPTED PRIVATE KEY-----\n")


def test_a_key_in_the_clear_opens_without_a_passphrase(pair: list[PrivateKey]) -> None:
    assert open_key(entry(pair[0], None)).fingerprint == pair[0].fingerprint


def test_a_key_in_the_clear_opens_whatever_the_passphrase(pair: list[PrivateKey]) -> None:
    assert open_key(entry(pair[0], None), NEW).fingerprint == pair[0].fingerprint


@pytest.mark.parametrize("given", [(OLD,), (NEW, OLD), (OLD, NEW), (None, OLD), (NO_PASSPHRASE, NEW, OLD)])
def test_a_key_opens_with_whichever_passphrase_is_its_own(pair: list[PrivateKey], given: tuple[str | None]) -> None:
    assert open_key(entry(pair[0], OLD), *given).fingerprint == pair[0].fingerprint


@pytest.mark.parametrize("given", [(), (None,), (NO_PASSPHRASE,), (NEW,), (NEW, OLDEST)])
def test_a_key_that_no_passphrase_opens_is_named_and_no_passphrase_is_quoted(
    pair: list[PrivateKey], given: tuple[str | None]
) -> None:
    with pytest.raises(PrivateKeyError) as refused:
        open_key(entry(pair[0], OLD), *given)
    text = str(refused.value)
    assert text.startswith(f"key {pair[0].fingerprint} of the ring: ")
    assert not [passphrase for passphrase in (OLD, NEW, OLDEST) if passphrase in text]


@pytest.mark.parametrize("given", [None, NO_PASSPHRASE])
def test_an_encrypted_key_without_any_passphrase_asks_for_one(pair: list[PrivateKey], given: str | None) -> None:
    with pytest.raises(PrivateKeyError, match="is encrypted; give its passphrase"):
        open_key(entry(pair[0], OLD), given)


@pytest.mark.parametrize("passphrase", [None, NEW])
def test_a_key_in_the_clear_was_written_with_none(pair: list[PrivateKey], passphrase: str | None) -> None:
    assert is_written_with(entry(pair[0], None), passphrase) is (passphrase is None)


@pytest.mark.parametrize("passphrase", [None, NEW, OLD])
def test_an_encrypted_key_was_written_with_the_passphrase_that_opens_it(
    pair: list[PrivateKey], passphrase: str | None
) -> None:
    assert is_written_with(entry(pair[0], OLD), passphrase) is (passphrase == OLD)


@pytest.mark.parametrize("passphrase", [None, OLD])
def test_a_pem_that_holds_another_key_than_named_is_refused(pair: list[PrivateKey], passphrase: str | None) -> None:
    swapped = replace(entry(pair[0], passphrase), fingerprint=pair[1].fingerprint)
    with pytest.raises(PrivateKeyError, match=f"key {pair[1].fingerprint} .* another key, {pair[0].fingerprint}$"):
        open_key(swapped, NEW, passphrase)


@pytest.mark.parametrize(("before", "after"), CHANGES, ids=DIRECTIONS)
def test_the_former_passphrase_is_needed_while_a_key_is_written_with_it(
    pair: list[PrivateKey], before: str | None, after: str | None
) -> None:
    assert former_passphrases(ring(pair, after, before), after, [word(before)]) == [word(before)]


@pytest.mark.parametrize(("before", "after"), CHANGES, ids=DIRECTIONS)
def test_a_former_passphrase_is_not_needed_once_all_keys_are_written_anew(
    pair: list[PrivateKey], before: str | None, after: str | None
) -> None:
    assert former_passphrases(ring(pair, after, after), after, [word(before)]) == []


@pytest.mark.parametrize("passphrase", [None, OLD])
def test_nothing_former_is_needed_without_a_change(pair: list[PrivateKey], passphrase: str | None) -> None:
    assert former_passphrases(ring(pair, passphrase, passphrase), passphrase, []) == []


def test_a_ring_without_keys_needs_no_former_passphrase(pair: list[PrivateKey]) -> None:
    assert former_passphrases(ring(pair), NEW, [OLD]) == []


def test_only_the_former_passphrase_that_is_still_needed_is_kept(pair: list[PrivateKey]) -> None:
    assert former_passphrases(ring(pair, NEW, OLD), NEW, [OLDEST, NO_PASSPHRASE, OLD]) == [OLD]


def test_a_key_in_the_clear_that_nobody_expected_is_recorded_as_such(pair: list[PrivateKey]) -> None:
    assert former_passphrases(ring(pair, NEW, None), NEW, [OLD]) == [NO_PASSPHRASE]


def test_a_second_change_before_the_first_is_finished_is_refused(pair: list[PrivateKey]) -> None:
    with pytest.raises(LifecycleError, match="phone number 106540352242922: the passphrase changed again") as refused:
        former_passphrases(ring(pair, OLD, OLDEST), NEW, [OLD, OLDEST])
    assert OLD not in str(refused.value)


def test_a_change_back_before_it_is_finished_is_taken(pair: list[PrivateKey]) -> None:
    assert former_passphrases(ring(pair, NEW, OLD), OLD, [NEW]) == [NEW]


def test_a_key_that_opens_with_neither_stops_the_change(pair: list[PrivateKey]) -> None:
    with pytest.raises(PrivateKeyError, match=pair[1].fingerprint):
        former_passphrases(ring(pair, NEW, OLDEST), NEW, [OLD])


def test_a_lost_former_passphrase_stops_the_change(pair: list[PrivateKey]) -> None:
    with pytest.raises(PrivateKeyError, match=pair[0].fingerprint):
        former_passphrases(ring(pair, OLD), None, [])


def test_a_key_that_is_not_the_one_named_stops_the_change(pair: list[PrivateKey]) -> None:
    sound = ring(pair, OLD)
    swapped = replace(sound, keys=(replace(sound.keys[0], fingerprint=pair[1].fingerprint),))
    with pytest.raises(PrivateKeyError, match="holds another key"):
        former_passphrases(swapped, NEW, [OLD])


@pytest.mark.parametrize(("before", "after"), CHANGES, ids=DIRECTIONS)
def test_every_key_is_written_with_the_new_passphrase(
    pair: list[PrivateKey], before: str | None, after: str | None
) -> None:
    anew = rewritten(ring(pair, after, before), after, [word(before)])
    assert [is_encrypted(key) for key in anew.keys] == [after is not None] * 2
    assert [open_key(key, after).fingerprint for key in anew.keys] == [key.fingerprint for key in pair]


@pytest.mark.parametrize(("before", "after"), CHANGES, ids=DIRECTIONS)
def test_no_former_passphrase_is_needed_for_what_was_written_anew(
    pair: list[PrivateKey], before: str | None, after: str | None
) -> None:
    anew = rewritten(ring(pair, before, before), after, [word(before)])
    assert former_passphrases(anew, after, [word(before)]) == []


def test_writing_anew_changes_nothing_but_the_pem(pair: list[PrivateKey]) -> None:
    before = ring(pair, OLD, OLD)
    anew = rewritten(before, NEW, [OLD])
    blank = [tuple(replace(key, private_key_pem="") for key in each.keys) for each in (before, anew)]
    assert blank[0] == blank[1]
    assert replace(anew, keys=()) == replace(before, keys=())


def test_a_key_that_has_the_new_passphrase_already_keeps_its_text(pair: list[PrivateKey]) -> None:
    before = ring(pair, NEW, OLD)
    assert rewritten(before, NEW, [OLD]).keys[0] == before.keys[0]


def test_without_a_former_passphrase_nothing_is_written_anew(pair: list[PrivateKey]) -> None:
    before = ring(pair, None, OLD)
    assert rewritten(before, OLD, []) is before


def test_nothing_is_written_anew_when_one_key_does_not_open(pair: list[PrivateKey]) -> None:
    with pytest.raises(PrivateKeyError, match=pair[1].fingerprint):
        rewritten(ring(pair, OLD, OLDEST), NEW, [OLD])


def as_an_older_version_wrote_it(key: PrivateKey, passphrase: str) -> RingKey:
    sealing = BestAvailableEncryption(passphrase.encode())
    pem = key.key.private_bytes(Encoding.PEM, PrivateFormat.PKCS8, sealing).decode()
    return replace(entry(key, None), private_key_pem=pem)


def test_a_key_of_an_older_version_is_strengthened_once(pair: list[PrivateKey]) -> None:
    before = replace(ring(pair, CHOSEN), keys=(as_an_older_version_wrote_it(pair[0], CHOSEN),))
    after = strengthened(before, CHOSEN)
    assert rounds_of(after.keys[0].private_key_pem) == 600_000
    assert open_key(after.keys[0], CHOSEN).fingerprint == pair[0].fingerprint
    assert strengthened(after, CHOSEN) == after


def test_nothing_else_is_written_anew_for_it(pair: list[PrivateKey]) -> None:
    """Neither with a passphrase made at random, nor what another passphrase opens, nor a key in the clear."""
    random, others = as_an_older_version_wrote_it(pair[0], OLD), as_an_older_version_wrote_it(pair[0], "others")
    for key, passphrase in ((random, OLD), (others, CHOSEN), (entry(pair[0], None), CHOSEN), (others, None)):
        before = replace(ring(pair, None), keys=(key,))
        assert strengthened(before, passphrase) == before
