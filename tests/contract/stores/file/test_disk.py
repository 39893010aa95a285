"""When a key ring in a file is on the disk, and what is there after a write or a deletion that failed."""

import errno
import os
import stat
from pathlib import Path

import pytest

from tests.contract.stores.file.folder import as_root, left_over
from tests.contract.stores.file_place import as_nobody
from tests.contract.stores.rings import ring
from whatsapp_flow_keys.errors import StoreUnavailableError
from whatsapp_flow_keys.stores.file.store import FileStore


@as_root
def test_a_folder_that_may_not_be_written_keeps_its_document_and_says_so(open_folder: Path) -> None:
    store = FileStore(str(open_folder / "ring.json"))
    first = as_nobody(lambda: store.write(ring(1), store.read()))
    (open_folder / ".ring.json.lock").unlink()
    open_folder.chmod(0o755)
    for call in (lambda: store.write(ring(2), first), lambda: store.delete(first)):
        with pytest.raises(StoreUnavailableError, match=r"can't be (written|deleted): permission denied"):
            as_nobody(call)
    assert as_nobody(store.read) == first
    assert [path.name for path in open_folder.iterdir()] == ["ring.json"]


@pytest.mark.parametrize("step", ["open", "fsync", "replace"])
def test_a_full_disk_leaves_the_old_document_and_nothing_beside_it(
    store: FileStore, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, step: str
) -> None:
    first = store.write(ring(1), store.read())

    def full(*_given: object, **_named: object) -> None:
        raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC))

    with monkeypatch.context() as broken:
        broken.setattr(os, step, full)
        with pytest.raises(StoreUnavailableError, match=r"no space left on device\. Its previous content is intact$"):
            store.write(ring(2), first)
    assert store.read() == first
    assert left_over(tmp_path) == []


def test_a_folder_that_does_not_reach_the_disk_is_said_and_the_new_document_is_there(
    store: FileStore, monkeypatch: pytest.MonkeyPatch
) -> None:
    first = store.write(ring(1), store.read())
    sync = os.fsync

    def fails_for_folders(descriptor: int) -> None:
        if stat.S_ISDIR(os.fstat(descriptor).st_mode):
            raise OSError(errno.EIO, os.strerror(errno.EIO))
        sync(descriptor)

    monkeypatch.setattr(os, "fsync", fails_for_folders)
    with pytest.raises(StoreUnavailableError, match="was written, but its folder was not: input/output error"):
        store.write(ring(2), first)
    assert store.read().ring == ring(2)


def test_a_document_reaches_the_disk_before_it_takes_the_name_and_the_name_before_the_write_ends(
    store: FileStore, path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    first = store.write(ring(1), store.read())
    calls = recorded_calls(monkeypatch)
    store.write(ring(2), first)
    assert calls == [f"sync {path.stat().st_ino} {path.stat().st_size}", "replace", f"sync {inode(path.parent)}"]


def test_a_deletion_reaches_the_disk_before_it_ends(
    store: FileStore, path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    first = store.write(ring(), store.read())
    calls = recorded_calls(monkeypatch)
    store.delete(first)
    assert calls == ["unlink ring.json", "unlink .ring.json.lock", f"sync {inode(path.parent)}"]


def recorded_calls(monkeypatch: pytest.MonkeyPatch) -> list[str]:
    """What is asked of the system from now on: which inode is synced, a file's with its size, and what names change."""
    calls: list[str] = []
    sync, replace, unlink = os.fsync, os.replace, os.unlink

    def recorded_sync(descriptor: int) -> None:
        found = os.fstat(descriptor)
        size = "" if stat.S_ISDIR(found.st_mode) else f" {found.st_size}"
        calls.append(f"sync {found.st_ino}{size}")
        sync(descriptor)

    def recorded_replace(source: str, target: Path) -> None:
        calls.append("replace")
        replace(source, target)

    def recorded_unlink(gone: Path) -> None:
        calls.append(f"unlink {gone.name}")
        unlink(gone)

    monkeypatch.setattr(os, "fsync", recorded_sync)
    monkeypatch.setattr(os, "replace", recorded_replace)
    monkeypatch.setattr(os, "unlink", recorded_unlink)
    return calls


def inode(path: Path) -> int:
    return path.stat().st_ino


def test_a_write_succeeds_after_one_that_failed(store: FileStore, monkeypatch: pytest.MonkeyPatch) -> None:
    def full(descriptor: int) -> None:
        raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC))

    with monkeypatch.context() as broken:
        broken.setattr(os, "fsync", full)
        with pytest.raises(StoreUnavailableError):
            store.write(ring(), store.read())
    store.write(ring(), store.read())
    assert store.read().ring == ring()
