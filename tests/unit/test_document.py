"""The key ring's document: what is written is read, and nothing else is, with words that quote no content."""

import json
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from whatsapp_flow_keys import document
from whatsapp_flow_keys.errors import ForeignDocumentError
from whatsapp_flow_keys.keys import PrivateKey
from whatsapp_flow_keys.ring import KeyRing, RingKey, Role

NOON = datetime(2026, 11, 24, 12, 0, 0, 123456, tzinfo=UTC)
WHERE = "file:///var/lib/flows/ring.json"
CANARY = "hunter2-canary"

Damage = Callable[[dict[str, Any]], object]


@pytest.fixture(scope="module")
def pem() -> str:
    return PrivateKey.generate().to_pem()


@pytest.fixture(scope="module")
def ring(pem: str) -> KeyRing:
    """One key of each role; fingerprints are not checked against PEMs here."""
    offers = [NOON, None, NOON - timedelta(days=1), NOON - timedelta(hours=2)]
    keys = [
        RingKey(f"{at}" * 64, role, "2026-08-25", offered, pem)
        for at, (role, offered) in enumerate(zip(Role, offers, strict=True))
    ]
    return KeyRing("106540352242922", "acme/flows/prod", "owner-1", 7, tuple(keys))


@pytest.fixture
def written(ring: KeyRing) -> dict[str, Any]:
    """A sound document, to be damaged."""
    fields: dict[str, Any] = json.loads(document.dump(ring))
    return fields


def refusal(text: str) -> str:
    """The words of the refusal: they name the place, and quote neither a key nor the canary."""
    with pytest.raises(ForeignDocumentError) as refused:
        document.load(text, WHERE)
    words = str(refused.value)
    assert words.startswith(f"{WHERE}: ")
    assert CANARY not in words
    assert "PRIVATE KEY" not in words
    assert refused.value.__suppress_context__ or refused.value.__context__ is None
    return words


def damage_of(text: str) -> str:
    """What the refusal of a damaged document says is wrong with it."""
    _, found, rest = refusal(text).partition("the key ring document is damaged (")
    assert found
    return rest.partition(");")[0]


def test_what_is_written_is_read(ring: KeyRing) -> None:
    assert document.load(document.dump(ring), WHERE) == ring


def test_a_ring_without_keys_is_written_and_read() -> None:
    empty = KeyRing("106540352242922", "acme/flows/prod", "owner-1")
    assert document.load(document.dump(empty), WHERE) == empty


def test_encrypted_keys_are_written_and_read(ring: KeyRing) -> None:
    sealed = RingKey("a" * 64, Role.CURRENT, "2026-08-25", NOON, PrivateKey.generate().to_pem("a passphrase"))
    of_one = KeyRing(ring.phone_number_id, ring.managed_by, ring.owner, 1, (sealed,))
    assert document.load(document.dump(of_one), WHERE) == of_one


def test_the_document_is_json_of_the_format_that_names_its_version(written: dict[str, Any]) -> None:
    assert written["format"] == "whatsapp-flow-keys/1"


def test_the_document_holds_the_pems_as_one_bundle(written: dict[str, Any], ring: KeyRing, pem: str) -> None:
    assert written["private_keys"] == pem * len(ring.keys)


def test_a_document_that_was_formatted_anew_is_read(written: dict[str, Any], ring: KeyRing) -> None:
    assert document.load(json.dumps(written, separators=(",", ":"), sort_keys=True), WHERE) == ring


def test_a_moment_without_a_zone_is_utc(written: dict[str, Any]) -> None:
    written["keys"][0]["offered_at"] = "2026-11-24T12:00:00"
    assert document.load(json.dumps(written), WHERE).keys[0].offered_at == NOON.replace(microsecond=0)


OF_DOCUMENT = ["revision", "phone_number_id", "managed_by", "owner", "private_keys", "keys"]
OF_KEY = ["fingerprint", "role", "issued_on", "offered_at"]
NO_TEXT: list[object] = [1.5, True, [CANARY], {CANARY: CANARY}]
MISSING_OR_WRONG_TYPE = "a field is missing or of the wrong type"


