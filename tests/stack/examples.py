"""The examples that are Pulumi projects: outside of the checkout, with environments of their own, by their READMEs.

The commands of a README's section are typed as they stand there, so that they stay true.
"""

import random
import shutil
import socket
from collections.abc import Mapping, Sequence
from contextlib import suppress
from pathlib import Path

from tests.stack.keyboard import type_in
from tests.stack.project import TOKEN, Project, descendants, kill
from tools.local_engine import engine_environment
from whatsapp_graph_emulator import Emulator

ROOT = Path(__file__).parents[2]
APP_SECRET = "secretOfTheAppForTestsOnly"
_ASKED = {"whatsapp:accessToken": TOKEN, "whatsapp:appSecret": APP_SECRET}


class Example(Project):
    """One of the projects in ``ground``, a copy of examples/. They share the backend beside it."""

    def __init__(
        self, ground: Path, name: str, emulator: Emulator, number: str, filled_in: Mapping[str, str] | None = None
    ) -> None:
        """``filled_in``: by what stands in the README, what is typed instead."""
        self.folder, self.emulator, self.number, self.stack = ground / name, emulator, number, "prod"
        self.backend = ground.parent / "state"
        self.environment = engine_environment(home=ground.parent / "home", backend=self.backend)
        self.environment |= {"WHATSAPP_GRAPH_URL": emulator.url}
        self.environment["PATH"] = f"{self.venv / 'bin'}:{self.environment['PATH']}"  # what `activate` does
        self._filled_in = filled_in or {}

    @property
    def venv(self) -> Path:
        """Its environment, which its section "Set up" makes."""
        return self.folder / "venv"

    def type(self, commands: Sequence[str], env: Mapping[str, str] | None = None) -> str:
        """Types commands of its README, each of which must succeed; what they printed."""
        return type_in(self, commands, env=env, answers=_ASKED, filled_in=self._filled_in)


class Bookings(Example):
    """examples/consumer-stack with a phone number and a port of its own."""

    def __init__(self, ground: Path, emulator: Emulator, number: str) -> None:
        self.port = free_port()
        filled_in = {"106540352242922": number, "8367": str(self.port)}
        super().__init__(ground, "consumer-stack", emulator, number, filled_in)

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
