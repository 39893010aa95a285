"""The kit behind HTTP servers beside pywa, and beside what only reads: in one run, in rounds that take turns.

Each server has one worker on one core; who sends the forms has the others. Every answer is decrypted and compared.
"""

import sys
from collections.abc import Sequence
from contextlib import AbstractContextManager, ExitStack
from dataclasses import dataclass
from pathlib import Path

from tools.bench.contender import Contender, Running, off_that_core, on_one_core, process_of, running
from tools.bench.http_load import Burst, burst
from tools.bench.server_contenders import Server, with_many_keys, with_many_numbers, with_one_key
from tools.bench.server_figures import Figures, Round, Served, percentile
from tools.bench.task import Task, ask
from tools.checkout import Checkout
from tools.processes import part, say
from tools.stop import Stop
from whatsapp_flow_keys.keys import PrivateKey

AT_ONCE = 16
"""Connections, each with one form at a time."""
_FIRST = 2 * AT_ONCE
"""Forms that each server answers before it is measured."""
_NUMBERS = 50


@dataclass(frozen=True)
class Plan:
    """How much to measure: rounds; in a round, the forms of each server, those of each with many keys, those of the one
    that has to try many for each, and exchanges without a server."""

    rounds: int
    forms: int
    forms_of_many_keys: int
    forms_in_any_order: int
    exchanges: int

    def all_forms(self, in_a_round: int) -> int:
        """That a server answers."""
        return _FIRST + self.rounds * in_a_round


FULL = Plan(10, 2000, 400, 100, 500)
QUICK = Plan(2, 16, 8, 2, 8)
"""Too short to mean much."""


class Started:
    """A server at work, and the rounds that were measured of it."""

    def __init__(self, server: Server, process: Running) -> None:
        """Raises `Stop` when it doesn't start, or answers wrongly."""
        self._server, self._process = server, process
        self._sent = 0
        self._rounds: list[Round] = []
        self._port = int(process.hear()["port"])
        self._send(_FIRST)

    def measure(self, rounds: int) -> None:
        """One round of so many."""
        cpu_began = self._figures()["cpu_seconds"]
        sent = self._send((len(self._server.forms) - _FIRST) // rounds)
        cpu = self._figures()["cpu_seconds"] - cpu_began
        seconds = [answered.seconds for answered in sent.answers]
        self._rounds.append(
            Round(
                per_second=len(seconds) / sent.seconds,
                cpu=1e3 * cpu / len(seconds),
                p50=1e3 * percentile(seconds, 50),
                p99=1e3 * percentile(seconds, 99),
                senders_share=sent.senders_cpu_seconds / sent.seconds,
            )
        )

    def found(self) -> Figures:
        """All rounds, and the memory after them."""
        peak_mib = self._figures()["peak_bytes"] / 2**20
        return Figures(self._server.host, self._server.application, tuple(self._rounds), self._sent, peak_mib)

    def _send(self, forms: int) -> Burst:
        """The next of its forms: one that comes again would get the answer that was kept."""
        asked = self._server.forms[self._sent : self._sent + forms]
        self._sent += len(asked)
        sent = burst(self._port, [one.http for one in asked], AT_ONCE)
        for one, answered in zip(asked, sent.answers, strict=True):
            if answered.status != 200 or not self._server.is_right(one, answered.body):
                name = self._server.contender.name
                raise Stop(f"{name} gave a wrong answer (status {answered.status}), so its speed means nothing.")
        return sent

    def _figures(self) -> dict[str, float]:
        return self._process.ask({})


def measure(checkout: Checkout, plan: Plan) -> Served:
    """Raises `Stop` when a contender can't be had, doesn't start, or answers wrongly."""
    with part("Making keys and encrypting forms"):
        keys, former = ([PrivateKey.generate() for _ in range(_NUMBERS)] for _ in range(2))
        forms = [ask(keys[0]) for _ in range(plan.all_forms(plan.forms))]
    servers = with_one_key(checkout, keys[0], forms)
    fewer = forms[: plan.all_forms(plan.forms_of_many_keys)]
    servers += with_many_keys(checkout, keys, fewer)
    servers += with_many_numbers(checkout, keys, former, fewer, plan.all_forms(plan.forms_in_any_order))
    with ExitStack() as stack:
        with on_one_core() as pinned, part(f"Starting {len(servers)} servers"):
            exchange = stack.enter_context(_exchange(checkout))
            started = [
                Started(server, stack.enter_context(process_of(server.contender, checkout.root))) for server in servers
            ]
        with off_that_core() as apart:
            alone = _in_turns(exchange, started, plan)
        return Served(pinned, apart, alone, tuple(one.found() for one in started))


def _exchange(checkout: Checkout) -> AbstractContextManager[Running]:
    alone = Contender("cryptography", "tools.bench.contenders.cryptography_alone", Path(sys.executable))
    return running(alone, Task.make(_FIRST), checkout.root)


def _in_turns(exchange: Running, started: Sequence[Started], plan: Plan) -> tuple[float, ...]:
    """The milliseconds of the exchange alone in each round; the servers keep what is theirs."""
    alone = []
    say(f"Measuring servers, {plan.rounds} rounds:", end="")
    for at in range(plan.rounds):
        say(f" {at + 1}", end="")
        alone.append(1e3 * exchange.cpu_seconds_for(plan.exchanges) / plan.exchanges)
        for one in started:
            one.measure(plan.rounds)
    say("")
    return tuple(alone)
