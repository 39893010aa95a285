"""A key ring in a file."""

import tempfile
from collections.abc import Iterator
from pathlib import Path

import pytest

from whatsapp_flow_keys.stores.file.store import FileStore


@pytest.fixture
def path(tmp_path: Path) -> Path:
    """Where it is."""
    return tmp_path / "ring.json"


@pytest.fixture
def store(path: Path) -> FileStore:
    """Its store."""
    return FileStore(str(path))


@pytest.fixture
def open_folder() -> Iterator[Path]:
    """A folder in which everybody may make files."""
    with tempfile.TemporaryDirectory() as folder:
        Path(folder).chmod(0o777)
        yield Path(folder)
