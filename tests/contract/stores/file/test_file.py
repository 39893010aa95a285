"""What only a key ring in a file knows: rights, what lies beside it, full disks, races of processes; and store URLs."""

import errno
import fcntl
import json
import multiprocessing
import os
import signal
import stat
import struct
import tempfile
from collections.abc import Callable, Iterator
from contextlib import suppress
from multiprocessing.synchronize import Barrier
from pathlib import Path

import pytest

from tests.contract.stores.file_place import NOBODY, as_nobody
from tests.contract.stores.place import delete
from whatsapp_flow_keys import document
from whatsapp_flow_keys.errors import (
    ForeignDocumentError,
    InputError,
    StoreConflictError,
    StorePermissionError,
    StoreUnavailableError,
)
from whatsapp_flow_keys.keys import PrivateKey
from whatsapp_flow_keys.ring import KeyRing, RingKey, Role
from whatsapp_flow_keys.stores.file.store import FileStore
from whatsapp_flow_keys.stores.urls import STACK, open_store, parse_stores

KEY = PrivateKey.generate()
NUMBER = "106540352242922"
LIMIT = 1024 * 1024
ROUNDS = 5
STRANGER, GROUP = 4321, 5678
ACL, NOT_NAMED = "system.posix_acl_access", 0xFFFFFFFF
as_root = pytest.mark.skipif(os.geteuid() != 0, reason="only root can give a file away")


def ring(revision: int = 1, owner: str = "key-1") -> KeyRing:
    held = RingKey(KEY.fingerprint, Role.PENDING, "2026-11-24", None, KEY.to_pem())
    return KeyRing(NUMBER, "org/flows/prod", owner, revision, (held,))


def mode(path: Path) -> int:
    return stat.S_IMODE(path.stat().st_mode)


def left_over(folder: Path) -> list[str]:
    """What lies in the folder besides the document and its lock."""
    return sorted(path.name for path in folder.iterdir() if path.name not in ("ring.json", ".ring.json.lock"))


@pytest.fixture
def _no_umask() -> Iterator[None]:
    before = os.umask(0)
    yield
    os.umask(before)


def test_where_nothing_is_there_is_no_ring_and_nothing_is_made(store: FileStore, tmp_path: Path) -> None:
    assert store.read().ring is None
    assert list(tmp_path.iterdir()) == []


@pytest.mark.parametrize("empty", [b"", b"\n", b"  \n\t"])
def test_an_empty_file_is_written_over(store: FileStore, path: Path, empty: bytes) -> None:
    path.write_bytes(empty)
    found = store.read()
    assert found.ring is None
    store.write(ring(), found)
    assert store.read().ring == ring()


def test_the_file_holds_the_document_and_nothing_else(store: FileStore, path: Path) -> None:
    store.write(ring(), store.read())
    assert path.read_text() == document.dump(ring())


@pytest.mark.usefixtures("_no_umask")
def test_the_file_and_its_lock_are_for_the_owner_only(store: FileStore, path: Path) -> None:
    store.write(ring(), store.read())
    assert (mode(path), mode(path.with_name(".ring.json.lock"))) == (0o600, 0o600)


@pytest.mark.usefixtures("_no_umask")
@pytest.mark.parametrize(
    ("made", "closed"), [(0o777, 0o770), (0o666, 0o660), (0o644, 0o640), (0o640, 0o640), (0o600, 0o600)]
)
def test_an_empty_file_keeps_the_right_of_its_group_and_is_closed_to_others_by_the_first_write(
    store: FileStore, path: Path, made: int, closed: int
) -> None:
    path.touch(made)
    store.write(ring(), store.read())
    assert mode(path) == closed


@pytest.mark.parametrize("given", [0o640, 0o644, 0o660, 0o600, 0o400])
def test_the_rights_that_an_operator_gave_stay(store: FileStore, path: Path, given: int) -> None:
    first = store.write(ring(1), store.read())
    path.chmod(given)
    store.write(ring(2), first)
    assert mode(path) == given


@as_root
def test_the_owner_and_the_group_that_an_operator_gave_stay(store: FileStore, path: Path) -> None:
    first = store.write(ring(1), store.read())
    os.chown(path, STRANGER, GROUP)
    path.chmod(0o640)
    store.write(ring(2), first)
    assert (path.stat().st_uid, path.stat().st_gid, mode(path)) == (STRANGER, GROUP, 0o640)


