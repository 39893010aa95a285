"""Kills at the points where they hurt most, on the real engine: what a person types then, and that no key is lost.

Each row of the table in docs/crashes.md is a test; `--write-docs -n 0` writes the table from what was observed.
"""

import os
import signal
import subprocess
from collections.abc import Iterator, Mapping
from contextlib import ExitStack, contextmanager, suppress
from dataclasses import dataclass
from pathlib import Path

import pytest

from tests.contract.stores.vault_place import VaultPlace, policy
from tests.servers.turnstile import Hold, Point, Turnstile
from tests.stack.project import Project, descendants, kill, stack_ring
from whatsapp_flow_endpoint import FlowKeys
from whatsapp_flow_keys import document
from whatsapp_flow_keys.flow_message import encrypt_request
from whatsapp_flow_keys.keys import load_public_key
from whatsapp_flow_keys.ring import Role
from whatsapp_graph_emulator import Emulator

PAGE = Path(__file__).parents[2] / "docs" / "crashes.md"
LOCKED = "the stack is currently locked"

STACK, OPENBAO = "the stack", "OpenBao"
ENGINE, PROVIDER, ONCE, TWICE, ALL = (
    "`kill -9` of the engine",
    "`kill -9` of the provider",
    "one interrupt",
    "two interrupts",
    "`kill -9` of both",
)
PUBLICATION = ("Meta", "POST", "whatsapp_business_encryption")
WRITE = (OPENBAO, "POST", "/data/")


@dataclass(frozen=True)
class Kill:
    """One row. ``request`` is held before or after its effect: the ``nth`` of its kind in this `up`."""

    store: str
    under_way: str
    what: str
    request: tuple[str, str, str]
    nth: int
    point: Point
    where: str

    @property
    def is_first(self) -> bool:
        """The number has no key yet."""
        return self.under_way == "the first `up`"


FIRST, ROTATION = "the first `up`", "a rotation"
KILLS = (
    Kill(STACK, FIRST, ENGINE, PUBLICATION, 1, "before", "before the publication"),
    Kill(STACK, FIRST, ALL, PUBLICATION, 1, "after", "after the publication, before its answer"),
    Kill(STACK, ROTATION, ENGINE, PUBLICATION, 1, "after", "after the publication, before its answer"),
    Kill(STACK, ROTATION, PROVIDER, PUBLICATION, 1, "before", "before the publication"),
    Kill(STACK, ROTATION, PROVIDER, PUBLICATION, 1, "after", "after the publication, before its answer"),
    Kill(STACK, ROTATION, ONCE, PUBLICATION, 1, "before", "before the publication"),
    Kill(STACK, ROTATION, TWICE, PUBLICATION, 1, "after", "after the publication, before its answer"),
    Kill(OPENBAO, FIRST, ALL, WRITE, 1, "after", "after the new key was written, before the answer"),
    Kill(OPENBAO, ROTATION, ENGINE, WRITE, 1, "before", "before the new key is written"),
    Kill(OPENBAO, ROTATION, PROVIDER, WRITE, 1, "after", "after the new key was written, before the answer"),
    Kill(OPENBAO, ROTATION, ALL, PUBLICATION, 1, "after", "after the publication, before its answer"),
    Kill(OPENBAO, ROTATION, PROVIDER, WRITE, 3, "before", "before the promotion is written"),
    Kill(OPENBAO, ROTATION, TWICE, WRITE, 3, "after", "after the promotion was written, before the answer"),
)


class Scene:
    """A stack with a turnstile before Meta and one before its store; the keys that forms under way need."""

    def __init__(self, project: Project, store: str, turnstiles: Mapping[str, Turnstile], place: VaultPlace) -> None:
        self.project, self.store, self.turnstiles, self.place = project, store, turnstiles, place
        self.forms: list[dict[str, str]] = []

    def declare(self, trigger: str) -> None:
        where = {"store": self.url} if self.store == OPENBAO else {}
        self.project.declare({**where, "rotation_trigger": trigger})

    @property
    def url(self) -> str:
        return f"hashivault://127.0.0.1:{self.turnstiles[OPENBAO].port}/{self.place.path}?tls=off"

    def hold(self, kill: Kill) -> Hold:
        server, method, part = kill.request
        return self.turnstiles[server].hold(method, part, kill.point, kill.nth)

    def fill_in_a_form(self) -> None:
        """Somebody fills in a form now: its request has to open until it is answered."""
        pem = self.project.emulator.served(self.project.number)[0]
        if pem is not None:
            self.forms.append(encrypt_request(load_public_key(pem), {"screen": "BOOKING"})[0])

    def held(self) -> list[str]:
        """The keys that the stack, or its store, holds at this moment."""
        if self.store == STACK:
            return stack_ring(self.project)
        text = self.place.content()
        return [key.fingerprint for key in document.load(text, "vault").keys] if text else []

    def current(self) -> str | None:
        ring = document.load(self.place.content() or "", "vault")
        return next((key.fingerprint for key in ring.keys if key.role is Role.CURRENT), None)

    def repair(self) -> list[str]:
        """What a person types until an `up` succeeds: `pulumi cancel` where the engine says so."""
        typed = ["pulumi up"]
        run = self.project.run("up", "--yes", "--skip-preview")
        if LOCKED in run:
            self.project.succeed("cancel", "--yes")
            typed = ["pulumi cancel", "pulumi up"]
            run = self.project.run("up", "--yes", "--skip-preview")
        assert run.status == 0, run.output
        return typed

    def check_that_all_is_well(self) -> None:
        """P3, and no form under way is lost."""
        served = self.project.served()
        assert served == self.project.fingerprint()
        assert served in self.held()
        if self.store == OPENBAO:
            assert self.current() == served
        assert self.project.opens_a_form()
        keys = FlowKeys.from_env(self.project.outputs()["line"])
        for body in self.forms:
            assert keys.decrypt(body)[0] == {"screen": "BOOKING"}
        self.project.succeed("preview", "--refresh", "--expect-no-changes")


