"""An interpreter that has imported Pulumi's SDK and the providers already, and forks for each program of a test.

Two thirds of the processor time of an engine's run are the imports of the two Python processes that it starts: the
program's and the dynamic providers'. Here they are made once in this run of the tests. `client.py` takes the place of
`python3`: it hands its arguments, environment, folder and streams over to `server.py`, and lives exactly as long as
the process that is forked there for it, with the same exit status. What is run is the SDK's own code and ours,
unchanged. Anything else than those two processes, or another setting of Python's own, starts the real `python3`; so do
the tests of kills, of the wheel, of `make` and of the examples.
"""

import functools
import os
import subprocess
import sys
import tempfile
from dataclasses import dataclass
from pathlib import Path

from tools.checkout import Checkout

COLD = "COLD_PYTHON"
"""Set in the environment of a run, it has the real `python3` started."""

_FOLDER = Path(__file__).parent


@dataclass(frozen=True)
class WarmPython:
    """The words that take the place of `python3`, for a shell script that ends with the arguments."""

    words: tuple[str, ...]
    environment: dict[str, str]
    """What it was started with; another setting of Python's own is not its."""
    _server: "subprocess.Popen[bytes]"
    _folder: "tempfile.TemporaryDirectory[str]"

    @property
    def process_id(self) -> int:
        """The parent of what is forked."""
        return self._server.pid

    def forks(self) -> int:
        """How many processes were forked."""
        return len((Path(self._folder.name) / "forks").read_text())


@functools.cache
def warm_python() -> WarmPython:
    """Starts the server, once in this process; it ends when the process does."""
    python = str(Checkout.this().venv_bin / "python3")
    folder = tempfile.TemporaryDirectory(prefix="warm-python-")
    socket = str(Path(folder.name) / "socket")
    environment = {**os.environ, "PYTHONDONTWRITEBYTECODE": "1"}  # as a test's project has it
    environment.pop("PYTHONPATH", None)
    server = subprocess.Popen(
        [python, "-u", str(_FOLDER / "server.py"), socket],
        env=environment,
        stdin=subprocess.PIPE,  # its end is that of this process
        stdout=subprocess.PIPE,
        start_new_session=True,
    )
    assert server.stdout
    if server.stdout.readline() != b"ready\n":
        sys.exit("the interpreter that forks for the engine's tests did not start")
    words = (python, "-I", "-S", str(_FOLDER / "client.py"), socket, python)
    return WarmPython(words, environment, server, folder)
