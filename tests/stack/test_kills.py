"""Kills at the points where they hurt most, on the real engine: what a person types then, and that no key is lost.

Each row of the table in docs/crashes.md is a test; `--write-docs` writes the table from what was observed.
"""

import fcntl
import os
import signal
import subprocess
from collections.abc import Iterator, Mapping
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
from pathlib import Path

import pytest

from tests.contract.stores.vault_place import VaultPlace, policy
from tests.pages import command_to_type
from tests.servers.turnstile import Hold, Point, Turnstile
from tests.stack.keyboard import type_in
from tests.stack.project import Project, descendants, kill, stack_document
from whatsapp_flow_endpoint import FlowKeys
from whatsapp_flow_keys import document
from whatsapp_flow_keys.flow_protocol.message import encrypt_request
from whatsapp_flow_keys.keys import load_public_key

PAGE = Path(__file__).parents[2] / "docs" / "crashes.md"
RULE = "|---|---|---|---|---|---|---|\n"
CANCEL = command_to_type("docs/crashes.md", "pulumi cancel")
ENDS_WARNINGS = command_to_type("docs/crashes.md", "pulumi refresh --clear-pending-creates")
LOCKED = "the stack is currently locked"
INTERRUPTED = "Attempting to deploy or update resources with 1 pending operations"

STACK, OPENBAO = "the stack", "OpenBao"
ENGINE, PROVIDER, ONCE, TWICE, ALL = (
    "`kill -9` of the engine",
    "`kill -9` of the provider",
    "one interrupt",
    "two interrupts",
    "`kill -9` of both",
)
FIRST, ROTATION = "the first `up`", "a rotation"
PUBLICATION = ("Meta", "POST", "whatsapp_business_encryption")
WRITE = (OPENBAO, "POST", "/data/")
STAGING, PROMOTION = 1, 3  # of the writes of one `up`; between them the new key is marked as offered


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
        return self.under_way == FIRST

    @property
    def cells(self) -> tuple[str, ...]:
        """What its row in the page begins with."""
        return (self.store, self.under_way, self.what, self.where)


