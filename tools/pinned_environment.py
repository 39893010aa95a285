"""A virtual environment of pinned packages, hashes checked: made once, and again only where its pins have changed."""

from __future__ import annotations

import fcntl
import hashlib
import shutil
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from tools.checkout import Checkout, write_whole
from tools.processes import part, run_quietly

_LONGEST_STEP = 1800.0
"""Seconds for one command: a slow network must not fail it, a dead one must not hold it for ever."""
_PIP = ("-m", "pip", "install", "--quiet", "--disable-pip-version-check", "--no-input", "--no-deps")
# Large packages have a hundred times more modules than a program imports: the first import compiles what it needs.
_PATIENT_PIP = (*_PIP, "--no-compile", "--timeout", "180", "--retries", "10")


def ensure_pinned_environment(
    checkout: Checkout, folder: Path, requirements: Path, *, with_project: bool = False
) -> Path:
    """The Python of the environment in `folder`, which lies below `.dev/`.

    `requirements` pins every package with its hashes. `with_project` adds the project itself, editable, for which they
    have to name hatchling. Who asks while another process makes it waits for that one. Raises `PartFailed` with what
    pip said.
    """
    python = folder / "bin" / "python"
    with _locked(folder.with_name(f".{folder.name}.lock")):
        packages = f"{sys.version}\n{folder.resolve()}\n{_digest(requirements)}\n"
        if not python.exists() or not _is_stamped(folder / "stamp", packages):
            with part(f"Making the environment {folder.relative_to(checkout.root)}"):
                shutil.rmtree(folder, ignore_errors=True)
                _run(checkout, [sys.executable, "-m", "venv", folder])
                _run(checkout, [python, *_PATIENT_PIP, "--require-hashes", "-r", requirements])
                write_whole(folder / "stamp", packages)
        project = f"{checkout.root}\n{_digest(checkout.root / 'pyproject.toml')}\n" if with_project else ""
        if project and not _is_stamped(folder / "project-stamp", project):
            _run(checkout, [python, *_PATIENT_PIP, "--no-build-isolation", "--editable", checkout.root])
            write_whole(folder / "project-stamp", project)
    return python


def _run(checkout: Checkout, command: list[str | Path]) -> None:
    run_quietly(command, cwd=checkout.root, seconds=_LONGEST_STEP)


def _digest(file: Path) -> str:
    return hashlib.sha256(file.read_bytes()).hexdigest()


def _is_stamped(stamp: Path, wanted: str) -> bool:
    return stamp.exists() and stamp.read_text(encoding="utf-8") == wanted


@contextmanager
def _locked(lock: Path) -> Iterator[None]:
    lock.parent.mkdir(parents=True, exist_ok=True)
    with lock.open("w") as file:
        fcntl.flock(file, fcntl.LOCK_EX)
        yield
