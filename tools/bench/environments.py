"""Virtual environments below `.dev/bench/`, one for each `requirements-*.txt` beside this file, hashes checked."""

import hashlib
import shutil
import sys
from pathlib import Path

from tools.checkout import Checkout, write_whole
from tools.processes import part, run_quietly

_HERE = Path(__file__).parent


def requirements(name: str) -> Path:
    """The file that pins an environment."""
    return _HERE / f"requirements-{name}.txt"


def ensure_environment(checkout: Checkout, name: str) -> Path:
    """Its Python; made anew where the pins or the Python have changed. Raises `PartFailed`."""
    folder = checkout.dev / "bench" / name
    python, stamp = folder / "bin" / "python", folder / "stamp"
    wanted = f"{sys.version}\n{folder.resolve()}\n{hashlib.sha256(requirements(name).read_bytes()).hexdigest()}\n"
    if python.exists() and stamp.exists() and stamp.read_text(encoding="utf-8") == wanted:
        return python
    with part(f"Making the environment {name} in .dev/bench"):
        shutil.rmtree(folder, ignore_errors=True)
        run_quietly([sys.executable, "-m", "venv", folder], cwd=checkout.root)
        pip = [str(python), "-m", "pip", "install", "--quiet", "--disable-pip-version-check", "--no-input"]
        run_quietly([*pip, "--no-deps", "--require-hashes", "-r", requirements(name)], cwd=checkout.root)
        write_whole(stamp, wanted)
    return python
