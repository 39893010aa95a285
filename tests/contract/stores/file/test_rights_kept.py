"""Owner, group and rights of a key ring in a file: those of a new one, and those that a write keeps."""

import errno
import os
import stat
import struct
import subprocess
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.contract.stores.file.folder import as_root, left_over
from tests.contract.stores.file_place import NOBODY, as_nobody
from tests.contract.stores.rings import ring
from tests.pages import command_to_type
from whatsapp_flow_keys.errors import StorePermissionError
from whatsapp_flow_keys.stores.file.store import FileStore

STRANGER, GROUP = 4321, 5678
ACL, NOT_NAMED = "system.posix_acl_access", 0xFFFFFFFF


def mode(path: Path) -> int:
    return stat.S_IMODE(path.stat().st_mode)


@pytest.fixture
def _no_umask() -> Iterator[None]:
    before = os.umask(0)
    yield
    os.umask(before)


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


def test_the_group_that_the_pages_command_gave_may_still_read_after_a_rotation(store: FileStore, path: Path) -> None:
    first = store.write(ring(1), store.read())
    command = command_to_type("docs/stores.md", "chgrp ").replace(" flows ", f" {os.getegid()} ")
    subprocess.run(["sh", "-c", command], cwd=path.parent, check=True)
    store.write(ring(2), first)
    assert (path.stat().st_gid, mode(path)) == (os.getegid(), 0o640)


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
    now = store.read()
    assert (now.ring, now.version, now.place) == (first.ring, first.version, first.place)
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
