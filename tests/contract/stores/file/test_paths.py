"""Paths of a key ring in a file: not absolute, through a symlink, below a file, or taken by a folder."""

from collections.abc import Callable
from pathlib import Path

import pytest

from tests.contract.stores.rings import ring
from whatsapp_flow_keys.errors import InputError, StoreUnavailableError
from whatsapp_flow_keys.stores.file.store import FileStore


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
