"""Two projects that are not this one: the first installs the wheel and composes it with resources of its own, the
other reads the first by a StackReference. Both lie outside of the checkout; what is typed stands in their READMEs.
"""

import json
import re
import subprocess
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from threading import Event
from time import monotonic
from typing import Any

import pytest

from tests.pages import section_to_type
from tests.secret_forms import forms_of, leaks, pem_blocks
from tests.stack.examples import APP_SECRET, ROOT, Bookings, Example, copy_of_examples
from tests.stack.project import TOKEN, is_quiet, stored_text
from whatsapp_flow_keys.errors import FlowKeysError
from whatsapp_flow_keys.keys import PrivateKey
from whatsapp_graph_emulator import Emulator
from whatsapp_graph_emulator.flow_load import FlowLoad, Report

pytestmark = [pytest.mark.xdist_group("examples"), pytest.mark.usefixtures("patient_people")]

RATE = 10.0
"""Forms a second: few, since what is counted is wrong answers, on a machine that has other work."""
PATIENCE = 300.0


@pytest.fixture(scope="module")
def installed(wheel: Path, tmp_path_factory: pytest.TempPathFactory, emulator: Emulator) -> Path:
    """The examples with the environments that their READMEs make."""
    ground = copy_of_examples(ROOT / "examples", tmp_path_factory.mktemp("installed") / "examples")
    # The versions that the other tests run with, whatever came out today.
    env = {"PIP_CONSTRAINT": str(ROOT / "tools" / "requirements.txt"), "PIP_DISABLE_PIP_VERSION_CHECK": "1"}
    for name, commands in (
        ("consumer-stack", section_to_type("examples/consumer-stack/README.md", "Set up")),
        ("reader-stack", section_to_type("examples/reader-stack/README.md", "Set up")),
    ):
        Example(ground, name, emulator, "").type(commands, {**env, "WHEEL": str(wheel)})
    return ground


@contextmanager
def configured(folder: Path, installed: Path, emulator: Emulator, number: str) -> Iterator[Bookings]:
    bookings = Bookings(copy_of_examples(installed, folder / "examples"), emulator, number)
    bookings.type(section_to_type("examples/consumer-stack/README.md", "Configure"))
    try:
        yield bookings
    finally:
        bookings.end()


@pytest.fixture
def fresh(tmp_path: Path, installed: Path, emulator: Emulator, number: str) -> Iterator[Bookings]:
    """The stack with the service, of which nothing is made yet."""
    with configured(tmp_path, installed, emulator, number) as bookings:
        yield bookings


@pytest.fixture(scope="module")
def live(
    tmp_path_factory: pytest.TempPathFactory, installed: Path, emulator: Emulator, new_number: Callable[[], str]
) -> Iterator[Bookings]:
    """The stack with the service, which answers forms."""
    with configured(tmp_path_factory.mktemp("live"), installed, emulator, new_number()) as bookings:
        bookings.type(section_to_type("examples/consumer-stack/README.md", "Up"))
        yield bookings


@pytest.fixture(scope="module")
def read(live: Bookings, installed: Path) -> tuple[Example, dict[str, Any]]:
    """The stack that reads it, and what the other's outputs were at that time."""
    reader = Example(live.folder.parent, "reader-stack", live.emulator, live.number)
    reader.type(section_to_type("examples/reader-stack/README.md", "Read"))
    return reader, live.outputs()


def forms(bookings: Bookings) -> FlowLoad:
    """People who open the form, of which one in four has just fetched the key."""
    return FlowLoad(
        lambda: bookings.emulator.flow_client(bookings.number, bookings.url, app_secret=APP_SECRET),
        rate=RATE,
        devices=8,
        requests_per_device=4,
        judge=lambda _, answer: answer["screen"] == "DAY",
    )


def after_fresh_devices(load: FlowLoad) -> Report:
    """The report once devices that know the key of now have sent forms."""
    known, ends, pause = load.report().devices_used, monotonic() + PATIENCE, Event()
    while load.report().devices_used < known + 10:
        assert monotonic() < ends, load.report()
        pause.wait(0.1)
    return load.stop()


def no_form_failed(report: Report, bookings: Bookings) -> None:
    assert report.failed == 0, f"{report}\n{bookings.log}"
    assert report.answered == report.requests > 0


def test_the_packages_come_out_of_the_wheel(installed: Path) -> None:
    ask = "import whatsapp_flow_encryption as a, whatsapp_flow_keys as b; print(a.__file__, b.__file__)"
    project = installed / "consumer-stack"
    python = project / "venv" / "bin" / "python"
    answer = subprocess.run([python, "-c", ask], cwd=project, capture_output=True, text=True, check=True)
    assert all(file.startswith(str(project / "venv")) for file in answer.stdout.split())


def test_the_reader_has_pulumi_and_not_this_package(installed: Path) -> None:
    python = installed / "reader-stack" / "venv" / "bin" / "python"
    listed = subprocess.run([python, "-m", "pip", "list"], capture_output=True, text=True, check=True).stdout.split()
    assert "pulumi" in listed
    assert "whatsapp-flow-encryption" not in listed


