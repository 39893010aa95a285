"""What older versions in Vault hold of a key that left the ring, and the page's commands that destroy them."""

import shlex
import subprocess
from pathlib import Path

import pytest
from hvac.exceptions import InvalidPath

from tests.contract.stores.place import delete
from tests.contract.stores.rings import ring
from tests.contract.stores.vault_place import VaultPlace
from tests.pages import command_to_type
from tests.pairs import pair
from tools.openbao import server_binary
from whatsapp_flow_keys.ring import KeyRing, RingKey, Role

PATH = "whatsapp/flows/support-line"
"""That of the page."""


def newer(revision: int) -> KeyRing:
    """Without the key of ``ring()``."""
    key = RingKey(pair(1).fingerprint, Role.CURRENT, "2026-11-25", None, pair(1).to_pem())
    return KeyRing("106540352242922", "org/flows/prod", "key-2", revision, (key,))


@pytest.fixture
def retired(place: VaultPlace) -> VaultPlace:
    """The key of the first three versions has left the ring with the fourth."""
    store = place.store()
    for held in (ring(1), ring(2), ring(3), newer(4)):
        store.write(held, store.read())
    return place


def run(place: VaultPlace, command: str, home: Path) -> str:
    """A command of the page, for the place's secret."""
    _, *words = shlex.split(command.replace(PATH, place.path))
    environment = {"BAO_ADDR": place.server.address, "BAO_TOKEN": place.server.token, "HOME": str(home)}
    done = subprocess.run([server_binary(), *words], env=environment, check=True, capture_output=True, timeout=60)
    return done.stdout.decode()


def holding_the_retired_key(place: VaultPlace) -> list[int]:
    """The versions that give its private key to whoever may read the secret."""
    return [version for version in range(1, 6) if pair().to_pem() in private_keys(place, version)]


def private_keys(place: VaultPlace, version: int) -> str:
    try:
        answer = place.kv.read_secret_version(place.path, version, raise_on_deleted_version=True)
    except InvalidPath:
        return ""
    return str(answer["data"]["data"]["private_keys"])


def test_older_versions_hold_a_key_that_left_the_ring(retired: VaultPlace, tmp_path: Path) -> None:
    assert retired.store().read().ring == newer(4)
    assert holding_the_retired_key(retired) == [1, 2, 3]
    command = command_to_type("docs/stores/vault.md", "bao kv get -version=3").replace("…", f"-mount=secret {PATH}")
    assert pair().fingerprint in run(retired, command, tmp_path)


def test_a_deleted_version_is_brought_back_by_the_pages_command(retired: VaultPlace, tmp_path: Path) -> None:
    delete(retired.store())
    command = command_to_type("docs/stores/vault.md", "bao kv undelete")
    run(retired, f"{command} -mount=secret -versions=4 {PATH}", tmp_path)
    assert retired.store().read().ring == newer(4)


def test_the_pages_command_destroys_them_and_leaves_the_ring(retired: VaultPlace, tmp_path: Path) -> None:
    run(retired, command_to_type("docs/stores/vault.md", "bao kv metadata get"), tmp_path)
    run(retired, command_to_type("docs/stores/vault.md", "bao kv destroy"), tmp_path)
    assert holding_the_retired_key(retired) == []
    store = retired.store()
    assert store.write(newer(5), store.read()).version == "5"


def test_with_one_version_kept_the_next_write_leaves_none_of_them(retired: VaultPlace, tmp_path: Path) -> None:
    run(retired, command_to_type("docs/stores/vault.md", "bao kv metadata patch"), tmp_path)
    store = retired.store()
    assert holding_the_retired_key(retired) == [1, 2, 3]
    found = store.write(newer(5), store.read())
    assert holding_the_retired_key(retired) == []
    delete(store)
    store.restore()
    assert store.read() == found


def test_after_a_deletion_they_are_there_until_the_secrets_metadata_are_deleted(
    retired: VaultPlace, tmp_path: Path
) -> None:
    delete(retired.store())
    assert holding_the_retired_key(retired) == [1, 2, 3]
    run(retired, command_to_type("docs/stores/vault.md", "bao kv metadata delete"), tmp_path)
    assert holding_the_retired_key(retired) == []
    assert not retired.store().read().deleted
