"""A Pulumi project of its own for one test, run by the real engine against the emulator of the Graph API."""

import json
import os
import re
import shutil
import signal
import subprocess
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from pathlib import Path
from threading import Event
from time import monotonic
from typing import Any
from uuid import uuid4

from tests.stack.first_ups import FirstUps
from tests.stack.pip_list import remembering_python
from tests.stack.warm_python import COLD
from tools.local_engine import engine_environment, search_path
from whatsapp_flow_endpoint import FlowKeys
from whatsapp_flow_keys import document
from whatsapp_flow_keys.flow_protocol.message import encrypt_request
from whatsapp_flow_keys.keys import load_public_key
from whatsapp_flow_keys.ring import Role
from whatsapp_graph_emulator import Emulator

TOKEN = "EAAtoken4711forTestsOnly"
ACCOUNT_TOKENS = {"north": "EAAnorthernAccount", "south": "EAAsouthernAccount", "east": "EAAeasternAccount"}
RETIRED_TOKEN = "EAAtokenThatOneTestLetsExpire"
STACK = "test"

_PROJECT_FILE = "name: flows\nruntime: python\n"
_SECONDS = 240
_FILLED_IN = {"screen": "BOOKING"}


@dataclass(frozen=True)
class Run:
    """What one `pulumi` command printed, both streams in one, and how it ended."""

    output: str
    status: int

    def __contains__(self, text: str) -> bool:
        return text in self.output


