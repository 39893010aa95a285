"""What is in a file's place and is no file, and a lock that somebody holds: a sentence at once, or after a deadline."""

import fcntl
import os
import socket
from collections.abc import Callable
from pathlib import Path

import pytest

from tests.contract.stores.place import delete
from tests.contract.stores.rings import ring
from whatsapp_flow_keys import document
from whatsapp_flow_keys.errors import ForeignDocumentError, StoreError, StoreUnavailableError
from whatsapp_flow_keys.stores.file.store import FileStore


def pipe(path: Path) -> None:
    os.mkfifo(path)


def link_to_a_pipe(path: Path) -> None:
    os.mkfifo(path.with_name("pipe"))
    path.symlink_to(path.with_name("pipe"))


@pytest.mark.parametrize("make", [pipe, link_to_a_pipe])
def test_what_is_no_regular_file_is_refused_at_once_and_left(
    store: FileStore, path: Path, make: Callable[[Path], None]
) -> None:
    nothing = store.read()
    make(path)
    there = path.stat()
    for call in (store.read, lambda: store.write(ring(), nothing), lambda: store.delete(nothing)):
        with pytest.raises(ForeignDocumentError, match="is no regular file; it was not touched"):
            call()
    assert path.stat().st_ino == there.st_ino


def test_a_socket_can_not_be_read(store: FileStore, path: Path) -> None:
    with socket.socket(socket.AF_UNIX) as listening:
        listening.bind(str(path))
        with pytest.raises(StoreError, match=r"can.t be read|is no regular file"):
            store.read()


def test_a_lock_that_somebody_holds_ends_in_a_sentence_after_the_deadline(
    store: FileStore, path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("WHATSAPP_STORE_DEADLINE", "0.1")
    written = store.write(ring(), store.read())
    with path.with_name(f".{path.name}.lock").open("w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        said = rf"^file://{path}: another process has held its lock for 0\.1 s; nothing was changed\."
        with pytest.raises(StoreUnavailableError, match=said):
            store.write(ring(2), written)
        with pytest.raises(StoreUnavailableError, match=said):
            delete(store)
    assert document.load(path.read_text(), "here") == ring()
    store.write(ring(2), written)