KILLS = (
    Kill(STACK, FIRST, ENGINE, PUBLICATION, 1, "before", "before the publication"),
    Kill(STACK, FIRST, ALL, PUBLICATION, 1, "after", "after the publication, before its answer"),
    Kill(STACK, ROTATION, ENGINE, PUBLICATION, 1, "after", "after the publication, before its answer"),
    Kill(STACK, ROTATION, PROVIDER, PUBLICATION, 1, "before", "before the publication"),
    Kill(STACK, ROTATION, PROVIDER, PUBLICATION, 1, "after", "after the publication, before its answer"),
    Kill(STACK, ROTATION, ONCE, PUBLICATION, 1, "before", "before the publication"),
    Kill(STACK, ROTATION, TWICE, PUBLICATION, 1, "after", "after the publication, before its answer"),
    Kill(OPENBAO, FIRST, ALL, WRITE, STAGING, "after", "after the new key was written, before the answer"),
    Kill(OPENBAO, ROTATION, ENGINE, WRITE, STAGING, "before", "before the new key is written"),
    Kill(OPENBAO, ROTATION, PROVIDER, WRITE, STAGING, "after", "after the new key was written, before the answer"),
    Kill(OPENBAO, ROTATION, ALL, PUBLICATION, 1, "after", "after the publication, before its answer"),
    Kill(OPENBAO, ROTATION, PROVIDER, WRITE, PROMOTION, "before", "before the promotion is written"),
    Kill(OPENBAO, ROTATION, TWICE, WRITE, PROMOTION, "after", "after the promotion was written, before the answer"),
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

    def document(self) -> str:
        """The key ring that the stack, or its store, holds at this moment."""
        return stack_document(self.project) if self.store == STACK else self.place.content() or ""

    def check_that_forms_open(self) -> None:
        """Those that are under way, and one filled in now, with the private keys that are held now."""
        self.fill_in_a_form()
        keys = FlowKeys.from_env({"WHATSAPP_FLOW_KEYS": self.document()})
        for body in self.forms:
            assert keys.decrypt(body)[0] == {"screen": "BOOKING"}

    def current(self) -> str | None:
        ring = document.load(self.document(), "ring")
        return ring.current.fingerprint if ring.current else None

    def repair(self) -> list[str]:
        """What a person types until an `up` succeeds: `pulumi cancel` where the engine says so."""
        typed = ["pulumi up"]
        run = self.project.run("up", "--yes", "--skip-preview")
        if LOCKED in run:
            type_in(self.project, [CANCEL])
            typed = [CANCEL, "pulumi up"]
            run = self.project.run("up", "--yes", "--skip-preview")
        assert run.status == 0, run.output
        return typed

    def check_that_all_is_well(self) -> None:
        """P3, and no form under way is lost."""
        served = self.project.served()
        assert served == self.project.fingerprint()
        if self.store == OPENBAO:
            assert self.current() == served
        assert self.project.opens_a_form()
        self.check_that_forms_open()
        self.project.succeed("preview", "--refresh", "--expect-no-changes")

    def goes_on_warning(self) -> bool:
        """Whether an `up` with nothing to do warns of the interrupted one; if so, the command that ends it does."""
        if INTERRUPTED not in self.project.up("--expect-no-changes"):
            return False
        type_in(self.project, [f"{ENDS_WARNINGS} --expect-no-changes"])
        assert INTERRUPTED not in self.project.up("--expect-no-changes")
        return True


@pytest.fixture
def scene(request: pytest.FixtureRequest, project: Project, monkeypatch: pytest.MonkeyPatch) -> Iterator[Scene]:
    """For the store that the test's parameters name; OpenBao without any."""
    given = request.node.callspec.params if hasattr(request.node, "callspec") else {}
    row = given.get("row")
    store = row.store if row else given.get("store", OPENBAO)
    openbao = request.getfixturevalue("openbao")
    place = VaultPlace(openbao, monkeypatch)
    with ExitStack() as servers:
        turnstiles = {
            "Meta": servers.enter_context(Turnstile(project.emulator.url)),
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
    elif what == PROVIDER:
        kill(provider)
    else:
        for _ in range(1 if what == ONCE else 2):
            _interrupt(run)
        if what == ONCE:
            hold.release()  # the call under way is finished and saved
    assert run.wait() != 0, "the run was not stopped"


def _interrupt(run: "subprocess.Popen[bytes]") -> None:
    """One Ctrl-C. A second one would be lost before the engine has taken the first."""
    os.kill(run.pid, signal.SIGINT)
    assert run.stdout
    assert any(b"^C received" in line for line in run.stdout)


def _command(pid: int) -> str:
    return subprocess.run(["ps", "-o", "args=", "-p", str(pid)], capture_output=True, text=True).stdout


@pytest.mark.parametrize("row", KILLS, ids=lambda row: ", ".join(row.cells))
def test_a_kill_loses_no_key_and_the_next_up_repairs(scene: Scene, row: Kill, request: pytest.FixtureRequest) -> None:
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
        if live:
            scene.check_that_forms_open()
        if row.nth == PROMOTION:
            assert (scene.current() == live) is (row.point == "after")
        if row.what in (PROVIDER, ALL) and row.point == "before":
            hold.drop()  # the connection died with its sender
        else:
            hold.release()
        typed = scene.repair()
    scene.check_that_all_is_well()
    assert project.served() != before
    told = "nothing" if live is None else "the old key" if live == before else "the new key"
    to_type = " and ".join(f"`{word}`" for word in typed)
    warns = "yes" if scene.goes_on_warning() else "no"
    _compare(row, f"| {' | '.join([*row.cells, told, to_type, warns])} |", request)


@pytest.mark.parametrize(("store", "what"), [(STACK, ALL), (OPENBAO, ALL), (OPENBAO, ENGINE)])
def test_a_late_publication_that_lands_after_the_next_rotation_finds_its_key_in_the_ring(
    scene: Scene, store: str, what: str
) -> None:
    """The worst case: it was sent, its sender was killed, a person repaired and rotated, and then it takes effect.

    Where the engine alone was killed, the provider then goes on from what it knew before.
    """
    project = scene.project
    scene.declare("one")
    project.up()
    scene.fill_in_a_form()
    scene.declare("two")
    row = Kill(store, ROTATION, what, PUBLICATION, 1, "before", "before the publication")
    with killed(scene, row) as hold:
        scene.declare("three")
        assert scene.repair() == ["pulumi cancel", "pulumi up"]
        newest = project.served()
        scene.check_that_all_is_well()
        hold.release()
        late = project.served()
        assert late != newest
        assert project.opens_a_form()
        scene.check_that_forms_open()
        project.up("--refresh")
    assert project.served() == newest
    scene.check_that_all_is_well()


def test_a_provider_whose_engine_is_killed_finishes_the_call_that_it_is_at(scene: Scene) -> None:
    project = scene.project
    scene.declare("one")
    project.up()
    before = project.served()
    scene.declare("two")
    promotion = scene.turnstiles[OPENBAO].hold("POST", "/data/", "after", PROMOTION)
    row = Kill(OPENBAO, ROTATION, ENGINE, PUBLICATION, 1, "before", "before the publication")
    with killed(scene, row) as publication:
        assert scene.current() == project.served() == before
        publication.release()
        promotion.wait()
        assert scene.current() == project.served() != before
        promotion.release()


def _compare(row: Kill, line: str, request: pytest.FixtureRequest) -> None:
    """The row as observed stands in the page; with `--write-docs` it is written there."""
    if request.config.getoption("--write-docs"):
        _write(row, line)
    assert line in _table(), f"docs/crashes.md does not say so: {line}; write it with --write-docs"


def _write(row: Kill, line: str) -> None:
    """In the order of KILLS, and no other rows. Other workers may be writing theirs."""
    with PAGE.open("r+") as page:
        fcntl.flock(page, fcntl.LOCK_EX)
        head, rule, table = page.read().partition(RULE)
        lines = {_cells(old): old for old in table.splitlines()} | {row.cells: line}
        page.seek(0)
        page.truncate()
        page.write(head + rule + "".join(f"{lines[kill.cells]}\n" for kill in KILLS if kill.cells in lines))


def _table() -> list[str]:
    """The lines of the table."""
    with PAGE.open() as page:
        fcntl.flock(page, fcntl.LOCK_SH)
        return page.read().partition(RULE)[2].splitlines()


def _cells(line: str) -> tuple[str, ...]:
    return tuple(line.strip("| ").split(" | ")[:4])


def test_the_page_has_a_row_for_each_kill_in_their_order_and_no_other(request: pytest.FixtureRequest) -> None:
    if request.config.getoption("--write-docs"):
        pytest.skip("the page is being written")
    assert [_cells(line) for line in _table()] == [kill.cells for kill in KILLS]
