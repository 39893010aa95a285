"""What a key ring in a file needs for a moment: a lock, a file beside the document, descriptors. None of it stays."""

import fcntl
import os
from contextlib import suppress
from pathlib import Path

import pytest

from tests.contract.stores.rings import ring
from whatsapp_flow_keys.stores.file.store import FileStore
from whatsapp_flow_keys.stores.store import Versioned


def test_no_descriptor_stays_open_after_a_write_or_a_deletion(store: FileStore, path: Path) -> None:
    written = store.write(ring(), store.read())
    ours = {identity(found.stat()) for found in (path.parent, *path.parent.iterdir())}
    open_after_the_write = ours & identities_of_what_is_open()
    store.delete(written)
    assert (len(ours), open_after_the_write, ours & identities_of_what_is_open()) == (3, set(), set())


def identity(found: os.stat_result) -> tuple[int, int]:
    return found.st_dev, found.st_ino


def identities_of_what_is_open() -> set[tuple[int, int]]:
    found = set[tuple[int, int]]()
    for descriptor in os.listdir("/dev/fd"):
        with suppress(OSError):  # that of the list itself, or of another thread
            found.add(identity(os.fstat(int(descriptor))))
    return found


def test_the_lock_file_is_open_for_writing_since_nfs_locks_no_other(
    store: FileStore, monkeypatch: pytest.MonkeyPatch
) -> None:
    flock, modes = fcntl.flock, list[int]()

    def watched(descriptor: int, operation: int) -> None:
        modes.append(fcntl.fcntl(descriptor, fcntl.F_GETFL) & os.O_ACCMODE)
        flock(descriptor, operation)

    monkeypatch.setattr(fcntl, "flock", watched)
    store.write(ring(), store.read())
    assert modes == [os.O_RDWR]


def test_the_name_that_a_write_gives_its_file_is_one_that_the_next_write_removes(
    store: FileStore, path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    replace, names = os.replace, list[str]()

    def watched(source: str, target: Path) -> None:
        names.append(source)
        replace(source, target)

    monkeypatch.setattr(os, "replace", watched)
    first = store.write(ring(1), store.read())
    (left,) = map(Path, names)
    left.write_text("as a kill leaves it")
    store.write(ring(2), first)
    assert sorted(found.name for found in path.parent.iterdir()) == [".ring.json.lock", "ring.json"]


def test_a_lock_file_that_a_person_removes_meanwhile_does_not_stop_a_deletion(
    store: FileStore, path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    written = store.write(ring(), store.read())
    unlink = os.unlink

    def unlinks_both(gone: Path) -> None:
        unlink(gone)
        if gone == path:
            unlink(path.with_name(".ring.json.lock"))

    monkeypatch.setattr(os, "unlink", unlinks_both)
    assert store.delete(written) == ""
    assert list(path.parent.iterdir()) == []


def test_below_a_regular_file_nothing_is_deleted(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("a file")
    assert FileStore(str(tmp_path / "file" / "ring.json")).delete(Versioned(None, "")) == ""
    assert (tmp_path / "file").read_text() == "a file"
