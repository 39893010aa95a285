"""The policies of docs/custody/vault-transit.md: each is enough, and neither can do the other's work."""

import shlex
import subprocess
from pathlib import Path

import pytest

from tests.contract.custody.place import VaultPlace
from tests.contract.custody.test_contract import sealed_for
from tests.pages import command_to_type, section_to_type
from tests.pairs import pair
from tools.openbao import server_binary
from whatsapp_flow_keys.errors import StorePermissionError


def test_the_stacks_is_enough_for_a_life(transit: VaultPlace) -> None:
    transit.log_in(transit.policy("For the stack"))
    service = transit.service()
    before, after = service.make(), service.make()
    service.retire([before.fingerprint], [after.fingerprint])
    assert service.find(after.fingerprint) == after
    assert service.trouble(after) is None


def test_with_the_stacks_no_form_can_be_decrypted(transit: VaultPlace) -> None:
    transit.log_in(transit.policy("For the stack"))
    made = transit.service().make()
    with pytest.raises(StorePermissionError, match="update on transit/decrypt/"):
        transit.service().unwrap(made, sealed_for(made).wrapped_key)


def test_with_the_endpoints_forms_can_be_decrypted_and_nothing_else(transit: VaultPlace) -> None:
    made = transit.service().make()
    transit.log_in(transit.policy("For the endpoint"))
    service, wrapped = transit.service(), sealed_for(made).wrapped_key
    assert len(service.unwrap(made, wrapped)) == 16
    for call in (service.make, lambda: service.trouble(made), lambda: service.find("0" * 64)):
        with pytest.raises(StorePermissionError, match="read on transit/keys/"):
            call()


def test_to_import_a_key_the_stack_needs_the_third(transit: VaultPlace) -> None:
    transit.log_in(transit.policy("For the stack"))
    with pytest.raises(StorePermissionError, match="read on transit/wrapping_key"):
        transit.service().adopt(pair())
    transit.log_in(transit.policy("For the stack", "To import a key"))
    assert transit.service().adopt(pair()).fingerprint == pair().fingerprint


def run(transit: VaultPlace, command: str, home: Path) -> None:
    """A command of the page, for this number's key."""
    _, *words = shlex.split(command.replace("whatsapp-flows-106540352242922", transit.key))
    environment = {"BAO_ADDR": transit.server.address, "BAO_TOKEN": transit.server.token, "HOME": str(home)}
    done = subprocess.run([server_binary(), *words], env=environment, capture_output=True, timeout=60)
    assert done.returncode == 0, done.stderr.decode()


def test_what_left_the_ring_comes_back_by_the_pages_command(transit: VaultPlace, tmp_path: Path) -> None:
    service = transit.service()
    before, after = service.make(), service.make()
    service.retire([before.fingerprint], [after.fingerprint])
    command = command_to_type(
        "docs/custody/vault-transit.md", "bao write transit/keys/whatsapp-flows-106540352242922/config min"
    )
    run(transit, command, tmp_path)
    assert service.trouble(before) is None


def test_a_key_that_nobody_needs_goes_for_good_by_the_pages_commands(transit: VaultPlace, tmp_path: Path) -> None:
    made = transit.service().make()
    for command in section_to_type("docs/custody/vault-transit.md", "What happens when"):
        run(transit, command, tmp_path)
    assert "there is no Transit key" in str(transit.service().trouble(made))


def test_a_mount_is_made_by_the_pages_command(transit: VaultPlace, tmp_path: Path) -> None:
    client = transit.server.client()
    client.sys.disable_secrets_engine("transit")
    with pytest.raises(Exception, match=r"nothing is mounted at transit/.*bao secrets enable"):
        transit.service().make()
    run(transit, command_to_type("docs/custody/vault-transit.md", "bao secrets enable"), tmp_path)
    assert transit.service().make().key == "1"
