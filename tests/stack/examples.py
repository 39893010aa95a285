"""The examples that are Pulumi projects: outside of the checkout, with environments of their own, by their READMEs.

The commands of a README's section are typed as they stand there, so that they stay true.
"""

import random
import re
import shutil
import socket
import subprocess
from collections.abc import Mapping
from contextlib import suppress
from pathlib import Path

from tests.stack.project import TOKEN, Project, descendants, kill
from tools.local_engine import engine_environment
from whatsapp_graph_emulator import Emulator

ROOT = Path(__file__).parents[2]
APP_SECRET = "secretOfTheAppForTestsOnly"
_SECONDS = 1200
_ASKED = {"whatsapp:accessToken": TOKEN, "whatsapp:appSecret": APP_SECRET}


class Example(Project):
    """One of the projects in ``ground``, a copy of examples/. They share the backend beside it."""

    def __init__(self, ground: Path, name: str, emulator: Emulator, number: str, **written: str) -> None:
        """``written``: what stands in the README as ``_106540352242922``, and is another text here."""
        self.folder, self.emulator, self.number = ground / name, emulator, number
        self.backend = ground.parent / "state"
        self.environment = engine_environment(home=ground.parent / "home", backend=self.backend)
        self.environment |= {"WHATSAPP_GRAPH_URL": emulator.url, "PULUMI_SKIP_CONFIRMATIONS": "true"}
        self.environment["PATH"] = f"{self.venv / 'bin'}:{self.environment['PATH']}"  # what `activate` does
        self._written = {shown.removeprefix("_"): text for shown, text in written.items()}

    @property
    def venv(self) -> Path:
        """Its environment, which its section "Set up" makes."""
        return self.folder / "venv"

    def type(self, section: str, env: Mapping[str, str] | None = None) -> str:
        """Types a section's commands, each of which must succeed; what they printed."""
        return "".join(self._typed(command, env or {}) for command in commands(self.folder / "README.md", section))

    def _typed(self, command: str, env: Mapping[str, str]) -> str:
        for shown, text in self._written.items():
            command = command.replace(shown, text)
        asked, _, comment = command.partition("  # ")
        done = subprocess.run(
            ["sh", "-c", command],
            cwd=self.folder,
            env={**self.environment, **env},
            input=_ASKED[asked.split()[-1]] if comment == "asks for it" else "",
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            text=True,
            timeout=_SECONDS,
        )
        assert done.returncode == 0, f"{command}\n{done.stdout}"
        return done.stdout


class Bookings(Example):
    """examples/consumer-stack with a phone number and a port of its own."""

    def __init__(self, ground: Path, emulator: Emulator, number: str) -> None:
        self.port = free_port()
        super().__init__(ground, "consumer-stack", emulator, number, _106540352242922=number, _8367=str(self.port))

    @property
    def service(self) -> Path:
        """The folder that the stack makes."""
        return self.folder / "services" / "bookings"

    @property
    def url(self) -> str:
        """Where forms are sent to."""
        return f"http://127.0.0.1:{self.port}/"

    @property
    def log(self) -> str:
        """What the service wrote."""
        return (self.service / "gunicorn.log").read_text()

    def end(self) -> None:
        """Ends the service, where a test that failed has left it behind."""
        with suppress(FileNotFoundError):
            pid = int((self.service / "gunicorn.pid").read_text())
            kill([*descendants(pid), pid])


def commands(page: Path, section: str) -> list[str]:
    """The commands of a section, each one line."""
    found = re.search(rf"^## {re.escape(section)}\n(.*?)(?=^## |\Z)", page.read_text(), re.M | re.S)
    assert found is not None, f"{page} has no section {section!r}"
    lines = re.findall(r"^    (.*)$", found[1], re.M)
    assert lines, f"{page}: {section!r} has no commands"
    return lines


def copy_of_examples(source: Path, ground: Path) -> Path:
    """The examples without what lies there by chance; environments stay where they are, and are linked to."""
    shutil.copytree(source, ground, ignore=shutil.ignore_patterns("venv", "services", "__pycache__", "Pulumi.*.yaml"))
    for venv in source.glob("*/venv"):
        (ground / venv.parent.name / "venv").symlink_to(venv)
    return ground


def free_port() -> int:
    """A port that nobody listens on, below those that the system gives to whoever asks for any."""
    while True:
        port = random.randrange(20000, 32000)
        with suppress(OSError), socket.create_server(("127.0.0.1", port)):
            return port
