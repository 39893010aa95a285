"""Where things lie in a checkout. All that is local lies in `.dev/`, which git ignores."""

from __future__ import annotations

import os
from dataclasses import dataclass
from pathlib import Path


@dataclass(frozen=True)
class Checkout:
    """One clone of the repository, by its root folder."""

    root: Path

    @staticmethod
    def this() -> Checkout:
        """The clone that this file is part of."""
        return Checkout(Path(__file__).resolve().parent.parent)

    @property
    def dev(self) -> Path:
        """The folder of everything local."""
        return self.root / ".dev"

    @property
    def venv_bin(self) -> Path:
        """The programs of the virtual environment."""
        return self.dev / "venv" / "bin"

    @property
    def python(self) -> Path:
        """The virtual environment's Python."""
        return self.venv_bin / "python"

    @property
    def toolchain(self) -> Path:
        """The folder of engines that were installed or built here."""
        return self.dev / "toolchain"

    @property
    def plugins(self) -> Path:
        """Pulumi's plugin cache; each PULUMI_HOME made here links to it, so a plugin is had once."""
        return self.toolchain / "plugins"

    @property
    def site(self) -> Path:
        """The site of the documentation, as `make docs` builds it."""
        return self.dev / "site"

    @property
    def pulumi_home(self) -> Path:
        """PULUMI_HOME of the local stack: a person's own login and plugins lie elsewhere."""
        return self.dev / "pulumi-home"


def write_whole(path: Path, text: str, *, mode: int = 0o644) -> None:
    """Writes a file so that a reader sees the old or the new one and never half of it."""
    path.parent.mkdir(parents=True, exist_ok=True)
    unfinished = path.with_name(f".{path.name}.{os.getpid()}")
    with os.fdopen(os.open(unfinished, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, mode), "w", encoding="utf-8") as file:
        file.write(text)
    os.replace(unfinished, path)
