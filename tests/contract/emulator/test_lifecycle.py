"""The emulator as a Python object: how it starts, what it keeps over a restart, how it stops."""

from __future__ import annotations

import json
import socket
import stat
import threading
import time
from pathlib import Path

import pytest
import requests

from tests.contract.emulator.conftest import BEARER, NUMBER, OTHER_TOKEN, TOKEN
from whatsapp_graph_emulator import (
    BadField,
    Emulator,
    EmulatorError,
    PortTaken,
    SettingsError,
    StateFileError,
)
from whatsapp_graph_emulator.phone_numbers import Numbers
from whatsapp_graph_emulator.state_file import StateFile


def graph(emulator: Emulator, method: str = "GET", number: str = NUMBER, **kwargs: object) -> requests.Response:
    url = f"{emulator.url}/v26.0/{number}/whatsapp_business_encryption"
    return requests.request(method, url, headers=BEARER, timeout=10, **kwargs)  # type: ignore[arg-type]


def test_a_restart_keeps_what_the_state_file_holds(tmp_path: Path, pem: str) -> None:
    state = tmp_path / "emulator.json"
    with Emulator(tokens=[TOKEN], numbers=[NUMBER], state=state) as first:
        graph(first, "POST", data={"business_public_key": pem})
        first.reregister(NUMBER)
        first.add_number("2002", deleted=True)

    with Emulator(tokens=[TOKEN], numbers=[NUMBER, "3003"], state=state) as second:
        assert second.served(NUMBER)[::2] == (pem, "MISMATCH")
        assert graph(second, number="2002").json()["error"]["code"] == 33
        assert graph(second, number="3003").status_code == 200


def test_a_known_number_keeps_its_registration_and_takes_the_configured_tokens(tmp_path: Path) -> None:
    state = tmp_path / "emulator.json"
    with Emulator(tokens=[TOKEN], numbers=[NUMBER], state=state) as first:
        first.add_number(NUMBER, registered=False)

    number = {"id": NUMBER, "registered": True, "tokens": [OTHER_TOKEN]}
    with Emulator(tokens=[TOKEN, OTHER_TOKEN], numbers=[number], state=state) as second:
        shown = requests.get(f"{second.url}/_emulator/numbers/{NUMBER}", timeout=10).json()

    assert (shown["registered"], shown["tokens_allowed"]) == (False, 1)


def test_the_state_file_is_private_and_holds_no_token(tmp_path: Path) -> None:
    state = tmp_path / "emulator.json"
    with Emulator(
        tokens=[TOKEN], numbers=[{"id": NUMBER, "tokens": [TOKEN]}], app_secret="app-secret-of-the-test", state=state
    ):
        pass

    assert stat.S_IMODE(state.stat().st_mode) == 0o600
    assert TOKEN not in state.read_text()
    assert "app-secret-of-the-test" not in state.read_text()


def test_no_other_file_is_left_beside_the_state_file(tmp_path: Path, pem: str) -> None:
    with Emulator(tokens=[TOKEN], numbers=[NUMBER], state=tmp_path / "emulator.json") as running:
        running.set_key(NUMBER, pem)

    assert [path.name for path in tmp_path.iterdir()] == ["emulator.json"]


def test_the_stop_ends_a_late_commit_that_still_waits(tmp_path: Path, pem: str) -> None:
    state = tmp_path / "emulator.json"
    with Emulator(tokens=[TOKEN], numbers=[NUMBER], state=state) as running:
        running.fault("late_commit", seconds=3600)
        with pytest.raises(requests.exceptions.ConnectionError):
            graph(running, "POST", data={"business_public_key": pem})

    deadline = time.monotonic() + 20
    while any(thread.name == "late-commit" for thread in threading.enumerate()):
        assert time.monotonic() < deadline, "the late commit still waits"
        time.sleep(0.01)
    assert json.loads(state.read_text())["numbers"][0]["public_key"] is None


def test_a_write_that_comes_after_the_stop_is_refused(tmp_path: Path) -> None:
    numbers = Numbers(StateFile(tmp_path / "emulator.json"))
    numbers.close()

    with pytest.raises(EmulatorError, match="stopped"):
        numbers.put(NUMBER, {})

    assert not list(tmp_path.iterdir())


def test_a_key_that_cannot_be_saved_is_not_served(tmp_path: Path, pem: str) -> None:
    directory = tmp_path / "gone"
    directory.mkdir()
    with Emulator(tokens=[TOKEN], numbers=[NUMBER], state=directory / "emulator.json") as running:
        (directory / "emulator.json").unlink()
        directory.rmdir()

        response = graph(running, "POST", data={"business_public_key": pem})

        assert response.status_code == 500
        assert running.served(NUMBER)[0] is None


@pytest.mark.parametrize(
    "content",
    [
        "not JSON",
        "[]",
        '{"format": "another/1", "numbers": []}',
        '{"format": "whatsapp-graph-emulator/1"}',
        '{"format": "whatsapp-graph-emulator/1", "numbers": [{"id": 5}]}',
    ],
)
def test_a_file_that_is_not_ours_is_neither_read_nor_overwritten(tmp_path: Path, content: str) -> None:
    state = tmp_path / "emulator.json"
    state.write_text(content)

    with pytest.raises(StateFileError, match="is not a state file of this emulator"):
        Emulator(tokens=[TOKEN], state=state).start()

    assert state.read_text() == content


def test_a_stopped_emulator_does_not_listen() -> None:
    with Emulator(tokens=[TOKEN]) as running:
        url = running.url

    with pytest.raises(requests.exceptions.ConnectionError):
        requests.get(f"{url}/_emulator/health", timeout=10)


def test_a_stopped_emulator_says_that_it_is_not_running() -> None:
    with pytest.raises(EmulatorError, match="not running"):
        Emulator(tokens=[TOKEN]).requests()


def test_a_taken_port_is_an_error_that_names_it(emulator: Emulator) -> None:
    port = int(emulator.url.rpartition(":")[2])

    with pytest.raises(PortTaken, match=f"Port {port} "):
        Emulator(tokens=[TOKEN], port=port).start()


def test_a_start_that_fails_gives_the_port_back(tmp_path: Path) -> None:
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port = free.getsockname()[1]
    with pytest.raises(StateFileError) as failed:
        Emulator(tokens=[TOKEN], port=port, state=tmp_path / "missing" / "emulator.json").start()

    # `failed` keeps the frames alive: a socket that only its collection would close would still have the port.
    with Emulator(tokens=[TOKEN], port=port) as running:
        assert running.url == f"http://127.0.0.1:{port}"
    assert "cannot be written" in str(failed.value)


def test_an_emulator_without_tokens_is_refused() -> None:
    with pytest.raises(SettingsError, match="No access token"):
        Emulator(tokens=[])


def test_a_wrong_number_is_refused_by_its_place() -> None:
    with pytest.raises(BadField, match=r"numbers\[1\]"):
        Emulator(tokens=[TOKEN], numbers=[NUMBER, "support"])
