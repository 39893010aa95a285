"""`export`: private keys as files or on a pipe, for programs in other languages; never by mistake on a terminal."""

import os
import pty
import stat
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest
from cryptography.hazmat.primitives.serialization import load_pem_private_key

from tests.contract.command_line.shell import (
    Shell,
    in_the_environment,
    lose_both,
    lose_the_store,
)
from tests.secret_forms import pem_blocks

FIRST_LINES = {"pem": "-----BEGIN PRIVATE KEY-----\n", "traditional": "-----BEGIN RSA PRIVATE KEY-----\n"}


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    return tmp_path / "exported"


def numbers(pem: str) -> object:
    key = load_pem_private_key(pem.encode(), None)
    return key.private_numbers()  # type: ignore[union-attr]


def of_the_ring(shell: Shell) -> list[object]:
    return [key.key.private_numbers() for key in shell.private_keys()]


@pytest.mark.parametrize("shape", FIRST_LINES)
def test_each_key_is_a_file_in_a_new_folder_the_likeliest_first(shell: Shell, folder: Path, shape: str) -> None:
    status, output = shell.run("export", *shell.stores, "--format", shape, "--to", str(folder))
    assert status == 0, output
    names = [f"{place}-{key.fingerprint}.pem" for place, key in enumerate(shell.private_keys(), 1)]
    assert output.splitlines() == [
        f"In {folder}, not encrypted, the likeliest first:",
        *(f"  {name}" for name in names),
    ]
    assert sorted(os.listdir(folder)) == names
    texts = [(folder / name).read_text() for name in names]
    assert all(text.startswith(FIRST_LINES[shape]) for text in texts)
    assert [numbers(text) for text in texts] == of_the_ring(shell)


def test_nobody_else_may_read_them_whatever_the_umask(shell: Shell, folder: Path) -> None:
    before = os.umask(0)
    try:
        assert shell.run("export", *shell.stores, "--to", str(folder))[0] == 0
    finally:
        os.umask(before)
    assert stat.S_IMODE(folder.stat().st_mode) == 0o700
    assert {stat.S_IMODE(file.stat().st_mode) for file in folder.iterdir()} == {0o600}


@pytest.mark.parametrize("shape", FIRST_LINES)
def test_openssl_finds_a_traditional_key_and_any_other_whole(shell: Shell, shape: str) -> None:
    _, output = shell.run("export", *shell.stores, "--format", shape)
    for block in pem_blocks(output):
        done = subprocess.run(["openssl", "rsa", "-check", "-noout"], input=block, capture_output=True, text=True)
        assert (done.returncode, done.stdout) == (0, "RSA key ok\n")


@pytest.mark.parametrize("words", [[], ["--to", "-"]], ids=["by default", "asked for"])
def test_a_pipe_gets_every_key_and_nothing_else(shell: Shell, words: list[str]) -> None:
    status, output = shell.run("export", *shell.stores, *words)
    blocks = pem_blocks(output)
    assert (status, "".join(blocks)) == (0, output)
    assert [numbers(block) for block in blocks] == of_the_ring(shell)


def test_the_ring_of_a_stack_that_keeps_its_own_keys_is_in_the_environment(shell: Shell) -> None:
    status, output = shell.run("export", WHATSAPP_FLOW_KEYS=in_the_environment(shell), WHATSAPP_FLOW_PASSPHRASE="")
    assert status == 0, output
    assert [numbers(block) for block in pem_blocks(output)] == of_the_ring(shell)


def test_the_backup_is_exported_where_the_store_is_lost(shell: Shell) -> None:
    keys = of_the_ring(shell)
    lose_the_store(shell)
    status, output = shell.run("export", *shell.stores)
    assert (status, [numbers(block) for block in pem_blocks(output)]) == (0, keys)


def on_a_terminal(shell: Shell, *words: str) -> tuple[int, str]:
    ours, theirs = pty.openpty()
    try:
        command = [sys.executable, "-m", "whatsapp_flow_keys", "export", *shell.stores, *words]
        environment = {**os.environ, **shell.variables}
        done = subprocess.run(command, stdout=theirs, stderr=subprocess.PIPE, env=environment, text=True)
        os.close(theirs)
        shown = b""
        try:
            while part := os.read(ours, 65536):
                shown += part
        except OSError:  # the end of a terminal
            pass
        return done.returncode, shown.decode() + done.stderr
    finally:
        os.close(ours)


def test_a_terminal_gets_none_unless_it_is_asked_for(shell: Shell) -> None:
    status, output = on_a_terminal(shell)
    assert (status, "BEGIN" in output) == (3, False)
    assert "would be shown on this terminal; nothing was printed. Give --to FOLDER, or a pipe; --to - prints" in output
    status, output = on_a_terminal(shell, "--to", "-")
    assert (status, output.count("-----BEGIN PRIVATE KEY-----")) == (0, 2)


@pytest.mark.parametrize("held", ["a folder", "a file"])
def test_what_is_there_is_never_written_over(shell: Shell, folder: Path, held: str) -> None:
    if held == "a folder":
        folder.mkdir()
    else:
        folder.write_text("mine")
    status, output = shell.run("export", *shell.stores, "--to", str(folder))
    assert status == 1
    assert f"{folder}: can't be made: File exists. Nothing was written; give a folder that does not exist yet" in output
    assert os.listdir(folder) == [] if held == "a folder" else folder.read_text() == "mine"


def test_a_key_that_does_not_open_stops_it_before_anything_is_written(shell: Shell, folder: Path) -> None:
    status, output = shell.run("export", *shell.stores, "--to", str(folder), WHATSAPP_FLOW_PASSPHRASE="wrong")
    assert (status, folder.exists()) == (1, False)
    assert "the passphrase does not open the private key, or the key is damaged. Nothing was exported" in output
    status, output = shell.run("export", *shell.stores, "--to", str(folder), WHATSAPP_FLOW_PASSPHRASE="")
    assert (status, folder.exists()) == (1, False)
    assert "ring0.json: WHATSAPP_FLOW_PASSPHRASE is not set. Nothing was exported" in output


def test_where_no_place_holds_a_ring_each_is_named(shell: Shell) -> None:
    lose_both(shell)
    status, output = shell.run("export", *shell.stores)
    assert status == 1
    assert output.endswith("ring1.json: there is no key ring. Nothing was exported\n")
    assert "ring0.json: there is no key ring; " in output


def test_a_disk_that_is_full_leaves_no_part_of_a_key(
    shell: Shell, folder: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    really = os.open

    def full(path: Any, *more: Any, **named: Any) -> int:
        if str(path).startswith(f"{folder}/2-"):
            raise OSError(28, "No space left on device")
        return really(path, *more, **named)

    monkeypatch.setattr(os, "open", full)
    status, output = shell.run("export", *shell.stores, "--to", str(folder))
    assert (status, folder.exists()) == (1, False)
    assert f"{folder}: can't be written: No space left on device. It was removed" in output


@pytest.mark.parametrize("words", [(), ("--store", "https://example.com"), ("--format", "der")])
def test_invalid_usage_ends_with_3(shell: Shell, words: tuple[str, ...]) -> None:
    assert shell.run("export", *words)[0] == 3
