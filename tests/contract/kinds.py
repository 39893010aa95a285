"""Where the product names a kind, and what the page says that tells how one is added."""

import re
from pathlib import Path

ROOT = Path(__file__).parents[2]


def named_by(names: str, *, but: Path) -> set[str]:
    """The files of the product that hold ``names``, a regular expression, outside the kind's own folder."""
    files = [*(ROOT / "providers").rglob("*.py"), *(ROOT / "components").rglob("*.py"), ROOT / "pyproject.toml"]
    return {
        file.relative_to(ROOT).as_posix()
        for file in files
        if but not in file.parents and re.search(names, file.read_text())
    }


def files_on(page: str) -> set[str]:
    """The files that a page of the documentation names."""
    return set(re.findall(r"`([\w./-]+\.(?:py|toml))`", (ROOT / "docs" / page).read_text()))
