"""A number that is live already: its key is adopted as it is, and rotates from there. On the real engine."""

import json
import subprocess
from typing import Any

import pytest
from cryptography.hazmat.primitives import serialization

from tests.pairs import pair
from tests.stack.project import Project, file_ring, is_quiet, on_file, stack_ring, stored_text
from whatsapp_flow_endpoint import FlowKeys
from whatsapp_flow_keys.flow_protocol.message import encrypt_request
from whatsapp_flow_keys.keys import PrivateKey
from whatsapp_flow_keys.ring import Role

PASSPHRASE = "the words of before"
STORES = ["the stack", "a file"]


@pytest.fixture
def live(project: Project) -> PrivateKey:
    """The key that somebody registered by hand."""
    key = PrivateKey.generate()
    project.emulator.set_key(project.number, key.public_key_pem)
    return key


def declare(project: Project, store: str, **more: Any) -> None:
    project.declare(on_file(project, **more) if store == "a file" else more)


def opens(project: Project, key: PrivateKey) -> bool:
    body, _ = encrypt_request(key.key.public_key(), {"screen": "BOOKING"})
    return bool(FlowKeys.from_env(project.outputs()["line"]).decrypt(body)[0] == {"screen": "BOOKING"})


@pytest.mark.parametrize("store", STORES)
def test_a_live_key_is_adopted_without_a_publication_and_rotates_from_there(
    project: Project, live: PrivateKey, store: str
) -> None:
    declare(project, store, existing_private_key=live.to_pem())
    project.up()
    assert project.fingerprint() == project.served() == live.fingerprint
    assert project.publications() == 0
    assert opens(project, live)

    declare(project, store)
    changes = json.loads(project.succeed("preview", "--json").output)["changeSummary"]
    assert set(changes) == {"same"}
    project.emulator.clear_requests()
    project.up()
    assert is_quiet(project)

    declare(project, store, rotation_trigger="two")
    project.up()
    assert project.served() == project.fingerprint() != live.fingerprint
    assert project.publications() == 1
    assert opens(project, live)
    if store == "a file":
        assert file_ring(project) == {Role.CURRENT: project.fingerprint(), Role.PREVIOUS: live.fingerprint}
    else:
        assert stack_ring(project) == [project.fingerprint(), live.fingerprint]


def as_metas_sample_writes_it(key: PrivateKey) -> str:
    """PKCS#1, encrypted with 3DES: `openssl genrsa -des3 -traditional` and Meta's key generator."""
    plain = key.key.private_bytes(
        serialization.Encoding.PEM, serialization.PrivateFormat.TraditionalOpenSSL, serialization.NoEncryption()
    )
    command = ["openssl", "rsa", "-des3", "-traditional", "-passout", "env:WORDS"]
    done = subprocess.run(command, input=plain, capture_output=True, check=True, env={"WORDS": PASSPHRASE})
    return done.stdout.decode()


@pytest.mark.parametrize("store", STORES)
def test_a_key_with_a_passphrase_of_its_own_is_adopted(project: Project, live: PrivateKey, store: str) -> None:
    pem = as_metas_sample_writes_it(live)
    declare(project, store, existing_private_key=pem, existing_passphrase=PASSPHRASE)
    project.up()
    assert project.served() == project.fingerprint() == live.fingerprint
    assert opens(project, live)


def test_an_adopted_key_is_written_with_the_passphrase_of_the_store(project: Project, live: PrivateKey) -> None:
    declare(project, "a file", existing_private_key=live.to_pem(), passphrase="generated")
    project.up()
    assert "BEGIN ENCRYPTED PRIVATE KEY" in project.path("ring.json").read_text()
    assert opens(project, live)


@pytest.mark.parametrize("store", STORES)
def test_a_key_that_is_not_the_one_that_meta_serves_is_refused_before_anything_is_written(
    project: Project, live: PrivateKey, store: str
) -> None:
    another = PrivateKey.generate()
    declare(project, store, existing_private_key=another.to_pem())
    refused = project.failing_up()
    said = f"existing_private_key: holds key {another.fingerprint}, but Meta serves {live.fingerprint}"
    assert said in refused
    assert project.served() == live.fingerprint
    assert not project.path("ring.json").exists()
    assert project.resources("EncryptionKey") == []
    declare(project, store, existing_private_key=another.to_pem(), take_over=live.fingerprint)
    project.up()
    assert project.served() == another.fingerprint


@pytest.mark.parametrize("store", STORES)
def test_a_key_of_a_number_that_has_none_yet_is_published(project: Project, store: str) -> None:
    given = PrivateKey.generate()
    declare(project, store, existing_private_key=given.to_pem())
    project.up()
    assert project.served() == project.fingerprint() == given.fingerprint


@pytest.mark.parametrize("store", STORES)
def test_an_adopted_key_whose_number_was_registered_anew_is_signed_again(
    project: Project, live: PrivateKey, store: str
) -> None:
    project.emulator.reregister(project.number)
    declare(project, store, existing_private_key=live.to_pem())
    project.up()
    assert project.emulator.served(project.number)[1:] == (live.fingerprint, "VALID")