@pytest.fixture
def scene(
    request: pytest.FixtureRequest, project: Project, emulator: Emulator, monkeypatch: pytest.MonkeyPatch
) -> Iterator[Scene]:
    """For the store that the test's parameters name."""
    store = request.node.callspec.params.get("store") or request.node.callspec.params["row"].store
    openbao = request.getfixturevalue("openbao")
    place = VaultPlace(openbao, monkeypatch)
    with ExitStack() as servers:
        turnstiles = {
            "Meta": servers.enter_context(Turnstile(emulator.url)),
            OPENBAO: servers.enter_context(Turnstile(openbao.address)),
        }
        project.environment["WHATSAPP_GRAPH_URL"] = turnstiles["Meta"].url
        project.environment["WHATSAPP_GRAPH_DEADLINE"] = "30"
        project.environment["VAULT_TOKEN"] = openbao.token_for(policy("For the stack"))
        yield Scene(project, store, turnstiles, place)


@contextmanager
def killed(scene: Scene, row: Kill) -> Iterator[Hold]:
    """An `up` that is killed where the row says. Ends everything that is left of it."""
    hold = scene.hold(row)
    with scene.project.started("up", "--yes", "--skip-preview") as run:
        hold.wait()
        started = descendants(run.pid)
        try:
            _kill(run, started, row.what, hold)
            yield hold
        finally:
            kill(started)


def _kill(run: "subprocess.Popen[bytes]", started: list[int], what: str, hold: Hold) -> None:
    provider = [pid for pid in started if "pulumi.dynamic" in _command(pid)]
    assert len(provider) == 1, "the provider is one process"
    if what in (ENGINE, ALL):
        kill([*(started if what == ALL else []), run.pid])
        run.wait()
    elif what == PROVIDER:
        kill(provider)
        run.wait()
    else:
        for _ in range(1 if what == ONCE else 2):
            os.kill(run.pid, signal.SIGINT)
        if what == ONCE:
            hold.release()  # the call under way is finished and saved
        run.wait()


def _command(pid: int) -> str:
    return subprocess.run(["ps", "-o", "args=", "-p", str(pid)], capture_output=True, text=True).stdout


@pytest.mark.parametrize("row", KILLS, ids=lambda row: f"{row.store}, {row.under_way}, {row.what}, {row.where}")
def test_a_kill_loses_no_key_and_the_next_up_repairs(
    scene: Scene, row: Kill, request: pytest.FixtureRequest, tmp_path: Path
) -> None:
    project = scene.project
    scene.declare("one")
    before = None
    if not row.is_first:
        project.up()
        before = project.served()
        scene.declare("two")
    scene.fill_in_a_form()
    with killed(scene, row) as hold:
        live = project.served()
        assert live is None or live in scene.held()
        scene.fill_in_a_form()
        if row.what in (PROVIDER, ALL) and row.point == "before":
            hold.drop()  # the connection died with its sender
        else:
            with suppress(OSError):
                hold.release()
        typed = scene.repair()
    scene.check_that_all_is_well()
    assert project.served() != before
    told = "nothing" if live is None else "the old key" if live == before else "the new key"
    to_type = " and ".join(f"`{word}`" for word in typed)
    _compare([row.store, row.under_way, row.what, row.where, told, to_type], request)


@pytest.mark.parametrize("store", [STACK, OPENBAO])
def test_a_late_publication_that_lands_after_the_next_rotation_finds_its_key_in_the_ring(
    scene: Scene, store: str
) -> None:
    """The worst case: it was sent, its sender was killed, a person repaired and rotated, and then it takes effect."""
    project = scene.project
    scene.declare("one")
    project.up()
    scene.declare("two")
    row = Kill(store, ROTATION, ALL, PUBLICATION, 1, "before", "before the publication")
    with killed(scene, row) as hold:
        scene.declare("three")
        assert scene.repair() == ["pulumi cancel", "pulumi up"]
        newest = project.served()
        scene.check_that_all_is_well()
        hold.release()
    late = project.served()
    assert late != newest
    assert late in scene.held()
    assert project.opens_a_form()
    scene.fill_in_a_form()
    project.up("--refresh")
    assert project.served() == newest
    scene.check_that_all_is_well()


def _compare(cells: list[str], request: pytest.FixtureRequest) -> None:
    """The row as observed stands in the page; with `--write-docs` the page's row becomes it."""
    line = f"| {' | '.join(cells)} |"
    begins = f"| {' | '.join(cells[:4])} |"
    text = PAGE.read_text()
    if request.config.getoption("--write-docs"):
        lines = [line if old.startswith(begins) else old for old in text.splitlines()]
        if line not in lines:
            lines.append(line)
        PAGE.write_text("\n".join(lines) + "\n")
        return
    assert line in text.splitlines(), f"docs/crashes.md does not say so: {line}; write it with --write-docs"


def rows_of_the_page() -> list[list[str]]:
    """The cells of the table."""
    lines = [line for line in PAGE.read_text().splitlines() if line.startswith("| ")]
    return [[cell.strip() for cell in line.strip("|").split("|")] for line in lines[1:]]


def test_the_page_has_a_row_for_each_kill_and_no_other() -> None:
    named = [(row.store, row.under_way, row.what, row.where) for row in KILLS]
    assert sorted(named) == sorted((a, b, c, d) for a, b, c, d, *_ in rows_of_the_page())
