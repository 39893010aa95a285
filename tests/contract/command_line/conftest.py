"""A shell for each test, with a number that has one rotation behind it."""

import os
from collections.abc import Iterator
from datetime import UTC, datetime

import pytest

from tests.contract.command_line.shell import APP_SECRET, PASSPHRASE, Shell
from tests.contract.conftest import Line
from tests.contract.stores.aws_place import AwsPlace
from tests.contract.stores.place import Place
from tests.contract.stores.vault_place import VaultPlace
from tests.servers.flow_endpoint import FlowEndpoint
from tests.stack.project import TOKEN


@pytest.fixture
def shell(line: Line, monkeypatch: pytest.MonkeyPatch) -> Shell:
    for name in [name for name in os.environ if name.startswith("WHATSAPP_")]:
        monkeypatch.delenv(name)
    line.clock.time = datetime.now(UTC).replace(microsecond=0)
    line.backups, line.passphrase = 1, PASSPHRASE
    line.rotate()
    line.rotate()
    graph = {"WHATSAPP_GRAPH_URL": line.emulator.url, "WHATSAPP_GRAPH_DEADLINE": "2"}
    secrets = {"WHATSAPP_ACCESS_TOKEN": TOKEN, "WHATSAPP_FLOW_PASSPHRASE": PASSPHRASE, "WHATSAPP_APP_SECRET": ""}
    return Shell(line, graph | secrets)


@pytest.fixture
def endpoint(shell: Shell) -> Iterator[FlowEndpoint]:
    with FlowEndpoint(shell.private_keys, app_secret=APP_SECRET) as running:
        yield running


@pytest.fixture(params=["vault", "aws"])
def cloud(request: pytest.FixtureRequest, monkeypatch: pytest.MonkeyPatch) -> Place:
    """A place at a real server that holds nothing yet."""
    if request.param == "aws":
        return AwsPlace(request.getfixturevalue("secrets_manager"), monkeypatch)
    return VaultPlace(request.getfixturevalue("openbao"), monkeypatch)