def test_without_it_a_live_number_is_refused_with_this_way_on(project: Project, live: PrivateKey) -> None:
    refused = project.failing_up()
    assert f"(fingerprint {live.fingerprint})" in refused
    assert "If you have that, adopt it: give it as `existing_private_key`" in refused


@pytest.mark.parametrize("store", STORES)
def test_a_number_that_is_managed_already_can_take_a_key_back(project: Project, store: str) -> None:
    """As after somebody else published by hand: their key is adopted instead of published over."""
    declare(project, store)
    project.up()
    first = project.fingerprint()
    by_hand = PrivateKey.generate()
    project.emulator.set_key(project.number, by_hand.public_key_pem)
    declare(project, store, existing_private_key=by_hand.to_pem())
    preview = project.succeed("preview")
    assert "existing_private_key" in preview
    project.up()
    assert project.fingerprint() == project.served() == by_hand.fingerprint
    assert project.publications() == 1
    fingerprints = stack_ring(project) if store == "the stack" else list(file_ring(project).values())
    assert set(fingerprints) == {first, by_hand.fingerprint}


@pytest.mark.parametrize("store", STORES)
def test_while_it_is_given_a_rotation_is_refused_in_the_preview(project: Project, live: PrivateKey, store: str) -> None:
    given = {"existing_private_key": live.to_pem(), "rotate_after_days": 90}
    declare(project, store, **given)
    project.up()
    declare(project, store, **given, rotation_trigger="two")
    assert "existing_private_key: a rotation is asked for, which makes a new key. Remove" in project.fail("preview")
    project.issue_on("2026-01-01")
    declare(project, store, **given)
    assert "existing_private_key: a rotation is due, which makes a new key. Remove" in project.fail("preview")
    declare(project, store, rotate_after_days=90)
    project.up()
    assert project.served() == project.fingerprint() != live.fingerprint
    assert opens(project, live)


@pytest.mark.parametrize("store", STORES)
def test_given_again_once_the_number_has_moved_on_it_is_refused(project: Project, live: PrivateKey, store: str) -> None:
    declare(project, store, existing_private_key=live.to_pem())
    project.up()
    declare(project, store, rotation_trigger="two")
    project.up()
    rotated = project.fingerprint()
    declare(project, store, rotation_trigger="two", existing_private_key=live.to_pem())
    refused = project.failing_up()
    assert f"holds key {live.fingerprint}, but Meta serves {rotated}" in refused
    assert "leave existing_private_key out, if the ring has moved on" in refused
    assert project.served() == rotated
    declare(project, store, rotation_trigger="two")
    project.up()
    assert project.served() == project.fingerprint() == rotated


@pytest.mark.parametrize("store", STORES)
def test_a_refresh_while_it_is_given_is_no_change(project: Project, live: PrivateKey, store: str) -> None:
    declare(project, store, existing_private_key=live.to_pem(), existing_passphrase=PASSPHRASE)
    project.up()
    project.succeed("refresh", "--yes", "--skip-preview")
    project.succeed("preview", "--expect-no-changes")
    project.up("--refresh")
    declare(project, store)
    project.succeed("preview", "--expect-no-changes")
    project.up("--refresh")
    assert project.served() == project.fingerprint() == live.fingerprint
    assert project.publications() == 0


@pytest.mark.parametrize("store", STORES)
def test_replaced_by_force_while_it_is_live_it_stays(project: Project, live: PrivateKey, store: str) -> None:
    declare(project, store, existing_private_key=live.to_pem())
    project.up()
    project.up("--replace", project.urn("EncryptionKey"))
    assert project.served() == project.fingerprint() == live.fingerprint
    assert project.publications() == 0


def test_a_key_that_does_not_open_is_a_failure_of_the_preview_that_shows_nothing_of_it(project: Project) -> None:
    project.declare({"existing_private_key": pair().to_pem(PASSPHRASE), "existing_passphrase": "hunter2"})
    run = project.fail("preview")
    assert "existing_private_key: the passphrase does not open the private key" in run
    assert "hunter2" not in run
    assert "BEGIN" not in run


@pytest.mark.parametrize("store", STORES)
def test_an_adopted_key_is_nowhere_in_the_clear_and_leaves_the_state_with_its_argument(
    project: Project, live: PrivateKey, store: str
) -> None:
    pem = live.to_pem()
    secret = pem.splitlines()[5]
    declare(project, store, existing_private_key=pem, existing_passphrase=PASSPHRASE)
    shown = [project.succeed("preview", "--diff").output, project.up().output]
    state = stored_text(project.backend)
    assert '"existing_private_key":' in state
    for text in (*shown, state):
        assert secret not in text
        assert PASSPHRASE not in text
    declare(project, store)
    project.up()
    revealed = project.succeed("stack", "export", "--show-secrets").output
    assert '"existing_private_key": ' not in revealed
    assert (secret in revealed) is (store == "the stack"), "the search finds it where it belongs"
