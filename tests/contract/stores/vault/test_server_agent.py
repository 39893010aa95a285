"""The agent and the proxy of a real OpenBao, which log in for their callers."""

import socket
import subprocess
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from threading import Event
from time import monotonic

import pytest

from tests.contract.other_languages_page import AGENT_TEMPLATE
from tests.contract.stores import several_keys
from tests.contract.stores.rings import ring
from tests.contract.stores.vault.app_role import AppRole
from tests.contract.stores.vault.refusals import refusal
from tests.contract.stores.vault_place import VaultPlace
from tests.pairs import pair
from tools.openbao import server_binary
from whatsapp_flow_keys.errors import InputError, StorePermissionError
from whatsapp_flow_keys.stores.vault.store import VaultStore

BRINGS = {"agent": "cache { use_auto_auth_token = true }", "proxy": "api_proxy { use_auto_auth_token = true }"}


@contextmanager
def agent(place: VaultPlace, role: AppRole, folder: Path, command: str = "agent", brings: str = "") -> Iterator[str]:
    """Its address; it has logged in, and written the token into ``folder/sink``."""
    (folder / "role-id").write_text(role.role_id)
    (folder / "secret-id").write_text(role.secret_id())
    with socket.create_server(("127.0.0.1", 0)) as taken:
        port = taken.getsockname()[1]
    (folder / "agent.hcl").write_text(f"""
        vault {{ address = "{place.server.address}" }}
        auto_auth {{
          method "approle" {{
            mount_path = "auth/{role.mount}"
            config = {{
              role_id_file_path = "{folder}/role-id"
              secret_id_file_path = "{folder}/secret-id"
            }}
          }}
          sink "file" {{ config = {{ path = "{folder}/sink" }} }}
        }}
        {brings}
        listener "tcp" {{
          address = "127.0.0.1:{port}"
          tls_disable = true
        }}
    """)
    process = subprocess.Popen(
        [server_binary(), command, f"-config={folder}/agent.hcl"],
        env={"HOME": str(folder)},
        stdout=subprocess.DEVNULL,
        stderr=subprocess.DEVNULL,
    )
    try:
        _wait(folder / "sink", port)
        yield f"http://127.0.0.1:{port}"
    finally:
        process.terminate()
        process.wait(30)


def _wait(sink: Path, port: int) -> None:
    ends, pause = monotonic() + 60, Event()
    while True:
        assert monotonic() < ends, "the agent does not start"
        pause.wait(0.02)
        if sink.exists() and sink.read_text():
            with socket.socket() as probe:
                if probe.connect_ex(("127.0.0.1", port)) == 0:
                    return


@pytest.fixture
def role(place: VaultPlace, monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> AppRole:
    role = AppRole(place, monkeypatch, tmp_path)
    monkeypatch.delenv("VAULT_ROLE_ID")
    monkeypatch.delenv("VAULT_AUTH_MOUNT")
    return role


@pytest.mark.parametrize("command", BRINGS)
def test_an_agent_brings_the_token_for_a_caller_without_one(
    place: VaultPlace, role: AppRole, monkeypatch: pytest.MonkeyPatch, tmp_path: Path, command: str
) -> None:
    with agent(place, role, tmp_path, command, BRINGS[command]) as address:
        monkeypatch.setenv("VAULT_AGENT_ADDR", address)
        store = VaultStore(f"hashivault://vault.example.com:8200/{place.path}")  # the ring's place, which nobody asks
        store.write(ring(), store.read())
    assert "PRIVATE KEY" in (place.content() or "")


def test_an_agents_address_may_be_the_servers(place: VaultPlace, role: AppRole, tmp_path: Path) -> None:
    with agent(place, role, tmp_path, "agent", BRINGS["agent"]) as address:
        store = VaultStore(f"hashivault://{address.removeprefix('http://')}/{place.path}?tls=off")
        assert store.read().version == "0"


def test_the_token_that_an_agent_writes_into_its_sink_is_taken(
    place: VaultPlace, role: AppRole, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    with agent(place, role, tmp_path):
        monkeypatch.setenv("VAULT_TOKEN_FILE", str(tmp_path / "sink"))
        assert place.store().read().version == "0"


def test_the_template_of_the_page_brings_every_key_and_follows_the_store(
    place: VaultPlace, role: AppRole, tmp_path: Path
) -> None:
    owner, file = place.store_as(place.server.token), tmp_path / "keys.pem"
    before, after = several_keys.ring(pair(0)), several_keys.ring(pair(1), pair(0), revision=2)
    owner.write(before, owner.read())
    template = AGENT_TEMPLATE.replace('"30s"', '"1s"').replace("/run/flows/keys.pem", str(file))
    with agent(place, role, tmp_path, brings=template.replace("whatsapp/flows/support-line", place.path)):
        _wait_until_it_holds(file, before.private_keys)
        owner.write(after, owner.read())
        _wait_until_it_holds(file, after.private_keys)
    assert file.stat().st_mode & 0o777 == 0o600


def _wait_until_it_holds(file: Path, text: str) -> None:
    ends, pause = monotonic() + 60, Event()
    while not (file.exists() and file.read_text() == text):
        assert monotonic() < ends, "the agent does not write it"
        pause.wait(0.02)


def test_an_agent_that_brings_no_token_is_told_apart_from_a_policy(
    place: VaultPlace, role: AppRole, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    with agent(place, role, tmp_path) as address:
        monkeypatch.setenv("VAULT_AGENT_ADDR", address)
        assert "there is no token, and the server asks for one" in refusal(
            StorePermissionError, place.store().read, place
        )


@pytest.mark.parametrize(
    ("address", "said"),
    [
        ("http://agent.example.com:8100", "agent.example.com must be asked by https"),
        ("unix:///run/agent.sock", "must begin with https://, or with http:// for an agent on this machine"),
    ],
)
def test_an_agent_elsewhere_is_not_asked_in_the_clear(
    place: VaultPlace, monkeypatch: pytest.MonkeyPatch, address: str, said: str
) -> None:
    monkeypatch.setenv("VAULT_AGENT_ADDR", address)
    assert said in refusal(InputError, place.store().read, place)
