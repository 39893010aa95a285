"""`show` and `verify` change nothing anywhere, print no secret and take none as a word."""

import os
import subprocess
import sys
from typing import Any

import pytest

from tests.contract.command_line.shell import (
    APP_SECRET,
    PASSPHRASE,
    Shell,
    in_the_environment,
    put_another_tools_secret_there,
    recorded,
    versions,
)
from tests.contract.stores.place import Place
from tests.contract.stores.vault_place import VaultPlace, policy
from tests.secret_forms import forms_of, leaks
from tests.servers.flow_endpoint import FlowEndpoint
from tests.stack.project import RETIRED_TOKEN, TOKEN
from whatsapp_flow_keys.command_line import command
from whatsapp_flow_keys.lifecycle.restoration import restore

pytestmark = pytest.mark.slow


def test_nothing_is_changed_anywhere(shell: Shell, cloud: Place, endpoint: FlowEndpoint) -> None:
    line = shell.line
    restore(line.stores[0], cloud.store(), line.clock, line.told)
    line.rotate()  # so that the cloud's copy lags: there is something to mend
    line.emulator.reregister(line.number)
    files = [line.folder / name for name in ("ring0.json", "ring1.json")]

    def state() -> object:
        kept = [(path.read_bytes(), path.stat().st_mtime_ns, path.stat().st_ino) for path in files]
        return kept, sorted(os.listdir(line.folder)), versions(cloud), line.emulator.served(line.number)

    before = state()
    line.emulator.clear_requests()
    for words in (("show",), ("verify", "--endpoint", endpoint.url)):
        assert shell.run(*words, "--store", cloud.url, *shell.stores)[0] != 3
    assert state() == before
    assert {entry["method"] for entry in line.emulator.requests()} == {"GET"}


def test_a_token_that_may_only_read_is_enough(shell: Shell, openbao: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    place = VaultPlace(openbao, monkeypatch)
    restore(shell.line.stores[0], place.store(), shell.line.clock, shell.line.told)
    monkeypatch.setenv("VAULT_TOKEN", openbao.token_for(policy("For the endpoint")))
    assert shell.verify("--store", place.url)[0] == 0


@pytest.mark.parametrize("write", ["write", "restore", "settle", "delete"])
def test_no_store_is_even_asked_to_change(shell: Shell, write: str, monkeypatch: pytest.MonkeyPatch) -> None:
    def refuse(*_: object) -> None:
        raise AssertionError(f"{write} was called")

    monkeypatch.setattr(f"whatsapp_flow_keys.stores.file.store.FileStore.{write}", refuse)
    assert (shell.verify()[0], shell.show()[0]) == (0, 0)


def test_no_secret_is_in_anything_that_is_printed(shell: Shell, endpoint: FlowEndpoint) -> None:
    pems = [key.to_pem() for key in shell.private_keys()] + [key.private_key_pem for key in shell.line.ring().keys]
    secrets = set().union(*(forms_of(pem) for pem in pems[:2])) | {PASSPHRASE, TOKEN, APP_SECRET, RETIRED_TOKEN}
    secrets |= {line for pem in pems[2:] for line in pem.splitlines() if len(line) == 64}
    words = (*shell.stores, "--endpoint", endpoint.url)
    text, line = recorded(shell), in_the_environment(shell)
    printed = [shell.verify(*words, *more, WHATSAPP_APP_SECRET=APP_SECRET) for more in ((), ("--json",))]
    printed += [shell.show(*shell.stores, *more) for more in ((), ("--json",))]
    for held in (text, text[:-9], line, line[:-9]):
        printed += [shell.run(name, WHATSAPP_FLOW_KEYS=held) for name in ("show", "verify")]
    printed += [shell.verify(WHATSAPP_FLOW_PASSPHRASE=TOKEN, WHATSAPP_ACCESS_TOKEN=RETIRED_TOKEN + "x")]
    put_another_tools_secret_there(shell)
    printed += [shell.verify(), shell.show()]
    output = "\n".join(part for _, part in printed)
    assert len(secrets) > 80
    assert leaks(output, secrets) == set()
    assert leaks(output + text, secrets) != set() != leaks(output + line, secrets)  # the search finds one that is there


def test_no_option_takes_a_secret() -> None:
    options = {option.name for each in command.commands.values() for option in each.params}
    assert options == {
        "urls",
        "registrar",
        "endpoint_url",
        "as_json",
        "source",
        "target",
        "shape",
        "folder",
        "screen",
        "data",
    }


def test_without_click_it_says_what_to_install_and_ends_with_3() -> None:
    code = "import sys; sys.modules['click'] = None; from whatsapp_flow_keys.__main__ import main; main()"
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True)
    assert (done.returncode, done.stdout) == (3, "")
    assert done.stderr == 'whatsapp-flow-keys needs click: pip install "whatsapp-flow-encryption[cli]"\n'