def test_an_access_control_list_that_an_operator_gave_stays(store: FileStore, path: Path) -> None:
    """One user more may read, and the group may not, though the mode's bits for the group say so."""
    first = store.write(ring(1), store.read())
    os.setxattr(path, ACL, one_reader_more())
    store.write(ring(2), first)
    assert (os.getxattr(path, ACL), mode(path)) == (one_reader_more(), 0o640)


def test_an_access_control_list_that_the_folder_gives_new_files_is_not_given_to_an_old_one(
    store: FileStore, path: Path
) -> None:
    first = store.write(ring(1), store.read())
    path.chmod(0o640)
    os.setxattr(path.parent, "system.posix_acl_default", one_reader_more())
    store.write(ring(2), first)
    assert (ACL in os.listxattr(path), mode(path)) == (False, 0o640)


def one_reader_more() -> bytes:
    """A list as Linux keeps it: owner, one user, group, mask, others, each with its rights."""
    entries = (
        (0x01, 6, NOT_NAMED),
        (0x02, 4, STRANGER),
        (0x04, 0, NOT_NAMED),
        (0x10, 4, NOT_NAMED),
        (0x20, 0, NOT_NAMED),
    )
    return struct.pack("<I", 2) + b"".join(struct.pack("<HHI", *entry) for entry in entries)


def test_a_file_system_that_takes_no_mode_is_not_asked_to(store: FileStore, monkeypatch: pytest.MonkeyPatch) -> None:
    def refused(descriptor: int, mode: int) -> None:
        raise PermissionError(errno.EPERM, os.strerror(errno.EPERM))

    monkeypatch.setattr(os, "fchmod", refused)
    store.write(ring(2), store.write(ring(1), store.read()))
    assert store.read().ring == ring(2)


@pytest.fixture
def open_folder() -> Iterator[Path]:
    """A folder in which everybody may make files."""
    with tempfile.TemporaryDirectory() as folder:
        Path(folder).chmod(0o777)
        yield Path(folder)


@as_root
@pytest.mark.parametrize(
    ("owner", "group", "rights", "whom"),
    [(NOBODY, GROUP, 0o640, f"group {GROUP}"), (STRANGER, NOBODY, 0o644, f"user {STRANGER}")],
)
def test_a_write_that_would_take_the_right_to_read_from_somebody_is_refused(
    open_folder: Path, owner: int, group: int, rights: int, whom: str
) -> None:
    store = FileStore(str(open_folder / "ring.json"))
    first = as_nobody(lambda: store.write(ring(1), store.read()))
    os.chown(open_folder / "ring.json", owner, group)
    (open_folder / "ring.json").chmod(rights)
    with pytest.raises(StorePermissionError, match=f"belongs to {whom}, .* nothing was written"):
        as_nobody(lambda: store.write(ring(2), first))
    assert store.read() == first
    assert left_over(open_folder) == []


@as_root
@pytest.mark.parametrize(
    ("owner", "group", "rights"), [(NOBODY, GROUP, 0o600), (NOBODY, GROUP, 0o601), (0, NOBODY, 0o640)]
)
def test_an_owner_or_group_that_loses_nothing_does_not_stop_a_write(
    open_folder: Path, owner: int, group: int, rights: int
) -> None:
    path = open_folder / "ring.json"
    store = FileStore(str(path))
    first = as_nobody(lambda: store.write(ring(1), store.read()))
    os.chown(path, owner, group)
    path.chmod(rights)
    as_nobody(lambda: store.write(ring(2), first))
    assert (path.stat().st_uid, path.stat().st_gid, mode(path)) == (NOBODY, NOBODY, rights)


@pytest.mark.usefixtures("_no_umask")
def test_missing_folders_are_made_for_the_owner_only(tmp_path: Path) -> None:
    store = FileStore(str(tmp_path / "a" / "b" / "ring.json"))
    store.write(ring(), store.read())
    assert (mode(tmp_path / "a"), mode(tmp_path / "a" / "b")) == (0o700, 0o700)


