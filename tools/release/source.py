"""The sources of a release: those of the checkout, with the public address where they need one."""

from __future__ import annotations

import re
import shutil
import tempfile
import tomllib
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

_RELATIVE = re.compile(r"(!?\[[^\[\]]*\])\((?!https?:|#)([^()\s]+)\)")


@contextmanager
def sources(root: Path, repository: str | None) -> Iterator[Path]:
    """A folder with what is built. With an address, as in ``https://github.com/OWNER/REPOSITORY``, the package's
    metadata have it, and the README's links and pictures begin with it: a package index shows that page by itself."""
    with tempfile.TemporaryDirectory(prefix="release-") as name:
        folder = Path(name)
        project = tomllib.loads((root / "pyproject.toml").read_text(encoding="utf-8"))
        for part in project["tool"]["hatch"]["build"]["targets"]["sdist"]["only-include"]:
            if (root / part).is_dir():
                shutil.copytree(root / part, folder / part, ignore=shutil.ignore_patterns("__pycache__"))
            else:
                shutil.copy(root / part, folder / part)
        if repository:
            readme, settings = folder / "README.md", folder / "pyproject.toml"
            text = with_absolute_links(readme.read_text(encoding="utf-8"), repository, project["project"]["version"])
            readme.write_text(text, encoding="utf-8")
            with settings.open("a", encoding="utf-8") as more:
                more.write(f'\n[project.urls]\nRepository = "{repository}"\n')
        yield folder


def with_absolute_links(page: str, repository: str, version: str) -> str:
    """The page with its relative links and pictures at the tag of the version."""

    def absolute(match: re.Match[str]) -> str:
        words, target = match.groups()
        return f"{words}({repository}/{'raw' if words.startswith('!') else 'blob'}/v{version}/{target})"

    return _RELATIVE.sub(absolute, page)
