"""docs/emulator.md: each control and each fault in its tables is sent as it is written, and the tables are complete."""

import json
import os
import re
import shlex
import shutil
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import NamedTuple

import pytest
import requests

from tests.contract.emulator.conftest import NUMBER, TOKEN
from tests.pages import command_to_type
from tests.servers.foreign_endpoint import foreign_endpoint
from whatsapp_graph_emulator import Emulator
from whatsapp_graph_emulator.access import Access
from whatsapp_graph_emulator.emulation import Emulation
from whatsapp_graph_emulator.faults import KINDS
from whatsapp_graph_emulator.phone_numbers import Numbers
from whatsapp_graph_emulator.server import build_app

PAGE = (Path(__file__).parents[3] / "docs" / "emulator.md").read_text()
ROWS = [[cell.strip() for cell in line.strip("|").split("|")] for line in PAGE.splitlines() if line.startswith("| ")]


class Control(NamedTuple):
    method: str
    path: str
    body: str


CONTROLS = [
    Control(method, path, row[2].strip("`"))
    for row in ROWS
    if len(row) == 3
    for method, path in re.findall("`([A-Z]+) (/_emulator/[^`]*)`", row[1])
]
FAULTS = [row[0].strip("`") for row in ROWS if row[0].startswith('`{"kind"')]


def routes() -> set[tuple[str, str]]:
    """The control surface's methods and paths, from its own table of routes."""
    app = build_app(Emulation(Numbers(), Access([TOKEN], None)))
    return {
        (method, rule.rule.replace("<phone_number_id>", NUMBER).replace("<int:fault_id>", "1"))
        for rule in app.url_map.iter_rules()
        if rule.rule.startswith("/_emulator/") and rule.methods  # what takes every method answers for those that aren't
        for method in rule.methods - {"HEAD", "OPTIONS"}
    }


def test_the_page_has_every_control_and_every_fault() -> None:
    assert {(control.method, control.path) for control in CONTROLS} == routes()
    assert [json.loads(fault)["kind"] for fault in FAULTS] == list(KINDS)


@pytest.mark.parametrize("control", CONTROLS, ids=lambda control: " ".join(control)[:80])
def test_a_control_of_the_page_does_what_it_says(emulator: Emulator, pem: str, control: Control) -> None:
    emulator.fault("delay", seconds=0)  # the first, which a row removes
    body = control.body.replace("a-token", TOKEN)
    if "-----BEGIN" in body:
        body = json.dumps({"public_key": pem})
    if body == "see below":
        body = FAULTS[0]
    answer = requests.request(control.method, f"{emulator.url}{control.path}", data=body, timeout=10)
    assert answer.ok, answer.text


@pytest.mark.parametrize("fault", FAULTS)
def test_a_fault_of_the_page_can_be_armed(emulator: Emulator, fault: str) -> None:
    answer = requests.post(f"{emulator.url}/_emulator/faults", data=fault, timeout=10)
    assert answer.status_code == 201, answer.text


STARTS = {
    "docs/emulator.md": [
        command_to_type("docs/emulator.md", "export WHATSAPP_EMULATOR_TOKENS="),
        command_to_type("docs/emulator.md", "python -m whatsapp_graph_emulator"),
    ],
    "examples/consumer-stack/README.md": [
        command_to_type("examples/consumer-stack/README.md", "WHATSAPP_EMULATOR_TOKENS=")
    ],
}


@contextmanager
def started(commands: list[str], folder: Path) -> Iterator[str]:
    """Its URL; the commands are typed in the folder, with a free port in the place of their own."""

    def command(port: int) -> list[str]:
        typed = re.sub(r"--port \d+", f"--port {port}", "; ".join(commands)).replace("python ", "exec python ")
        return ["sh", "-ec", f"cd {shlex.quote(str(folder))}; {typed}"]

    environment = {"PATH": f"{Path(sys.executable).parent}:{os.environ['PATH']}"}
    with foreign_endpoint(command, environment, folder / "log") as url:
        yield url.rstrip("/")


@pytest.mark.parametrize("page", STARTS)
def test_the_commands_of_a_page_start_it_with_the_pages_number(tmp_path: Path, page: str) -> None:
    with started(STARTS[page], tmp_path) as url:
        (number,) = requests.get(f"{url}/_emulator/numbers", timeout=10).json()["numbers"]
    assert number["id"] == "106540352242922"


@pytest.mark.skipif(shutil.which("curl") is None, reason="curl is not on this machine")
def test_the_command_of_the_page_arms_its_fault(emulator: Emulator) -> None:
    command = command_to_type("docs/emulator.md", "curl ").replace("http://127.0.0.1:8420", emulator.url)
    assert json.loads(subprocess.check_output(["sh", "-c", command], stderr=subprocess.DEVNULL))["id"] == 1
    (fault,) = requests.get(f"{emulator.url}/_emulator/faults", timeout=10).json()["faults"]
    assert (fault["kind"], fault["code"], fault["times"]) == ("error", 131057, 2)