class Project:
    """One stack. ``number`` is its phone number ID, known to the emulator."""

    def __init__(
        self,
        folder: Path,
        emulator: Emulator,
        number: str,
        stack: str = STACK,
        *,
        first_ups: FirstUps | None = None,
    ) -> None:
        self.folder, self.emulator, self.number, self.stack = folder / "project", emulator, number, stack
        self._first_ups = first_ups
        self.backend = folder / "state"
        self.environment = engine_environment(home=folder / "home", backend=self.backend)
        self.environment |= {"WHATSAPP_GRAPH_URL": emulator.url, "WHATSAPP_ACCESS_TOKEN": TOKEN}
        self.environment |= {"WHATSAPP_GRAPH_DEADLINE": "3", "PYTHONDONTWRITEBYTECODE": "1"}
        self.environment["PATH"] = search_path([remembering_python()], self.environment)
        self.environment_at_first = dict(self.environment)
        if first_ups:
            first_ups.stack(stack, lambda: self._init(stack))
        else:
            self._init(stack)

    def _init(self, stack: str) -> None:
        self.folder.mkdir(parents=True)
        (self.folder / "Pulumi.yaml").write_text(_PROJECT_FILE)
        shutil.copy(Path(__file__).with_name("program.py"), self.folder / "__main__.py")
        self.succeed("stack", "init", stack)

    def declare(self, *numbers: dict[str, Any], **more: Any) -> None:
        """The numbers that the program has from now on; each is the arguments of a FlowEncryption."""
        given = [{"phone_number_id": self.number, **number} for number in numbers or ({},)]
        (self.folder / "program.json").write_text(json.dumps({"numbers": given, **more}))

    def prepend(self, lines: str) -> None:
        """Lines that the program runs before all else but ``import pulumi``."""
        program = self.folder / "__main__.py"
        program.write_text(program.read_text().replace("import pulumi\n", f"import pulumi\n{lines}", 1))

    def run(self, *words: str, env: Mapping[str, str] | None = None) -> Run:
        """One command of the CLI, without a terminal."""
        done = subprocess.run(
            ["pulumi", *words, "--non-interactive", "--color", "never"],
            cwd=self.folder,
            env={**self.environment, **(env or {})},
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            text=True,
            timeout=_SECONDS,
        )
        return Run(done.stdout, done.returncode)

    @contextmanager
    def started(self, *words: str) -> Iterator["subprocess.Popen[bytes]"]:
        """One command under way, to be read from, which starts Python itself; with the block it is killed, and all
        that it started."""
        with subprocess.Popen(
            ["pulumi", *words, "--non-interactive"],
            cwd=self.folder,
            env={**self.environment, COLD: "1"},
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
        ) as run:
            try:
                yield run
            finally:
                kill([*descendants(run.pid), run.pid])

    def succeed(self, *words: str, env: Mapping[str, str] | None = None) -> Run:
        """A command that must end well."""
        run = self.run(*words, env=env)
        assert run.status == 0, run.output
        return run

    def fail(self, *words: str, env: Mapping[str, str] | None = None) -> Run:
        """A command that must fail, with sentences instead of a traceback."""
        run = self.run(*words, env=env)
        assert run.status != 0, run.output
        assert "Traceback" not in run.output, run.output
        assert 'File "' not in run.output
        return run

    def up(self, *words: str, env: Mapping[str, str] | None = None) -> Run:
        """`pulumi up` without its preview."""
        if self._first_ups and not words and not env:
            return self._first_ups.up(self, self._up)
        return self._up(*words, env=env)

    def _up(self, *words: str, env: Mapping[str, str] | None = None) -> Run:
        return self.succeed("up", "--yes", "--skip-preview", *words, env=env)

    def failing_up(self, *words: str, env: Mapping[str, str] | None = None) -> Run:
        """The same where it must fail."""
        return self.fail("up", "--yes", "--skip-preview", *words, env=env)

    def export(self) -> dict[str, Any]:
        """The state, secrets as they are stored."""
        deployment: dict[str, Any] = json.loads(self.succeed("stack", "export").output)
        return deployment

    def import_state(self, deployment: dict[str, Any]) -> None:
        """Sets the state."""
        path = self.folder / "state.json"
        path.write_text(json.dumps(deployment))
        self.succeed("stack", "import", "--file", str(path))

    def resources(self, kind: str) -> list[dict[str, Any]]:
        """The resources of a kind (EncryptionKey, …) in the state."""
        return [resource for resource in self._recorded() if resource["type"].endswith(f":{kind}")]

    def urn(self, kind: str) -> str:
        """The URN of the only resource of a kind."""
        (resource,) = self.resources(kind)
        return str(resource["urn"])

    def outputs(self) -> dict[str, Any]:
        """The stack's outputs, secrets in the clear."""
        outputs: dict[str, Any] = json.loads(self.succeed("stack", "output", "--json", "--show-secrets").output)
        return outputs

    def fingerprint(self, name: str = "line") -> str:
        """The stack's output: the fingerprint of the desired key."""
        (stack,) = self.resources("Stack")
        return str(stack["outputs"][f"{name}-fingerprint"])

    def _recorded(self) -> list[dict[str, Any]]:
        """The state's resources, read from the backend's file where it holds one stack: the CLI would read the same."""
        project = re.match(r"name: (\S+)", (self.folder / "Pulumi.yaml").read_text())
        assert project
        folder = (
            Path(self.environment["PULUMI_BACKEND_URL"].removeprefix("file://")) / ".pulumi" / "stacks" / project[1]
        )
        stacks = list(folder.glob("*.json"))
        if len(stacks) != 1:
            return list(self.export()["deployment"].get("resources", []))
        latest = json.loads(stacks[0].read_text())["checkpoint"]["latest"] or {}
        return list(latest.get("resources") or [])

    def served(self) -> str | None:
        """The fingerprint of what Meta serves."""
        return self.emulator.served(self.number)[1]

    def publications(self) -> int:
        """How often a public key was sent to Meta for this number."""
        return len(self.emulator.requests(self.number, "POST"))

    def form(self) -> dict[str, str]:
        """A form that somebody fills in now, encrypted with the key that Meta serves."""
        pem = self.emulator.served(self.number)[0]
        assert pem is not None
        return encrypt_request(load_public_key(pem), _FILLED_IN)[0]

    def opens(self, *forms: dict[str, str], name: str = "line") -> bool:
        """Whether an endpoint with the stack's `endpoint_env` opens all of them."""
        keys = FlowKeys.from_env(self.outputs()[name])
        return all(keys.decrypt(form)[0] == _FILLED_IN for form in forms)

    def opens_a_form(self, name: str = "line") -> bool:
        """Whether it opens one that somebody fills in now."""
        return self.opens(self.form(), name=name)

    def issue_on(self, date: str) -> None:
        """Sets the key's date back in the state, as if it had been made then."""
        deployment = self.export()
        for resource in deployment["deployment"]["resources"]:
            if resource["type"].endswith(":EncryptionKey"):
                resource["inputs"]["issued_on"] = resource["outputs"]["issued_on"] = date
        self.import_state(deployment)

    def unused_name(self) -> str:
        """For a secret in a server that other tests share."""
        return f"line-{uuid4().hex}"

    def path(self, name: str) -> Path:
        """A file beside the project."""
        return self.folder.parent / name


