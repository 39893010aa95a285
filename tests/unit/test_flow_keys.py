"""What an endpoint does with a ring: from its environment to the payload of a request."""

from dataclasses import replace
from datetime import UTC, datetime
from pathlib import Path

import pytest

from tests.passphrases import strong
from whatsapp_flow_endpoint.flow_keys import FlowKeys
from whatsapp_flow_keys import document, extras
from whatsapp_flow_keys.errors import (
    FlowMessageError,
    ForeignDocumentError,
    InputError,
    PrivateKeyError,
    StoreError,
)
from whatsapp_flow_keys.flow_protocol.message import encrypt_request
from whatsapp_flow_keys.keys import PrivateKey
from whatsapp_flow_keys.ring import KeyRing, RingKey, Role

NOON = datetime(2026, 11, 24, 12, tzinfo=UTC)
OLD, NEW = strong("old passphrase"), strong("new passphrase")
PAYLOAD = {"version": "3.0", "action": "ping"}
KEYS, PASSPHRASE, FORMER = "WHATSAPP_FLOW_KEYS", "WHATSAPP_FLOW_PASSPHRASE", "WHATSAPP_FLOW_FORMER_PASSPHRASE"


@pytest.fixture(scope="module")
def pair() -> list[PrivateKey]:
    """The current key and the one before."""
    return [PrivateKey.generate(), PrivateKey.generate()]


@pytest.fixture(scope="module")
def stranger() -> PrivateKey:
    return PrivateKey.generate()


def ring(pair: list[PrivateKey], *passphrases: str | None) -> KeyRing:
    roles = (Role.CURRENT, Role.PREVIOUS)
    keys = [
        RingKey(key.fingerprint, role, "2026-08-25", NOON, key.to_pem(passphrase))
        for key, role, passphrase in zip(pair, roles, passphrases or (None, None), strict=True)
    ]
    return KeyRing("106540352242922", "acme/flows/prod", "owner-1", 3, tuple(keys))


def opens(keys: FlowKeys, key: PrivateKey) -> bool:
    body, _ = encrypt_request(key.key.public_key(), PAYLOAD)
    return bool(keys.decrypt(body)[0] == PAYLOAD)


def test_the_environment_may_hold_the_document(pair: list[PrivateKey]) -> None:
    keys = FlowKeys.from_env({KEYS: document.dump(ring(pair))})
    assert keys.fingerprints == (pair[0].fingerprint, pair[1].fingerprint)


def test_blanks_around_the_document_do_not_matter(pair: list[PrivateKey]) -> None:
    assert FlowKeys.from_env({KEYS: f"\n  {document.dump(ring(pair))}\n"}).fingerprints


def test_the_environment_may_hold_the_url_of_a_file(pair: list[PrivateKey], tmp_path: Path) -> None:
    file = tmp_path / "the ring.json"
    file.write_text(document.dump(ring(pair)))
    assert FlowKeys.from_env({KEYS: file.as_uri()}).fingerprints == (pair[0].fingerprint, pair[1].fingerprint)


