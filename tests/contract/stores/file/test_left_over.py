"""What a write leaves beside a key ring in a file when it is interrupted or killed, and what removes it."""

import errno
import fcntl
import multiprocessing
import os
import signal
from pathlib import Path

import pytest

from tests.contract.stores.file.folder import left_over
from tests.contract.stores.rings import ring
from whatsapp_flow_keys.errors import StoreConflictError
from whatsapp_flow_keys.stores.file.store import FileStore


def test_nothing_but_the_document_and_its_lock_is_left(store: FileStore, tmp_path: Path) -> None:
    store.write(ring(), store.read())
    assert left_over(tmp_path) == []


def test_an_interrupted_write_leaves_nothing_beside_the_document(
    store: FileStore, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def interrupted(source: object, target: object) -> None:
        raise KeyboardInterrupt

    monkeypatch.setattr(os, "replace", interrupted)
    with pytest.raises(KeyboardInterrupt):
        store.write(ring(), store.read())
    assert left_over(tmp_path) == []


def test_an_interruption_once_the_document_has_its_name_is_still_one(
    store: FileStore, path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    replace = os.replace

    def interrupted(source: str, target: Path) -> None:
        replace(source, target)
        raise KeyboardInterrupt

    monkeypatch.setattr(os, "replace", interrupted)
    with pytest.raises(KeyboardInterrupt):
        store.write(ring(), store.read())
    assert store.read().ring == ring()
    assert left_over(path.parent) == []


def test_a_folder_that_may_not_be_listed_takes_a_document(store: FileStore, monkeypatch: pytest.MonkeyPatch) -> None:
    def forbidden(_folder: Path) -> list[str]:
        raise PermissionError(errno.EACCES, os.strerror(errno.EACCES))

    monkeypatch.setattr(os, "listdir", forbidden)
    assert store.write(ring(), store.read()) == store.read()


def test_what_a_person_removes_before_the_next_write_does_is_gone(
    store: FileStore, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(os, "listdir", lambda _folder: [".ring.json.abcdefgh.part"])
    assert store.write(ring(), store.read()) == store.read()


def write_and_be_killed(path: str) -> None:
    """In a process of its own: dies when the document is written and has not taken its name yet."""
    os.replace = lambda *_given, **_named: os.kill(os.getpid(), signal.SIGKILL)
    store = FileStore(path)
    store.write(ring(2), store.read())


def killed_write(path: Path) -> None:
    run = multiprocessing.get_context("spawn").Process(target=write_and_be_killed, args=(str(path),))
    run.start()
    run.join(60)
    assert run.exitcode == -signal.SIGKILL
    (left,) = left_over(path.parent)
    assert "PRIVATE KEY" in (path.parent / left).read_text()


@pytest.mark.parametrize("there", [True, False])
@pytest.mark.parametrize("following", ["write", "delete"])
def test_what_a_killed_write_left_goes_with_the_next_write_or_deletion(
    store: FileStore, path: Path, following: str, there: bool
) -> None:
    found = store.write(ring(1), store.read()) if there else store.read()
    killed_write(path)
    assert store.read() == found
    if following == "write":
        store.write(ring(3), found)
    else:
        store.delete(found)
    assert left_over(path.parent) == []
    assert path.exists() == (following == "write")


def test_what_a_killed_write_left_goes_also_when_the_next_write_lost_a_race(store: FileStore, path: Path) -> None:
    nothing = store.read()
    store.write(ring(1), nothing)
    killed_write(path)
    with pytest.raises(StoreConflictError):
        store.write(ring(3), nothing)
    assert left_over(path.parent) == []


def test_only_what_a_killed_write_of_this_document_left_goes(store: FileStore, path: Path) -> None:
    others = {
        ".ring.json.original",
        ".ring.json.abcdefg.part",
        ".ring.json.abcdefgh.part.gz",
        ".ring.json.ABCDEFGH.part",
        ".ringxjson.abcdefgh.part",
        ".ring.json.2.abcdefgh.part",
        ".other.json.abcdefgh.part",
        "ring.json.abcdefgh.part",
    }
    for name in others:
        (path.parent / name).touch()
    (path.parent / ".ring.json.abcdefgh.part").touch()
    store.delete(store.write(ring(), store.read()))
    assert set(left_over(path.parent)) == others


def test_what_is_left_over_is_removed_under_the_lock_alone(
    store: FileStore, path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Else a write that is under way would lose its file."""
    first = store.write(ring(1), store.read())
    (path.parent / ".ring.json.abcdefgh.part").touch()
    unlink, held = os.unlink, list[bool]()

    def looked_at(gone: Path) -> None:
        with (path.parent / ".ring.json.lock").open() as lock:
            try:
                fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
            except BlockingIOError:
                held.append(True)
            else:
                held.append(False)
        unlink(gone)

    monkeypatch.setattr(os, "unlink", looked_at)
    store.write(ring(2), first)
    assert held == [True]
