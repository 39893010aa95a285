"""A stack as the real engine left it once in this run of the tests, instead of one that is made for each test.

Half of the engine's tests begin with the same `stack init` and with one of a few first `up`s. The engine makes each of
them once in a worker; later ones get a copy of all that it left: the state, the project, the stores in files, what it
printed, and at Meta the same requests again. For this every test of a worker has the same folder and phone number, and
an emulator of its own. An `up` counts as the same where all files and all settings are the same, and only where nothing
but files and Meta was written to. `test_first_ups.py` compares a copy with what the engine makes.
"""

import hashlib
import json
import shutil
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

from whatsapp_flow_keys.registrars.meta_graph.client import GraphClient
from whatsapp_flow_keys.registrars.meta_graph.settings import GraphSettings
from whatsapp_graph_emulator import Emulator

if TYPE_CHECKING:
    from tests.stack.project import Project, Run

NUMBER = "106500000000001"
_LOGS = ("home", "logs")


class WatchedEmulator(Emulator):
    """The Graph API of one test, with one number; knows whether the test has prepared anything there."""

    def __init__(self, tokens: list[str]) -> None:
        super().__init__(tokens=tokens, numbers=[NUMBER])
        self._prepared = False

    def __getattribute__(self, name: str) -> Any:
        if name in ("add_number", "set_key", "reregister", "expire_token", "fault"):
            self._prepared = True
        return super().__getattribute__(name)

    @property
    def is_untouched(self) -> bool:
        """Whether it is as it was made."""
        return not self._prepared and not self.requests()


@dataclass(frozen=True)
class _Made:
    """What the engine left: its folder's copy, what it printed, and what it sent to Meta."""

    copy: Path
    run: "Run | None" = None
    methods: tuple[str, ...] = ()
    pem: str | None = None


class FirstUps:
    """Those that the engine has made in this worker; all of them in ``folder``, with copies in ``kept``."""

    def __init__(self, folder: Path, kept: Path) -> None:
        self.folder, self._kept = folder, kept
        self._made: dict[str, _Made] = {}
        self.copied = 0
        """How many `up`s were copied."""

    def stack(self, key: str, init: Callable[[], object]) -> None:
        """An initialised stack in an otherwise empty folder; ``key`` names what it is initialised with."""
        made = self._made.get(key)
        if made is None:
            init()
            self._made[key] = _Made(self._copy())
        else:
            self._put_back(made.copy)

    def up(self, project: "Project", up: Callable[[], "Run"]) -> "Run":
        """What ``up`` leaves and prints; it is run where it wasn't before."""
        key = self._key(project)
        made = None if key is None else self._made.get(key)
        if key is None or made is None or made.run is None:
            run = up()
            if key is not None:
                self._made[key] = self._what_it_left(project, run)
            return run
        self._put_back(made.copy)
        meta = GraphClient(GraphSettings((project.environment["WHATSAPP_ACCESS_TOKEN"],), url=project.emulator.url))
        for method in made.methods:
            if method == "POST":
                assert made.pem is not None
                meta.publish(NUMBER, made.pem)
            else:
                meta.served(NUMBER)
        self.copied += 1
        return made.run

    def _key(self, project: "Project") -> str | None:
        """All that the `up` depends on; None where it depends on more than can be seen here."""
        emulator, program = project.emulator, project.folder / "program.json"
        if not isinstance(emulator, WatchedEmulator) or not emulator.is_untouched or not program.exists():
            return None
        if project.environment != project.environment_at_first or _names_a_server(program.read_text()):
            return None
        return _digest(_files(self.folder))

    def _what_it_left(self, project: "Project", run: "Run") -> _Made:
        requests = project.emulator.requests()
        assert {request["phone_number_id"] for request in requests} <= {NUMBER}
        methods = tuple(request["method"] for request in requests)
        return _Made(self._copy(), run, methods, project.emulator.served(NUMBER)[0])

    def _copy(self) -> Path:
        copy = self._kept / str(len(self._made))
        shutil.copytree(self.folder, copy, symlinks=True)
        return copy

    def clear(self) -> None:
        """Removes what the test before left."""
        shutil.rmtree(self.folder, ignore_errors=True)

    def _put_back(self, copy: Path) -> None:
        self.clear()
        shutil.copytree(copy, self.folder, symlinks=True)


def _names_a_server(program: str) -> bool:
    return program.count("://") != program.count("file://") or '"class"' in program or '"providers"' in program


def _files(folder: Path) -> Mapping[str, bytes]:
    found = {path.relative_to(folder): path for path in folder.rglob("*") if path.is_file()}
    return {str(name): path.read_bytes() for name, path in found.items() if name.parts[:2] != _LOGS}


def _digest(files: Mapping[str, bytes]) -> str:
    listed = [(name, hashlib.sha256(content).hexdigest()) for name, content in sorted(files.items())]
    return hashlib.sha256(json.dumps(listed).encode()).hexdigest()
