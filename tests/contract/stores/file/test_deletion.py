"""Deleting a key ring in a file."""

from pathlib import Path

import pytest

from tests.contract.stores.place import delete
from tests.contract.stores.rings import ring
from whatsapp_flow_keys.stores.file.store import FileStore


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