def test_the_environment_is_that_of_the_process(pair: list[PrivateKey], monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv(KEYS, document.dump(ring(pair, NEW, NEW)))
    monkeypatch.setenv(PASSPHRASE, NEW)
    assert FlowKeys.from_env().fingerprints == (pair[0].fingerprint, pair[1].fingerprint)


@pytest.mark.parametrize("at", [0, 1], ids=["current", "previous"])
def test_a_request_for_any_key_of_the_ring_is_decrypted(pair: list[PrivateKey], at: int) -> None:
    assert opens(FlowKeys(ring(pair)), pair[at])


def test_the_answer_is_readable_by_who_asked(pair: list[PrivateKey]) -> None:
    body, asked = encrypt_request(pair[1].key.public_key(), PAYLOAD)
    _, session = FlowKeys(ring(pair)).decrypt(body)
    assert asked.decrypt_answer(session.encrypt_answer({"data": {"status": "active"}})) == {
        "data": {"status": "active"}
    }


def test_a_request_for_a_key_that_is_not_in_the_ring_is_refused(pair: list[PrivateKey], stranger: PrivateKey) -> None:
    with pytest.raises(FlowMessageError, match="none of the private keys opens the request"):
        opens(FlowKeys(ring(pair)), stranger)


@pytest.mark.parametrize(
    ("current", "previous", "environ"),
    [
        (NEW, OLD, {PASSPHRASE: NEW, FORMER: OLD}),
        (OLD, OLD, {PASSPHRASE: NEW, FORMER: OLD}),
        (NEW, None, {PASSPHRASE: NEW}),
        (NEW, None, {PASSPHRASE: NEW, FORMER: ""}),
        (None, OLD, {FORMER: OLD}),
        (None, OLD, {PASSPHRASE: "", FORMER: OLD}),
    ],
)
def test_every_key_opens_while_the_passphrase_changes(
    pair: list[PrivateKey], current: str | None, previous: str | None, environ: dict[str, str]
) -> None:
    keys = FlowKeys.from_env({KEYS: document.dump(ring(pair, current, previous)), **environ})
    assert [opens(keys, key) for key in pair] == [True, True]


@pytest.mark.parametrize("environ", [{}, {PASSPHRASE: ""}, {PASSPHRASE: NEW}, {PASSPHRASE: NEW, FORMER: "older"}])
def test_a_key_that_no_passphrase_opens_is_named_at_the_start(pair: list[PrivateKey], environ: dict[str, str]) -> None:
    with pytest.raises(PrivateKeyError, match=f"^key {pair[1].fingerprint} of the ring: "):
        FlowKeys.from_env({KEYS: document.dump(ring(pair, None, OLD)), **environ})


def test_a_pem_that_holds_another_key_than_named_is_refused(pair: list[PrivateKey], stranger: PrivateKey) -> None:
    sound = ring(pair)
    swapped = replace(sound.keys[0], private_key_pem=stranger.to_pem())
    with pytest.raises(PrivateKeyError, match=f"holds another key, {stranger.fingerprint}"):
        FlowKeys(replace(sound, keys=(swapped, sound.keys[1])))


@pytest.mark.parametrize("environ", [{}, {KEYS: ""}, {KEYS: " \n"}], ids=["missing", "empty", "blank"])
def test_a_variable_that_is_not_set_is_named_with_the_way_on(environ: dict[str, str]) -> None:
    with pytest.raises(InputError, match=f"^{KEYS}: is not set; give the endpoint the environment `endpoint_env`$"):
        FlowKeys.from_env(environ)


def test_a_file_that_is_missing_is_named(tmp_path: Path) -> None:
    url = (tmp_path / "ring.json").as_uri()
    with pytest.raises(StoreError, match=f"^{KEYS}: there is no key ring at {url}$"):
        FlowKeys.from_env({KEYS: url})


def test_a_file_that_is_empty_holds_no_ring(tmp_path: Path) -> None:
    file = tmp_path / "ring.json"
    file.touch()
    with pytest.raises(StoreError, match=f"^{KEYS}: there is no key ring at "):
        FlowKeys.from_env({KEYS: file.as_uri()})


def test_a_file_of_another_tool_is_named_and_not_quoted(tmp_path: Path) -> None:
    file = tmp_path / "credentials.json"
    file.write_text('{"password": "hunter2"}')
    with pytest.raises(ForeignDocumentError, match=f"^{file.as_uri()}: ") as refused:
        FlowKeys.from_env({KEYS: file.as_uri()})
    assert "hunter2" not in str(refused.value)


def test_a_document_that_is_damaged_names_the_variable() -> None:
    with pytest.raises(ForeignDocumentError, match=f"^{KEYS}: the key ring document is damaged"):
        FlowKeys.from_env({KEYS: '{"format": "whatsapp-flow-keys/1"}'})


@pytest.mark.parametrize("url", ["https://example.com/ring.json", "ring.json", "file://ring.json", "stack"])
def test_what_is_no_store_names_the_variable(url: str) -> None:
    with pytest.raises(InputError, match=f"^{KEYS}: "):
        FlowKeys.from_env({KEYS: url})


@pytest.mark.parametrize("quote", ["{}", "'{}'", '"{}"', "LS0tLS1{}"])
def test_another_secret_in_its_place_is_not_quoted(quote: str) -> None:
    with pytest.raises(InputError, match=f"^{KEYS}: holds [0-9]+ characters that are neither a key ring") as refused:
        FlowKeys.from_env({KEYS: quote.format("hunter2-is-my-passphrase")})
    assert "hunter2" not in str(refused.value)


def test_repr_shows_no_key(pair: list[PrivateKey]) -> None:
    assert "PRIVATE KEY" not in repr(FlowKeys(ring(pair)))


def test_the_next_store_is_read_where_the_first_has_no_ring(pair: list[PrivateKey], tmp_path: Path) -> None:
    missing, foreign, whole = (tmp_path / name for name in ("missing.json", "foreign.json", "whole.json"))
    foreign.write_text("another tool's")
    whole.write_text(document.dump(ring(pair)))
    keys = FlowKeys.from_env({KEYS: f"{missing.as_uri()} {foreign.as_uri()}\n{whole.as_uri()}"})
    assert keys.fingerprints == tuple(key.fingerprint for key in pair)


def test_the_next_store_is_read_where_the_first_ones_client_library_is_missing(
    pair: list[PrivateKey], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(extras, "find_spec", lambda module: None)
    whole = tmp_path / "whole.json"
    whole.write_text(document.dump(ring(pair)))
    keys = FlowKeys.from_env({KEYS: f"hashivault://vault.example.com/line {whole.as_uri()}"})
    assert keys.fingerprints == tuple(key.fingerprint for key in pair)


def test_the_first_store_that_can_be_read_is_taken(pair: list[PrivateKey], tmp_path: Path) -> None:
    first, second = tmp_path / "first.json", tmp_path / "second.json"
    first.write_text(document.dump(ring(pair[::-1])))
    second.write_text(document.dump(ring(pair)))
    keys = FlowKeys.from_env({KEYS: f"{first.as_uri()} {second.as_uri()}"})
    assert keys.fingerprints == (pair[1].fingerprint, pair[0].fingerprint)


def test_what_is_amiss_with_each_store_is_said_when_none_can_be_read(tmp_path: Path) -> None:
    missing, foreign = tmp_path / "missing.json", tmp_path / "foreign.json"
    foreign.write_text("another tool's")
    with pytest.raises(StoreError, match=f"no key ring at {missing.as_uri()}; {foreign.as_uri()}: holds"):
        FlowKeys.from_env({KEYS: f"{missing.as_uri()} {foreign.as_uri()}"})