def kill(pids: Sequence[int]) -> None:
    """kill -9, and waits until they have ended; those that are gone are no matter."""
    for pid in pids:
        with suppress(ProcessLookupError):
            os.kill(pid, signal.SIGKILL)
    ends, pause = monotonic() + _SECONDS, Event()
    while left := _running(pids):
        assert monotonic() < ends, f"still running: {left}"
        pause.wait(0.02)


def _running(pids: Sequence[int]) -> list[int]:
    """Those that run; one that has ended and is not collected yet does not."""
    rows = subprocess.run(["ps", "-A", "-o", "pid=,stat="], capture_output=True, text=True, check=True).stdout
    states = {int(pid): state for pid, state in map(str.split, rows.splitlines())}
    return [pid for pid in pids if not states.get(pid, "Z").startswith("Z")]


def descendants(pid: int) -> list[int]:
    """The processes that a process started, and theirs, as `ps` knows them."""
    rows = subprocess.run(["ps", "-A", "-o", "pid=,ppid="], capture_output=True, text=True, check=True).stdout
    children: dict[int, list[int]] = {}
    for row in rows.splitlines():
        child, parent = map(int, row.split())
        children.setdefault(parent, []).append(child)
    found = list(children.get(pid, []))
    for child in found:
        found.extend(children.get(child, []))
    return found


def stored_text(folder: Path) -> str:
    """Every byte below a folder, as text."""
    parts = [path.read_bytes() for path in sorted(folder.rglob("*")) if path.is_file()]
    return b"\n".join(parts).decode(errors="replace")


def is_quiet(project: Project) -> bool:
    """True if the number got no request since the log was cleared."""
    return not project.emulator.requests(project.number)


def stack_document(project: Project) -> str:
    """The key ring document of the KeyRing in the state; also after an `up` that failed."""
    shown = json.loads(project.succeed("stack", "export", "--show-secrets").output)
    (ring,) = (r["outputs"]["ring"] for r in shown["deployment"]["resources"] if r["type"].endswith(":KeyRing"))
    return str(json.loads(ring["plaintext"]))


def stack_ring(project: Project) -> list[str]:
    """The fingerprints in it, in its order."""
    return [key.fingerprint for key in document.load(stack_document(project), "ring").keys]


def on_file(project: Project, **more: Any) -> dict[str, Any]:
    """The arguments of a number whose keys live in a file."""
    return {"store": project.path("ring.json").as_uri(), **more}


def file_ring(project: Project) -> dict[Role, str]:
    """The roles in the file store, and whose they are."""
    ring = document.load(project.path("ring.json").read_text(), "ring")
    return {key.role: key.fingerprint for key in ring.keys}


def kept(project: Project, store: str) -> list[str]:
    """The fingerprints of the private keys that are left, current first."""
    if store == "stack":
        return stack_ring(project) if project.resources("KeyRing") else []
    path = project.path("ring.json")
    return [key.fingerprint for key in document.load(path.read_text(), "ring").keys] if path.exists() else []


def planned(project: Project, *words: str) -> dict[str, set[str]]:
    """What a preview says of each kind of resource: ``{"EncryptionKey": {"same"}, …}``."""
    printed = project.succeed("preview", "--json", "--show-sames", *words).output
    steps = json.JSONDecoder().raw_decode(printed, printed.index("{"))[0]["steps"]
    found: dict[str, set[str]] = {}
    for step in steps:
        found.setdefault(step["urn"].split("::")[2].rsplit("$")[-1].rsplit(":")[-1], set()).add(step["op"])
    return found