@pytest.mark.parametrize("name", OF_DOCUMENT)
def test_a_document_that_lacks_a_field_is_damaged(written: dict[str, Any], name: str) -> None:
    del written[name]
    assert damage_of(json.dumps(written)) == MISSING_OR_WRONG_TYPE


@pytest.mark.parametrize("name", OF_KEY)
def test_a_key_that_lacks_a_field_is_damaged(written: dict[str, Any], name: str) -> None:
    del written["keys"][1][name]
    assert damage_of(json.dumps(written)) == MISSING_OR_WRONG_TYPE


@pytest.mark.parametrize(
    ("name", "value"),
    [(name, value) for name in OF_DOCUMENT for value in (None, *NO_TEXT) if (name, value) != ("keys", [CANARY])],
)
def test_a_field_of_the_wrong_type_is_damaged(written: dict[str, Any], name: str, value: object) -> None:
    written[name] = value
    assert damage_of(json.dumps(written)) == MISSING_OR_WRONG_TYPE


@pytest.mark.parametrize("value", ["\x1b[2J", "\x9b2J", "acme/\u202eprod", "\ud800"])
@pytest.mark.parametrize("name", ["phone_number_id", "managed_by", "owner"])
def test_a_name_that_would_rule_a_terminal_is_damaged(written: dict[str, Any], name: str, value: str) -> None:
    written[name] = value
    assert damage_of(json.dumps(written)) == "a name in it isn't printable"


@pytest.mark.parametrize("value", NO_TEXT)
@pytest.mark.parametrize("name", OF_KEY)
def test_a_field_of_a_key_of_the_wrong_type_is_damaged(written: dict[str, Any], name: str, value: object) -> None:
    written["keys"][1][name] = value
    assert damage_of(json.dumps(written)) == MISSING_OR_WRONG_TYPE


def in_first_key(name: str, value: object) -> Damage:
    return lambda written: written["keys"][0].update({name: value})


def in_bundle(change: Callable[[str], str]) -> Damage:
    return lambda written: written.update(private_keys=change(written["private_keys"]))


