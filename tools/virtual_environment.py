"""The virtual environment in `.dev/venv`: the pinned tools and the project itself, installed editable."""

from __future__ import annotations

import hashlib
import shutil
import sys
from pathlib import Path

from tools.checkout import Checkout, write_whole
from tools.processes import part, run_quietly

_INPUTS = ("tools/requirements.txt", "requirements.txt", "pyproject.toml")


def ensure_virtual_environment(checkout: Checkout) -> None:
    """Makes or renews the environment where its inputs have changed; else it costs a few file reads."""
    venv = checkout.dev / "venv"
    stamp = venv / "stamp"
    wanted_base, wanted = base_stamp(checkout), stamp_of(checkout)
    recorded = stamp.read_text(encoding="utf-8") if stamp.exists() else ""
    if recorded == wanted and checkout.python.exists():
        return
    if not recorded.startswith(wanted_base) or not checkout.python.exists():
        with part(f"Making a virtual environment with Python {_python_version()} in .dev/venv"):
            _remove(venv)
            run_quietly([_base_python(), "-m", "venv", venv], cwd=checkout.root)
            write_whole(stamp, wanted_base)
    pip = [str(checkout.python), "-m", "pip", "install", "--quiet", "--disable-pip-version-check", "--no-input"]
    with part("Installing the tools of tools/requirements.txt"):
        run_quietly([*pip, "-r", "tools/requirements.txt"], cwd=checkout.root)
    with part("Installing the project, editable"):
        run_quietly([*pip, "--no-build-isolation", "-r", "requirements.txt"], cwd=checkout.root)
    write_whole(stamp, wanted)


def base_stamp(checkout: Checkout) -> str:
    """What the environment itself hangs on: the Python it was made with and the folder it lies in."""
    return f"{_python_version()} {sys.base_prefix}\n{(checkout.dev / 'venv').resolve()}\n"


def stamp_of(checkout: Checkout) -> str:
    """What the environment and all that is installed in it hang on."""
    digest = hashlib.sha256()
    for name in _INPUTS:
        digest.update(name.encode() + b"\0" + (checkout.root / name).read_bytes() + b"\0")
    return f"{base_stamp(checkout)}{digest.hexdigest()}\n"


def _python_version() -> str:
    return ".".join(str(number) for number in sys.version_info[:3])


def _base_python() -> str:
    """This Python, or the one behind it where this one is a virtual environment's (perhaps the very one to renew)."""
    return getattr(sys, "_base_executable", "") or sys.executable


def _remove(folder: Path) -> None:
    if folder.exists():
        shutil.rmtree(folder)
