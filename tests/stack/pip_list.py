"""A `python3` for engine tests that knows what the language host asks it at every run.

To find plugins among the installed packages, the host runs `python3 -m pip list -v --format json`, which takes a third
of an `up`. Here it is answered with what the real command said once in this run of the tests, for the same virtual
environment; anything else goes to the real Python. `test_pip_list.py` compares the answer with the real one.
Tests of the wheel, of `make` and of the examples have a real Python only.
"""

import functools
import shlex
import subprocess
import tempfile
from pathlib import Path

from tests.stack.warm_python import warm_python
from tools.checkout import Checkout

QUESTION = ("-m", "pip", "list", "-v", "--format", "json")


@functools.cache
def remembering_python() -> Path:
    """A folder for the front of PATH, with `python3` in it; made once in this process, removed when it ends."""
    folder = Path(_kept_for_this_process().name)
    (folder / "answer").write_bytes(real_answer())
    python = folder / "python3"
    python.write_text(
        "#!/bin/sh\n"
        f'if [ "$*" = "{" ".join(QUESTION)}" ]; then\n'
        f'  echo >> "{folder}/given"\n'
        f'  exec cat "{folder}/answer"\n'
        "fi\n"
        f'exec {shlex.join(warm_python().words)} "$@"\n'
    )
    python.chmod(0o755)
    return folder


def real_answer() -> bytes:
    """What the real command says."""
    return subprocess.run([_real_python(), *QUESTION], capture_output=True, check=True).stdout


def times_answered() -> int:
    """How often the remembered answer was given in this process."""
    given = remembering_python() / "given"
    return len(given.read_text().splitlines()) if given.exists() else 0


def _real_python() -> str:
    return str(Checkout.this().venv_bin / "python3")


@functools.cache
def _kept_for_this_process() -> "tempfile.TemporaryDirectory[str]":
    return tempfile.TemporaryDirectory(prefix="python-for-engine-tests-")
