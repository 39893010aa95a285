"""Owner, group and rights of a key ring in a file, where the file system or Python can't change them."""

import errno
import os
import stat
from pathlib import Path
from typing import NoReturn

import pytest

from tests.contract.stores.file_place import as_nobody
from tests.contract.stores.rings import ring
from whatsapp_flow_keys.stores.file.store import FileStore


@pytest.fixture
def store(open_folder: Path) -> FileStore:
    """In a folder in which everybody may make files."""
    return FileStore(str(open_folder / "ring.json"))


def write_twice(store: FileStore) -> None:
    """As somebody who isn't root, for whom the second write keeps the rights that were given after the first."""
    first = as_nobody(lambda: store.write(ring(1), store.read()))
    path = Path(store.url.removeprefix("file://"))
    path.chmod(0o640)
    as_nobody(lambda: store.write(ring(2), first))
    assert (store.read().ring, stat.S_IMODE(path.stat().st_mode)) == (ring(2), 0o640)


def test_a_file_system_that_gives_no_file_away_is_not_asked_to_where_owner_and_group_are_the_same(
    store: FileStore, monkeypatch: pytest.MonkeyPatch
) -> None:
    def refused(_descriptor: int, _owner: int, _group: int) -> NoReturn:
        raise PermissionError(errno.EPERM, os.strerror(errno.EPERM))

    monkeypatch.setattr(os, "fchown", refused)
    write_twice(store)


def test_a_file_system_without_access_control_lists_is_asked_for_none(
    store: FileStore, monkeypatch: pytest.MonkeyPatch
) -> None:
    def unsupported(*_given: object) -> NoReturn:
        raise OSError(errno.ENOTSUP, os.strerror(errno.ENOTSUP))

    for call in ("getxattr", "setxattr", "removexattr"):
        monkeypatch.setattr(os, call, unsupported)
    write_twice(store)


def test_where_python_knows_no_access_control_lists_a_document_is_written_without_them(
    store: FileStore, monkeypatch: pytest.MonkeyPatch
) -> None:
    """As on macOS."""
    for call in ("getxattr", "setxattr", "removexattr"):
        monkeypatch.delattr(os, call)
    write_twice(store)
