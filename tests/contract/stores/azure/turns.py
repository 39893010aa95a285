"""Several writers whose requests are let through one by one, in an order that is drawn or in every one that matters."""

import random
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from threading import Condition, Thread

from tests.servers.key_vault import KeyVault, Request
from whatsapp_flow_keys.errors import StoreError

Choose = Callable[[dict[str, str]], str]
"""Of those who wait, each with what it is about to do, the one that goes on."""

REFUSED, REFUSED_AT_THE_END = "who begins second is refused", "who ends second is refused"
IN_TURN = "both get in, one after the other"
"""What a vault does with two writes at once. Key Vault's team says that it refuses one, and not which."""

_SECONDS = 30
_READ, _BEGIN, _END = "read", "begin", "end"


class Turns:
    """Lets the requests of several writers through one by one.

    A write takes two turns where the vault refuses another one meanwhile: its begin and its end.
    """

    def __init__(self, vault: KeyVault, writers: dict[str, Callable[[], object]], choose: Choose) -> None:
        self._vault, self._writers, self._choose = vault, writers, choose
        self._waiting: dict[str, str] = {}
        self._running = set(writers)
        self._turn = ""
        self._changed = Condition()
        self.outcomes: dict[str, str] = {}

    def run(self) -> None:
        """Until each writer has ended."""
        before = self._vault.before

        def begins(request: Request) -> None:
            self._wait(request.identity, _READ if request.method == "GET" else _BEGIN if in_two else _END)
            before(request)

        in_two = self._vault.secrets.one_at_a_time
        self._vault.before = begins
        if in_two:
            self._vault.within = lambda request: self._wait(request.identity, _END)
        threads = [Thread(target=self._write, args=(name,)) for name in self._writers]
        for thread in threads:
            thread.start()
        with self._changed:
            while self._running:
                assert self._changed.wait_for(lambda: not self._turn and set(self._waiting) == self._running, _SECONDS)
                if self._running:
                    self._turn = self._choose(dict(self._waiting))
                    # What was let through comes back with its next request, or ends.
                    del self._waiting[self._turn]
                    self._changed.notify_all()
        for thread in threads:
            thread.join(_SECONDS)
        self._vault.before, self._vault.within = before, lambda request: None

    def _wait(self, identity: str, what: str) -> None:
        with self._changed:
            self._waiting[identity] = what
            self._changed.notify_all()
            assert self._changed.wait_for(lambda: self._turn == identity, _SECONDS)
            self._turn = ""

    def _write(self, name: str) -> None:
        try:
            self._writers[name]()
        except StoreError as error:
            self.outcomes[name] = type(error).__name__
        else:
            self.outcomes[name] = "won"
        with self._changed:
            self._running.discard(name)
            self._changed.notify_all()


def drawn(seed: int) -> Choose:
    """An order drawn from a seed."""
    draw = random.Random(seed)
    return lambda waiting: draw.choice(sorted(waiting))


@dataclass
class _Node:
    """One choice: who waited, who was let through there already, and who need not be, since its turn came elsewhere."""

    waiting: dict[str, str]
    asleep: set[str]
    chosen: str
    goes_on: str
    """Whose turn it was before, if it waits again."""
    switches: int
    """How many are left after this choice."""
    done: set[str] = field(default_factory=set)

    def chooses_another(self) -> bool:
        """False where none is left."""
        self.done.add(self.chosen)
        left = sorted(set(self.waiting) - self.asleep - self.done)
        if not left:
            return False
        self.switches -= self.chosen == self.goes_on
        self.chosen = left[0]
        return self.switches >= 0

    def asleep_next(self) -> set[str]:
        """Those whose turn was tried before this choice, which doesn't touch it."""
        made = self.waiting[self.chosen]
        return {name for name in self.asleep | self.done if not _touch(made, self.waiting[name])}


class EveryOrder:
    """Gives each run another order, until all that differ were run: sleep sets, as partial order reduction calls them.

    Two orders don't differ if one becomes the other by exchanging neighbours that don't touch each other: reads, and a
    read with the begin of a write.
    """

    def __init__(self, *, switches: int = 1000) -> None:
        """``switches``: how often at most a writer that could go on is made to wait for another one."""
        self._switches = switches
        self._path: list[_Node] = []
        self._step = 0
        self._is_known = False
        """Whether this run has become one that differs from none before."""

    def runs(self) -> Iterator[Choose]:
        """What chooses in the next run."""
        while True:
            self._step, self._is_known = 0, False
            yield self._choose
            while self._path and not self._path[-1].chooses_another():
                self._path.pop()
            if not self._path:
                return

    def _choose(self, waiting: dict[str, str]) -> str:
        self._step += 1
        if self._step <= len(self._path):
            known = self._path[self._step - 1]
            assert known.waiting == waiting, "each run that begins alike goes on alike"
            return known.chosen
        last = self._path[-1] if self._path else None
        asleep = last.asleep_next() if last else set()
        awake = sorted(set(waiting) - asleep)
        self._is_known = self._is_known or not awake
        if self._is_known:
            return min(waiting)
        goes_on = last.chosen if last and last.chosen in waiting else ""
        chosen = goes_on if goes_on in awake else awake[0]
        left = (last.switches if last else self._switches) - (bool(goes_on) and chosen != goes_on)
        self._path.append(_Node(waiting, asleep, chosen, goes_on, left))
        return chosen


def _touch(one: str, other: str) -> bool:
    return _READ not in (one, other) or _END in (one, other)
