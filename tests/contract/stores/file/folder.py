"""The folder in which a key ring in a file is: what else is in it, and who may give its files away."""

import os
from pathlib import Path

import pytest

as_root = pytest.mark.skipif(os.geteuid() != 0, reason="only root can give a file away")


def left_over(folder: Path) -> list[str]:
    """What lies in the folder besides the document and its lock."""
    return sorted(path.name for path in folder.iterdir() if path.name not in ("ring.json", ".ring.json.lock"))
