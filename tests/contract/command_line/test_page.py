"""docs/command-line.md: its commands are typed, and print what stands beneath them."""

import os
import re
import subprocess
import sys
from pathlib import Path

import pytest

from tests.contract.command_line.shell import APP_SECRET, Shell, lose_the_store
from tests.forms import endpoint_of
from tests.pages import command_to_type, section_to_type, shown_below
from tests.servers.flow_endpoint import FlowEndpoint
from tests.servers.http_servers import waitress_server
from whatsapp_flow_endpoint import complete
from whatsapp_flow_endpoint.wsgi import wsgi_app

pytestmark = pytest.mark.slow

STORE, BACKUP = "file:///var/lib/flows/bookings.json", "file:///mnt/offline/bookings.json"
MOMENT = re.compile(r"\d{4}-\d\d-\d\d( \d\d:\d\d:\d\d)?")


def typed(shell: Shell, command: str) -> str:
    """What it prints here, in the folder of the stores."""
    environment = {
        "PATH": f"{Path(sys.executable).parent}:{os.environ['PATH']}",
        "PYTHONPATH": os.environ.get("PYTHONPATH", ""),
        "WHATSAPP_FLOW_KEYS": shell.line.stores[0].url,
        **shell.variables,
        "WHATSAPP_APP_SECRET": APP_SECRET,
    }
    done = subprocess.run(
        ["sh", "-c", command], cwd=shell.line.folder, env=environment, capture_output=True, text=True, timeout=60
    )
    assert done.returncode == 0, done.stdout + done.stderr
    return done.stdout


def here(shell: Shell, text: str) -> str:
    """The page's text, with the number, the keys and the stores of this test."""
    store, backup = shell.line.stores
    fingerprints = dict.fromkeys(re.findall(r"\b[0-9a-f]{64}\b", text))
    keys = dict(zip(fingerprints, [key.fingerprint for key in shell.line.ring(1).keys], strict=False))
    number = {"110200345501442": shell.line.number, "organization/whatsapp-flows/local": shell.line.managed_by}
    for shown, actual in {**keys, **number, STORE: store.url, BACKUP: backup.url}.items():
        text = text.replace(shown, actual)
    return text


def agree(shell: Shell, command: str, printed: str) -> bool:
    """Whether it is what the page shows, at other moments."""
    shown = here(shell, shown_below("docs/command-line.md", command))
    return MOMENT.sub("then", printed.rstrip("\n")) == MOMENT.sub("then", shown)


def test_show_prints_what_the_page_shows(shell: Shell) -> None:
    (command,) = section_to_type("docs/command-line.md", "show")
    assert agree(shell, command, typed(shell, command))


def test_verify_prints_what_the_page_shows(shell: Shell, endpoint: FlowEndpoint) -> None:
    (command,) = section_to_type("docs/command-line.md", "verify")
    printed = typed(shell, command.replace("http://127.0.0.1:9001/", endpoint.url))
    assert agree(shell, command, printed.replace(endpoint.url.partition("/flows")[0], "http://127.0.0.1:9001"))


def test_verify_is_asked_as_the_page_on_watching_says(shell: Shell, endpoint: FlowEndpoint) -> None:
    command = command_to_type("docs/watching.md", "whatsapp-flow-keys verify").replace("URL", endpoint.url)
    assert typed(shell, command).startswith("OK: ")


def test_send_prints_what_the_page_shows(shell: Shell) -> None:
    (command,) = section_to_type("docs/command-line.md", "send")
    endpoint = endpoint_of(lambda request: complete(request, request.data), *shell.private_keys())
    with waitress_server(wsgi_app(endpoint)) as url:
        assert agree(shell, command, typed(shell, command.replace("https://flows.example.com/support", url)))


def test_restore_prints_what_the_page_shows(shell: Shell) -> None:
    (command,) = section_to_type("docs/command-line.md", "restore")
    lose_the_store(shell)
    assert agree(shell, command, typed(shell, here(shell, command)))
    assert shell.line.ring(0) == shell.line.ring(1)


def test_export_prints_what_the_page_shows(shell: Shell) -> None:
    (command,) = section_to_type("docs/command-line.md", "export")
    assert agree(shell, command, typed(shell, command))
    files = sorted((shell.line.folder / "keys").iterdir())
    assert [file.name for file in files] == re.findall(
        r"\S+\.pem", here(shell, shown_below("docs/command-line.md", command))
    )
    assert all("BEGIN RSA PRIVATE KEY" in file.read_text() for file in files)