def test_the_first_preview_works_while_the_store_is_not_known(fresh: Bookings) -> None:
    shown = fresh.type(section_to_type("examples/consumer-stack/README.md", "Preview"))
    for kind in ("ServiceFolder", "EncryptionKey", "EndpointService", "KeyRegistration"):
        assert f":{kind} bookings create" in shown
    assert re.search(r"folder +: \[unknown\]", shown)
    assert not fresh.service.exists()
    assert is_quiet(fresh)


def test_up_registers_the_key_of_a_service_that_answers(live: Bookings) -> None:
    assert live.served() == live.outputs()["fingerprint"]
    client = live.emulator.flow_client(live.number, live.url, app_secret=APP_SECRET)
    answer = client.open_flow("a-form").answer
    assert answer is not None
    assert answer["screen"] == "DAY"


def test_the_computed_path_is_where_the_keys_lie(live: Bookings) -> None:
    assert live.outputs()["folder"] == str(live.service)
    ring = json.loads((live.service / "key-ring.json").read_text())
    assert live.served() in [key["fingerprint"] for key in ring["keys"]]


def test_the_endpoints_environment_is_a_file_for_its_owner_alone(live: Bookings) -> None:
    file = live.service / "endpoint.env"
    assert file.stat().st_mode & 0o777 == 0o600
    written = dict(line.split("=", 1) for line in file.read_text().splitlines())
    own = {"WHATSAPP_APP_SECRET": APP_SECRET, "PORT": str(live.port)}
    assert written == {**live.outputs()["endpoint_env"], **own}


def test_a_second_up_changes_nothing_and_asks_nobody(live: Bookings) -> None:
    live.emulator.clear_requests()
    live.succeed("up", "--yes", "--expect-no-changes")
    assert is_quiet(live)


def test_a_rotation_fails_no_form_and_restarts_nothing(live: Bookings) -> None:
    before, booted = live.served(), live.log.count("Booting worker")
    with forms(live) as load:
        live.type(section_to_type("examples/consumer-stack/README.md", "Rotate"))
        report = after_fresh_devices(load)
    no_form_failed(report, live)
    assert live.served() not in (before, None)
    assert live.log.count("Booting worker") == booted


def test_a_new_passphrase_restarts_the_service_and_fails_no_form(live: Bookings) -> None:
    before, booted = live.served(), live.log.count("Booting worker")
    with forms(live) as load:
        live.type(section_to_type("examples/consumer-stack/README.md", "A new passphrase"))
        report = after_fresh_devices(load)
    no_form_failed(report, live)
    assert live.served() not in (before, None)
    assert live.log.count("Booting worker") > booted


def test_another_stack_reads_what_is_exported(read: tuple[Example, dict[str, Any]]) -> None:
    reader, exported = read
    names = ("fingerprint", "signature_status", "endpoint_env")
    assert reader.outputs() == {name: exported[name] for name in names}


def test_what_opens_forms_is_a_secret_in_both_stacks(live: Bookings, read: tuple[Example, dict[str, Any]]) -> None:
    for stack in (live, read[0]):
        shown = json.loads(stack.succeed("stack", "output", "--json").output)
        assert shown["endpoint_env"] == "[secret]"
        assert shown["fingerprint"] != "[secret]"


def test_no_private_key_and_no_secret_lies_in_either_state_in_the_clear(
    live: Bookings, read: tuple[Example, dict[str, Any]]
) -> None:
    env = live.outputs()["endpoint_env"]
    passphrases = [text for name, text in env.items() if name.endswith("PASSPHRASE")]
    ring = (live.service / "key-ring.json").read_text()
    secrets = {TOKEN, APP_SECRET, *passphrases}
    for block in pem_blocks(json.loads(ring)["private_keys"]):
        secrets |= {line for line in block.splitlines() if len(line) == 64}
        secrets |= forms_of(opened(block, passphrases).to_pem())
    assert leaks(ring, secrets), "the search finds nothing where there is something"
    states = [live.backend / ".pulumi" / "stacks" / name / "prod.json" for name in ("bookings", "bookings-reader")]
    assert all(read[1]["fingerprint"] in state.read_text() for state in states)
    assert not leaks(stored_text(live.backend), secrets)


def opened(block: str, passphrases: list[str]) -> PrivateKey:
    """A key by the passphrase that it was written with."""
    for passphrase in passphrases:
        with suppress(FlowKeysError):
            return PrivateKey.from_pem(block, passphrase)
    raise AssertionError("none of the passphrases opens it")


def test_destroy_leaves_no_service_no_key_and_no_folder(fresh: Bookings) -> None:
    fresh.type(section_to_type("examples/consumer-stack/README.md", "Up"))
    fresh.type(section_to_type("examples/consumer-stack/README.md", "Destroy"))
    assert not fresh.service.exists()
    assert fresh.resources("EncryptionKey") == []