DAMAGES: dict[str, tuple[Damage, str]] = {
    "revision is text": (lambda written: written.update(revision=CANARY), "of the wrong type"),
    "a key is text": (lambda written: written["keys"].__setitem__(0, CANARY), "of the wrong type"),
    "one key, which is text": (lambda written: written.update(keys=[CANARY]), "do not name the same keys"),
    "a key is null": (lambda written: written["keys"].__setitem__(0, None), "of the wrong type"),
    "an unknown role": (in_first_key("role", CANARY), "of the wrong type"),
    "a role in upper case": (in_first_key("role", "CURRENT"), "of the wrong type"),
    "an offer at no moment": (in_first_key("offered_at", CANARY), "of the wrong type"),
    "an offer at the empty moment": (in_first_key("offered_at", ""), "of the wrong type"),
    "a fingerprint too short": (in_first_key("fingerprint", CANARY), "is not 64 hexadecimal digits"),
    "a fingerprint in upper case": (in_first_key("fingerprint", "A" * 64), "is not 64 hexadecimal digits"),
    "a fingerprint and a line end": (in_first_key("fingerprint", "a" * 64 + "\n"), "is not 64 hexadecimal digits"),
    "a fingerprint twice": (in_first_key("fingerprint", "1" * 64), "a fingerprint stands in it twice"),
    "two are pending": (in_first_key("role", "pending"), "two keys have the role pending"),
    "two are previous": (in_first_key("role", "previous"), "two keys have the role previous"),
    "two are current": (lambda w: w["keys"][1].update(role="current"), "two keys have the role current"),
    "a key without its PEM": (lambda written: written["keys"].pop(), "do not name the same keys"),
    "a PEM without its key": (in_bundle(lambda pems: pems + pems[: len(pems) // 4]), "do not name the same keys"),
    "text before the PEMs": (in_bundle(lambda pems: CANARY + pems), "do not name the same keys"),
    "text behind the PEMs": (in_bundle(lambda pems: pems + CANARY), "do not name the same keys"),
    "PEMs with CRLF": (in_bundle(lambda pems: pems.replace("\n", "\r\n")), "do not name the same keys"),
    "a PEM cut short": (in_bundle(lambda pems: pems[:-30]), "do not name the same keys"),
    "PEMs of PKCS#1": (in_bundle(lambda p: p.replace("PRIVATE", "RSA PRIVATE")), "do not name the same keys"),
    "marks that do not match": (
        in_bundle(lambda pems: pems.replace("BEGIN PRIVATE", "BEGIN ENCRYPTED PRIVATE", 1)),
        "do not name the same keys",
    ),
}


@pytest.mark.parametrize(("damage", "detail"), DAMAGES.values(), ids=DAMAGES)
def test_a_damaged_document_is_refused_with_what_is_wrong(written: dict[str, Any], damage: Damage, detail: str) -> None:
    damage(written)
    assert damage_of(json.dumps(written)).endswith(detail)


def test_a_damaged_document_is_said_to_be_untouched_and_restorable(written: dict[str, Any]) -> None:
    del written["keys"]
    words = refusal(json.dumps(written))
    assert "it was not touched" in words
    assert "Restore it from a backup" in words


@pytest.mark.parametrize("version", ["3", "10", "1.1", "next"])
def test_a_newer_format_asks_to_upgrade(written: dict[str, Any], version: str) -> None:
    written["format"] = f"whatsapp-flow-keys/{version}"
    words = refusal(json.dumps(written))
    assert f"format 'whatsapp-flow-keys/{version}'" in words
    assert words.endswith("upgrade it")


def test_a_document_of_another_format_is_not_ours() -> None:
    words = refusal(json.dumps({"format": CANARY, "password": CANARY}))
    assert "holds a document of another format, not a key ring of WhatsApp Flows; it was not touched" in words


@pytest.mark.parametrize(
    "found",
    [
        {"username": "admin", "password": CANARY},
        {"format": 1, "password": CANARY},
        {"format": None},
        [CANARY],
        CANARY,
        7,
        None,
        True,
        {},
    ],
    ids=str,
)
def test_the_json_of_another_tool_is_not_ours(found: object) -> None:
    assert "holds JSON without the field `format`, not a key ring" in refusal(json.dumps(found))


@pytest.mark.parametrize("text", ["", CANARY, f"{{'password': '{CANARY}'}}", f'{{"format": "{CANARY}', "\ufeff{}"])
def test_what_is_not_json_is_refused_by_its_length(text: str) -> None:
    assert f"holds {len(text)} characters that are not JSON, not a key ring" in refusal(text)


@pytest.mark.parametrize("opening", ["[", '{"format":'])
def test_deeply_nested_json_is_refused_as_any_other_text(opening: str) -> None:
    assert "characters that are not JSON" in refusal(opening * 200_000)


def test_a_number_with_too_many_digits_is_refused(written: dict[str, Any]) -> None:
    text = json.dumps(written).replace('"revision": 7', f'"revision": {"7" * 10_000}')
    assert "characters that are not JSON" in refusal(text)


@pytest.mark.parametrize("keys", [{}, "", 0])
def test_an_empty_bundle_does_not_make_up_for_keys_that_are_no_list(written: dict[str, Any], keys: object) -> None:
    written.update(private_keys="", keys=keys)
    assert damage_of(json.dumps(written)) == MISSING_OR_WRONG_TYPE


def test_a_negative_revision_is_damaged(written: dict[str, Any]) -> None:
    written["revision"] = -1
    assert damage_of(json.dumps(written)) == MISSING_OR_WRONG_TYPE


def test_a_date_that_is_none_is_damaged(written: dict[str, Any]) -> None:
    written["keys"][0]["issued_on"] = "yesterday"
    assert damage_of(json.dumps(written)) == MISSING_OR_WRONG_TYPE