@pytest.mark.usefixtures("_no_umask")
def test_the_rights_of_a_folder_that_was_there_stay(tmp_path: Path) -> None:
    (tmp_path / "shared").mkdir(0o755)
    store = FileStore(str(tmp_path / "shared" / "ring.json"))
    store.write(ring(), store.read())
    assert mode(tmp_path / "shared") == 0o755


def test_nothing_but_the_document_and_its_lock_is_left(store: FileStore, tmp_path: Path) -> None:
    store.write(ring(), store.read())
    assert left_over(tmp_path) == []


def test_a_path_below_a_regular_file_can_not_be_read(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("a file")
    store = FileStore(str(tmp_path / "file" / "ring.json"))
    with pytest.raises(StoreUnavailableError, match="can't be read: not a directory"):
        store.read()


@pytest.mark.parametrize("below", ["ring.json", "folder/ring.json"])
def test_a_path_below_a_regular_file_can_not_be_written(store: FileStore, tmp_path: Path, below: str) -> None:
    (tmp_path / "file").write_text("a file")
    with pytest.raises(StoreUnavailableError, match="can't be written"):
        FileStore(str(tmp_path / "file" / below)).write(ring(), store.read())
    assert (tmp_path / "file").read_text() == "a file"


@pytest.mark.parametrize(
    "content",
    [
        pytest.param(b"password=hunter2", id="some text"),
        pytest.param(b'{"password": "hunter2"}', id="another tool's JSON"),
        pytest.param(b'{"format": "hunter2/1"}', id="another format"),
        pytest.param(b'{"format": "whatsapp-flow-keys/2", "x": "hunter2"}', id="a later version's"),
        pytest.param(b'{"format": "whatsapp-flow-keys/1", "x": "hunter2"}', id="a damaged ring"),
        pytest.param(b'["hunter2"]', id="a list"),
        pytest.param(b"[" * 100_000 + b"hunter2", id="nested too deeply"),
        pytest.param(b"\x00\xff\xfehunter2", id="binary"),
        pytest.param(b"hunter2" + b" " * LIMIT, id="too long"),
        pytest.param(b" " * (LIMIT + 1), id="blanks only but too long"),
    ],
)
def test_what_is_no_ring_is_named_but_neither_quoted_nor_touched(store: FileStore, path: Path, content: bytes) -> None:
    path.write_bytes(content)
    with pytest.raises(ForeignDocumentError) as caught:
        store.read()
    assert str(caught.value).startswith(f"file://{path}: ")
    assert "hunter2" not in str(caught.value).replace("'hunter2/1'", "")
    assert path.read_bytes() == content


def test_a_ring_with_half_of_its_bytes_is_foreign_and_stays(store: FileStore, path: Path) -> None:
    half = document.dump(ring()).encode()[:900]
    path.write_bytes(half)
    with pytest.raises(ForeignDocumentError) as caught:
        store.read()
    assert "PRIVATE KEY" not in str(caught.value)
    assert path.read_bytes() == half


def test_a_ring_that_lost_a_key_is_damaged(store: FileStore, path: Path) -> None:
    damaged = json.loads(document.dump(ring())) | {"private_keys": ""}
    path.write_text(json.dumps(damaged))
    with pytest.raises(ForeignDocumentError, match="is damaged"):
        store.read()


def test_a_folder_is_refused(tmp_path: Path) -> None:
    with pytest.raises(InputError, match="is a folder; name the file in it"):
        FileStore(str(tmp_path))


def test_a_path_that_ends_in_a_slash_is_refused(tmp_path: Path) -> None:
    with pytest.raises(InputError, match="is a folder"):
        FileStore(f"{tmp_path}/new/")


@pytest.mark.parametrize("call", ["read", "write", "delete"])
def test_a_folder_that_took_the_files_place_is_named_and_stays(store: FileStore, path: Path, call: str) -> None:
    nothing = store.read()
    path.mkdir()
    (path / "theirs").touch()
    calls: dict[str, Callable[[], object]] = {
        "read": store.read,
        "write": lambda: store.write(ring(), nothing),
        "delete": lambda: store.delete(nothing),
    }
    with pytest.raises(StoreUnavailableError, match=f"^{path.as_uri()}: can't be read: is a directory"):
        calls[call]()
    assert (path / "theirs").exists()


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


@pytest.mark.parametrize("path", ["", "ring.json", "./ring.json", "~/ring.json", "/tmp/a\0b"])
def test_a_path_that_is_not_absolute_is_refused(path: str) -> None:
    with pytest.raises(InputError, match="is not an absolute path"):
        FileStore(path)


@pytest.mark.parametrize("there", [True, False])
def test_a_symlink_stays_and_its_target_is_written(tmp_path: Path, there: bool) -> None:
    (tmp_path / "disk").mkdir()
    target, link = tmp_path / "disk" / "real.json", tmp_path / "ring.json"
    if there:
        target.touch()
    link.symlink_to(target)
    store = FileStore(str(link))
    store.write(ring(), store.read())
    assert link.is_symlink()
    assert not target.is_symlink()
    assert FileStore(str(target)).read().ring == ring()


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


def race(path: str, owner: str, start: Barrier, wins: "multiprocessing.SimpleQueue[tuple[int, str]]") -> None:
    """In a process of its own: in each round reads, waits for the other, and writes over what it read."""
    store = FileStore(path)
    for number in range(ROUNDS):
        found = store.read()
        start.wait(30)
        try:
            store.write(ring(number, owner), found)
        except StoreConflictError:
            pass
        else:
            wins.put((number, owner))
        start.wait(30)


def test_of_two_processes_that_write_at_once_exactly_one_wins(store: FileStore, path: Path) -> None:
    context = multiprocessing.get_context("spawn")
    start, wins = context.Barrier(2), context.SimpleQueue()
    runs = [context.Process(target=race, args=(str(path), owner, start, wins)) for owner in ("one", "two")]
    for run in runs:
        run.start()
    for run in runs:
        run.join(60)
    won = []
    while not wins.empty():
        won.append(wins.get())
    assert [run.exitcode for run in runs] == [0, 0]
    assert [number for number, _ in sorted(won)] == list(range(ROUNDS))
    last = store.read().ring
    assert last is not None
    assert (last.revision, last.owner) == sorted(won)[-1]


@pytest.mark.parametrize("call", ["write", "delete"])
def test_whoever_waited_for_a_lock_file_that_is_gone_takes_the_new_one(
    store: FileStore, path: Path, monkeypatch: pytest.MonkeyPatch, call: str
) -> None:
    """A deletes and B writes while C waits for A's lock: C must wait for B's, and find what B wrote."""
    first = store.write(ring(1), store.read())
    lock, flock = path.with_name(".ring.json.lock"), fcntl.flock
    turns: list[Callable[[], object]] = []

    def after_the_deletion() -> None:
        path.unlink()
        lock.unlink()
        turns.append(lambda: path.write_text(document.dump(ring(2, "theirs"))))

    turns.append(after_the_deletion)

    def waits(descriptor: int, operation: int) -> None:
        with suppress(IndexError):
            turns.pop(0)()
        flock(descriptor, operation)

    monkeypatch.setattr(fcntl, "flock", waits)
    with pytest.raises(StoreConflictError):
        store.write(ring(2), first) if call == "write" else store.delete(first)
    assert store.read().ring == ring(2, "theirs")


def test_a_delete_leaves_nothing_behind(store: FileStore, tmp_path: Path) -> None:
    store.write(ring(), store.read())
    delete(store)
    assert list(tmp_path.iterdir()) == []


def test_a_delete_of_nothing_does_nothing(tmp_path: Path) -> None:
    delete(FileStore(str(tmp_path / "missing" / "ring.json")))
    assert list(tmp_path.iterdir()) == []


@pytest.mark.parametrize("content", ["", " \n"])
def test_a_file_without_a_document_is_not_deleted(store: FileStore, path: Path, content: str) -> None:
    path.write_text(content)
    delete(store)
    assert path.read_text() == content


@pytest.mark.parametrize("name", ["linked", "hard"])
def test_one_document_under_two_names_is_one_place(store: FileStore, path: Path, tmp_path: Path, name: str) -> None:
    written = store.write(ring(), store.read())
    (tmp_path / "hard").mkdir()
    (tmp_path / "hard" / "ring.json").hardlink_to(path)
    (tmp_path / "linked").symlink_to(tmp_path)
    found = FileStore(str(tmp_path / name / "ring.json")).read()
    assert found.place == store.read().place == written.place != ""


def test_two_documents_are_two_places_though_they_hold_the_same(store: FileStore, tmp_path: Path) -> None:
    other = FileStore(str(tmp_path / "other.json"))
    places = {opened.write(ring(), opened.read()).place for opened in (store, other)}
    assert len(places) == 2
    assert {opened.read().place for opened in (store, other)} == places


def test_the_url_of_a_store_opens_the_same_file(tmp_path: Path) -> None:
    store = FileStore(str(tmp_path / "a ring%20#1?.json"))
    store.write(ring(), store.read())
    assert open_store(store.url).read().ring == ring()


def test_an_encoded_blank_in_the_url_is_a_blank_in_the_path(tmp_path: Path) -> None:
    store = open_store(f"file://{tmp_path}/our%20ring.json")
    store.write(ring(), store.read())
    assert (tmp_path / "our ring.json").exists()


@pytest.mark.parametrize("form", ["file://{}", "file://localhost{}", "file:{}", "FILE://{}"])
def test_every_form_of_a_file_url_names_the_path(path: Path, form: str) -> None:
    assert open_store(form.format(path)).url == path.as_uri()


@pytest.mark.parametrize("url", [None, 7, "", "  ", ["file:///a"]])
def test_a_url_that_is_no_text_or_empty_is_named_with_its_field(url: object) -> None:
    with pytest.raises(InputError, match=r"^backups.0.: is empty; give a store's URL"):
        open_store(url, "backups[0]")


@pytest.mark.parametrize("url", ["file://var/lib/ring.json", "file:///a/ring.json?x=1", "file:///a/ring.json#x"])
def test_a_file_url_with_a_host_query_or_fragment_is_refused(url: str) -> None:
    with pytest.raises(InputError, match=r"^backups.0.: a file store's URL has three slashes and a path"):
        open_store(url, "backups[0]")


@pytest.mark.parametrize("url", ["/var/lib/ring.json", "ring.json", "s3://bucket/ring.json", "https://host/ring"])
def test_a_url_of_another_kind_is_refused_with_those_that_are_known(url: str) -> None:
    with pytest.raises(InputError, match=r"^backups.0.: '.*' is not a store; known are `stack`, `file://…`, "):
        open_store(url, "backups[0]")


def test_the_stacks_own_store_is_no_store_to_open() -> None:
    assert parse_stores(STACK, []) == ()


def test_the_store_comes_first_and_backups_in_their_order(tmp_path: Path) -> None:
    urls = [(tmp_path / name).as_uri() for name in ("b", "a", "c")]
    assert [store.url for store in parse_stores(urls[0], urls[1:])] == urls


@pytest.mark.parametrize("backups", [None, "file:///a", {"file:///a": 1}])
def test_backups_that_are_no_list_are_refused(backups: object) -> None:
    with pytest.raises(InputError, match=r"^backups: must be a list of stores$"):
        parse_stores(STACK, backups)


def test_the_backup_that_can_not_be_used_is_named_by_its_place(tmp_path: Path) -> None:
    with pytest.raises(InputError, match=r"^backups\[1\]: "):
        parse_stores(STACK, [(tmp_path / "a").as_uri(), "s3://bucket/b"])


def test_a_store_that_can_not_be_used_is_named() -> None:
    with pytest.raises(InputError, match=r"^store: "):
        parse_stores("s3://bucket/b", [])


def test_a_place_that_is_named_twice_is_refused_also_through_a_symlink(tmp_path: Path) -> None:
    (tmp_path / "link").symlink_to(tmp_path / "ring.json")
    with pytest.raises(InputError, match="is named twice"):
        parse_stores((tmp_path / "ring.json").as_uri(), [(tmp_path / "link").as_uri()])


@pytest.mark.parametrize("url", ["file://[x/ring.json", "file:///tmp/" + "a" * 300, "file:///tmp/", "file:relative"])
def test_a_url_that_can_be_no_file_is_one_sentence_that_names_its_field(url: str) -> None:
    with pytest.raises(InputError, match=r"^backups\[0\]: "):
        open_store(url, "backups[0]")
