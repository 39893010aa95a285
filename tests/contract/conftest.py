"""A number's lifecycle without Pulumi: the emulator over real HTTP, files as stores, a clock that needs no waiting."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

from tests.stack.project import TOKEN
from whatsapp_flow_keys.audit import Event, Operation
from whatsapp_flow_keys.keys import PrivateKey
from whatsapp_flow_keys.lifecycle.claim import Claim
from whatsapp_flow_keys.lifecycle.inspection import Inspection, inspect
from whatsapp_flow_keys.lifecycle.registration import register
from whatsapp_flow_keys.lifecycle.session import Session
from whatsapp_flow_keys.lifecycle.staging import NewKey, stage_in_stores
from whatsapp_flow_keys.lifecycle.wanted import Wanted
from whatsapp_flow_keys.registrars.meta_graph.client import GraphClient
from whatsapp_flow_keys.registrars.meta_graph.errors import AccountLockedError
from whatsapp_flow_keys.registrars.meta_graph.settings import GraphSettings
from whatsapp_flow_keys.registrars.registrar import Registrar, ServedKey
from whatsapp_flow_keys.ring import KeyRing, Role
from whatsapp_flow_keys.stores.file.store import FileStore
from whatsapp_graph_emulator import Emulator

if TYPE_CHECKING:
    from tests.contract.miniature_engine import MiniatureEngine

STACK = "org/flows/prod"
LOCKED = 131031
"""Meta's error code where the account is locked."""


@dataclass
class TestClock:
    """A clock that moves when somebody waits, or when a test says so."""

    __test__ = False

    time: datetime = datetime(2026, 11, 24, 12, tzinfo=UTC)
    waited: float = 0.0
    on_sleep: list[Callable[[], None]] = field(default_factory=list)

    def now(self) -> datetime:
        return self.time

    def monotonic(self) -> float:
        return self.waited

    def sleep(self, seconds: float) -> None:
        self.waited += seconds
        self.time += timedelta(seconds=seconds)
        for action in self.on_sleep:
            action()


@dataclass
class Told:
    """The audit log of a test: every event, in order."""

    events: list[Event] = field(default_factory=list)

    def record(self, event: Event) -> None:
        self.events.append(event)

    def take(self) -> list[str]:
        """What was told since the last time: the operation, and its outcome where that isn't ok."""
        taken, self.events = self.events, []
        return [f"{event.operation.value} {event.outcome}".removesuffix(" ok") for event in taken]

    def of(self, operation: Operation) -> list[Event]:
        return [event for event in self.events if event.operation is operation]


@dataclass
class Line:
    """One phone number: what an EncryptionKey and a KeyRegistration would do to it, in the same order."""

    number: str
    emulator: Emulator
    folder: Path
    clock: TestClock = field(default_factory=TestClock)
    backups: int = 0
    passphrase: str | None = None
    managed_by: str = STACK
    deadline: float = 5.0
    told: Told = field(default_factory=Told)

    @property
    def graph(self) -> GraphClient:
        return GraphClient(GraphSettings((TOKEN,), url=self.emulator.url, deadline=self.deadline), self.clock)

    @property
    def stores(self) -> list[FileStore]:
        return [FileStore(str(self.folder / f"ring{index}.json")) for index in range(self.backups + 1)]

    def claim(self, owner: str = "key-1", formerly: str | None = None) -> Claim:
        return Claim(self.number, self.managed_by, owner, formerly)

    def session(
        self,
        owner: str = "key-1",
        *,
        formerly: str | None = None,
        graph: Registrar | None = None,
        say: Callable[[str], None] = print,
    ) -> Session:
        """What a call of the provider hands to the lifecycle; its audit log is ``told``."""
        claim = self.claim(owner, formerly)
        return Session(claim, lambda: graph or self.graph, self.clock, claim.trail(self.told), say)

    def stage(self, *, replaceable: Sequence[str] = (), owner: str = "key-1") -> str:
        """A new pair, durable as pending; its fingerprint."""
        new = NewKey(PrivateKey.generate(), "2026-11-24", self.passphrase, replaceable=replaceable)
        stage_in_stores(new, self.stores, self.session(owner))
        return new.key.fingerprint

    def adopt(self, key: PrivateKey, *, replaceable: Sequence[str] = ()) -> str:
        """A key that was made elsewhere, durable as pending; its fingerprint."""
        new = NewKey(key, "2026-11-24", self.passphrase, adopted=True, replaceable=replaceable)
        stage_in_stores(new, self.stores, self.session())
        return key.fingerprint

    def wanted(self, fingerprint: str, replaceable: Sequence[str] = ()) -> Wanted:
        return Wanted(fingerprint, self.passphrase, replaceable)

    def register(self, fingerprint: str, *, replaceable: Sequence[str] = ()) -> ServedKey:
        return register(self.wanted(fingerprint, replaceable), self.stores, self.session())

    def inspect(self, fingerprint: str) -> Inspection:
        return inspect(self.wanted(fingerprint), self.stores, self.session())

    def offer_in_vain(self) -> str:
        """A key that was marked and sent to Meta, which refused it."""
        staged = self.stage()
        self.fault("error", code=LOCKED, method="POST")
        with pytest.raises(AccountLockedError):
            self.register(staged)
        self.emulator.clear_faults()
        return staged

    def rotate(self) -> str:
        """Staged and registered."""
        fingerprint = self.stage()
        self.register(fingerprint)
        return fingerprint

    def ring(self, index: int = 0) -> KeyRing:
        ring = self.stores[index].read().ring
        assert ring is not None
        return ring

    def roles(self, index: int = 0) -> dict[str, Role]:
        return {key.fingerprint: key.role for key in self.ring(index).keys}

    def served(self) -> str | None:
        return self.emulator.served(self.number)[1]

    def fault(self, kind: str, **fields: object) -> None:
        self.emulator.fault(kind, phone_number_id=self.number, **fields)

    def publications(self) -> int:
        return len(self.emulator.requests(self.number, "POST"))


@pytest.fixture
def line(emulator: Emulator, number: str, tmp_path: Path) -> Line:
    """A number that has no key yet."""
    emulator.clear_faults()
    return Line(number, emulator, tmp_path)


@pytest.fixture
def engine(emulator: Emulator, number: str, tmp_path: Path) -> "MiniatureEngine":
    """A number without a key, and the calls of an engine for it."""
    from tests.contract.miniature_engine import MiniatureEngine  # it takes the clock from here

    emulator.clear_faults()
    return MiniatureEngine(number, emulator, tmp_path)
