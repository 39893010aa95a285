"""A key ring in a file."""

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
