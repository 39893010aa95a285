"""What goes from a check to the create or update right after it, and of which a state records a digest."""

import pytest
from pulumi.output import Unknown
from pulumi.runtime.rpc import unwrap_rpc_secret

from whatsapp_flow_keys.dynamic.encryption_key import EncryptionKeyProvider
from whatsapp_flow_keys.dynamic.key_registration import KeyRegistrationProvider
from whatsapp_flow_keys.dynamic.key_ring import KeyRingProvider
from whatsapp_flow_keys.errors import InputError
from whatsapp_flow_keys.resources.in_passing import InPassing, digest_of

NUMBER = {"phone_number_id": "106540352242922", "managed_by": "org/flows/prod", "backups": []}
KEY = {"key_id": "key", "fingerprint": "f", "issued_on": "2026-11-24", "locations": []}
SECRET = "-----BEGIN PRIVATE KEY-----"


def test_the_text_comes_back_for_its_digest() -> None:
    passing = InPassing()
    recorded = passing.hand_on(SECRET)
    assert recorded == digest_of(SECRET) != SECRET
    assert passing.take(str(recorded), "ring") == SECRET


def test_what_is_not_known_yet_or_not_there_stays_as_it_is() -> None:
    """A preview has no text, and a digest that `ignore_changes` put back is one already."""
    passing, unknown = InPassing(), Unknown()  # type: ignore[no-untyped-call]  # the SDK types no constructor
    assert passing.hand_on(unknown) is unknown
    assert passing.hand_on(None) is None
    assert passing.hand_on(digest_of(SECRET)) == digest_of(SECRET)


def test_a_string_that_no_check_has_replaced_is_taken_as_it_is() -> None:
    assert InPassing().take(SECRET, "ring") == SECRET


def test_a_digest_that_no_check_has_seen_is_refused() -> None:
    with pytest.raises(InputError, match=r"^private_key: this run was given its digest only"):
        InPassing().take(str(digest_of(SECRET)), "private_key")


def test_no_check_leaves_a_private_key_for_the_state() -> None:
    """Of the stack's own keys it holds two copies: the pair's, and the ring."""
    ring = KeyRingProvider().check({}, {**NUMBER, **KEY, "private_key": SECRET}).inputs
    registration = KeyRegistrationProvider().check({}, {**NUMBER, **KEY, "store": "stack", "ring": SECRET}).inputs
    assert ring
    assert registration
    assert SECRET not in f"{ring}{registration}"
    recorded = {unwrap_rpc_secret(ring["private_key"]), unwrap_rpc_secret(registration["ring"])}
    assert recorded == {digest_of(SECRET)}


def test_a_state_that_records_the_whole_ring_is_no_change() -> None:
    """As the versions did that knew of no digests."""
    given = {**NUMBER, **KEY, "store": "stack", "ring": SECRET}
    news = KeyRegistrationProvider().check(given, given).inputs
    assert news
    news = {name: unwrap_rpc_secret(value) for name, value in news.items()}
    olds = {**given, "proven_fingerprint": "f"}
    assert not KeyRegistrationProvider().diff("id", olds, news).changes
    assert KeyRegistrationProvider().diff("id", {**olds, "ring": f"{SECRET} another"}, news).changes


def test_the_pair_keeps_its_private_key() -> None:
    """It is durable there before any other resource is asked."""
    created = EncryptionKeyProvider().create({**NUMBER, "store": "stack", "issued_on": "2026-11-24"})
    assert created.outs
    assert unwrap_rpc_secret(created.outs["private_key"]).startswith(SECRET)
