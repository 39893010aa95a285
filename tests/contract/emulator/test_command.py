"""`python -m whatsapp_graph_emulator` as a process of its own."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest
import requests

import whatsapp_graph_emulator
from tests.contract.emulator.conftest import NUMBER, TOKEN

APP_SECRET = "app-secret-of-the-test"
COMMAND = (sys.executable, "-m", "whatsapp_graph_emulator")


def environment(**variables: str) -> dict[str, str]:
    source_root = Path(whatsapp_graph_emulator.__file__).parents[1]
    inherited = {name: value for name, value in os.environ.items() if not name.startswith("WHATSAPP_")}
    return inherited | {"PYTHONPATH": str(source_root), "PYTHONDONTWRITEBYTECODE": "1"} | variables


@contextmanager
def running(*arguments: str, **variables: str) -> Iterator[tuple[subprocess.Popen[str], str]]:
    """The process and the line that it printed; it is ended by its pid whatever happens."""
    with subprocess.Popen(
        [*COMMAND, *arguments],
        env=environment(**variables),
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
    ) as process:
        try:
            assert process.stdout
            yield process, process.stdout.readline()
        finally:
            if process.poll() is None:
                process.kill()


def refused(*arguments: str, **variables: str) -> str:
    """The one sentence with which the command refuses to start."""
    ended = subprocess.run(
        [*COMMAND, *arguments], env=environment(**variables), capture_output=True, text=True, timeout=60, check=False
    )
    assert (ended.returncode, ended.stdout) == (1, "")
    assert len(ended.stderr.splitlines()) == 1
    return ended.stderr


def url_in(line: str) -> str:
    return line.split(" on ")[1].split(" ")[0]


@pytest.fixture
def state(tmp_path: Path) -> str:
    return str(tmp_path / "emulator.json")


def test_an_accounts_id_can_be_given_on_the_command_line(state: str) -> None:
    with running("--port", "0", "--state", state, "--token", TOKEN, "--account", "1029") as (_, line):
        address = f"{url_in(line)}/v26.0/1029/whatsapp_business_encryption"
        response = requests.get(address, headers={"Authorization": f"Bearer {TOKEN}"}, timeout=10)
    assert "on node type (WhatsAppBusinessAccount)" in response.json()["error"]["message"]


def test_it_says_where_it_listens_and_where_its_state_is(state: str) -> None:
    with running("--port", "0", "--state", state, "--token", TOKEN) as (_, line):
        assert line == f"Graph API emulator on {url_in(line)} (state: {state})\n"
        assert url_in(line).startswith("http://127.0.0.1:")


def test_it_serves_when_the_line_is_out(state: str) -> None:
    with running("--port", "0", "--state", state, "--token", TOKEN, "--number", NUMBER) as (_, line):
        response = requests.get(
            f"{url_in(line)}/v26.0/{NUMBER}/whatsapp_business_encryption",
            headers={"Authorization": f"Bearer {TOKEN}"},
            timeout=10,
        )

    assert response.status_code == 200


@pytest.mark.parametrize("ending", [signal.SIGTERM, signal.SIGINT])
def test_a_signal_ends_it_with_status_0_and_no_more_words(state: str, ending: signal.Signals) -> None:
    with running("--port", "0", "--state", state, "--token", TOKEN) as (process, _):
        os.kill(process.pid, ending)
        output, errors = process.communicate(timeout=60)

    assert (process.returncode, output, errors) == (0, "", "")


def test_it_prints_no_request_and_no_token(state: str) -> None:
    with running("--port", "0", "--state", state, "--token", TOKEN, "--number", NUMBER) as (process, line):
        requests.post(
            f"{url_in(line)}/v26.0/{NUMBER}/whatsapp_business_encryption",
            params={"access_token": TOKEN},
            timeout=10,
        )
        requests.get(f"{url_in(line)}/", timeout=10)
        process.terminate()
        output, errors = process.communicate(timeout=60)

    assert (output, errors) == ("", "")


def test_a_fault_that_closes_the_connection_prints_nothing(state: str) -> None:
    with running("--port", "0", "--state", state, "--token", TOKEN, "--number", NUMBER) as (process, line):
        requests.post(f"{url_in(line)}/_emulator/faults", json={"kind": "lost_answer"}, timeout=10)
        with pytest.raises(requests.exceptions.ConnectionError):
            requests.get(f"{url_in(line)}/v26.0/{NUMBER}/whatsapp_business_encryption", timeout=10)
        process.terminate()
        output, errors = process.communicate(timeout=60)

    assert (output, errors) == ("", "")


def test_it_takes_everything_from_a_configuration_file(tmp_path: Path, state: str) -> None:
    config = tmp_path / "config.json"
    numbers = [NUMBER, {"id": "2002", "registered": False, "tokens": [TOKEN]}]
    config.write_text(json.dumps({"numbers": numbers, "tokens": [TOKEN, "another"], "app_secret": APP_SECRET}))

    with running("--port", "0", "--state", state, "--config", str(config)) as (_, line):
        shown = requests.get(f"{url_in(line)}/_emulator/numbers", timeout=10).json()["numbers"]
        unproven = requests.get(
            f"{url_in(line)}/v26.0/{NUMBER}/whatsapp_business_encryption",
            headers={"Authorization": f"Bearer {TOKEN}"},
            timeout=10,
        )

    assert [(number["id"], number["registered"], number["tokens_allowed"]) for number in shown] == [
        (NUMBER, True, None),
        ("2002", False, 1),
    ]
    assert "appsecret_proof" in unproven.json()["error"]["message"]


def test_tokens_can_come_from_the_environment(state: str) -> None:
    with running("--port", "0", "--state", state, "--number", NUMBER, WHATSAPP_EMULATOR_TOKENS=f"another, {TOKEN}") as (
        _,
        line,
    ):
        response = requests.get(
            f"{url_in(line)}/v26.0/{NUMBER}/whatsapp_business_encryption",
            headers={"Authorization": f"Bearer {TOKEN}"},
            timeout=10,
        )

    assert response.status_code == 200


def test_a_number_survives_being_killed(state: str) -> None:
    with running("--port", "0", "--state", state, "--token", TOKEN) as (process, line):
        requests.put(f"{url_in(line)}/_emulator/numbers/2002", json={"deleted": True}, timeout=10)
        process.kill()

    with running("--port", "0", "--state", state, "--token", TOKEN, "--number", "2002") as (_, line):
        number = requests.get(f"{url_in(line)}/_emulator/numbers/2002", timeout=10).json()

    assert number["deleted"] is True


def test_a_taken_port_is_named_with_a_way_on(state: str) -> None:
    with running("--port", "0", "--state", state, "--token", TOKEN) as (_, line):
        port = url_in(line).rpartition(":")[2]

        sentence = refused("--port", port, "--state", state + ".second", "--token", TOKEN)

    assert f"Port {port} " in sentence
    assert "another port" in sentence


def test_no_token_is_a_reason_not_to_start(state: str) -> None:
    assert "No access token is configured" in refused("--port", "0", "--state", state, "--number", NUMBER)


def test_a_state_file_in_no_directory_is_a_reason_not_to_start(tmp_path: Path) -> None:
    path = str(tmp_path / "missing" / "emulator.json")

    assert f"The state file {path} cannot be written" in refused("--port", "0", "--state", path, "--token", TOKEN)


def test_a_corrupt_state_file_is_a_reason_not_to_start(state: str) -> None:
    Path(state).write_text("{")

    assert "is not a state file of this emulator" in refused("--port", "0", "--state", state, "--token", TOKEN)


def test_a_number_that_is_none_is_a_reason_not_to_start(state: str) -> None:
    sentence = refused("--port", "0", "--state", state, "--token", TOKEN, "--number", "support")

    assert "must be a phone number ID" in sentence


@pytest.mark.parametrize(
    ("content", "expected"),
    [
        ('{"tokens": ["token-of-the-test"', "is not valid JSON"),
        ('["token-of-the-test"]', "must hold a JSON object"),
        ('{"token": "token-of-the-test"}', "token: is not known"),
        ('{"tokens": "token-of-the-test"}', "tokens: must be a list"),
        ('{"tokens": ["token-of-the-test"], "numbers": [5]}', "numbers[0]"),
        ('{"tokens": ["another"], "numbers": [{"id": "1", "tokens": ["token-of-the-test"]}]}', "numbers[0]"),
    ],
)
def test_a_bad_configuration_file_is_a_reason_not_to_start(
    tmp_path: Path, state: str, content: str, expected: str
) -> None:
    config = tmp_path / "config.json"
    config.write_text(content)

    sentence = refused("--port", "0", "--state", state, "--config", str(config))

    assert expected in sentence
    assert str(config) in sentence
    assert TOKEN not in sentence


def test_a_missing_configuration_file_is_a_reason_not_to_start(tmp_path: Path, state: str) -> None:
    config = str(tmp_path / "config.json")

    assert f"The configuration file {config} cannot be read" in refused(
        "--port", "0", "--state", state, "--config", config
    )


def test_help_tells_how_to_keep_secrets_out_of_arguments() -> None:
    ended = subprocess.run(
        [*COMMAND, "--help"], env=environment(), capture_output=True, text=True, timeout=60, check=True
    )

    assert "WHATSAPP_EMULATOR_TOKENS" in ended.stdout


def test_importing_the_package_does_not_import_flask() -> None:
    program = "import sys, whatsapp_graph_emulator; sys.exit('flask' in sys.modules)"

    subprocess.run([sys.executable, "-c", program], env=environment(), timeout=60, check=True)
