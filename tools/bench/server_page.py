"""What a run found of servers, as the tables and goals that the terminal and the page show."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from enum import Enum
from importlib.metadata import version
from textwrap import fill

from tools.bench import flood, server
from tools.bench.server_figures import (
    ALL_SENDERS,
    EXCHANGE,
    FASTAPI,
    GUNICORN,
    KIT,
    MANY_KEYS,
    SERVED_PYWA,
    UVICORN,
    Figures,
    Flooded,
    Round,
    Served,
)
from tools.bench.servers.hosts import THREADS
from tools.bench.table import table


class Kind(Enum):
    """What a goal is about, and what to say where it is missed."""

    PYWA = (
        "pywa calls a plain handler in the event loop, where nothing else goes on until it ends, and checks no "
        "signature; the kit decrypts in one thread and calls the handler in another. Each turn of a thread costs "
        "processor time and a wait."
    )
    OWN_CPU = (
        f"Between requests even the exchange takes longer than in a row: *{EXCHANGE}* shows it. The rest is the "
        f"signature, the JSON, and under ASGI the turns of two threads, one less for an async handler."
    )
    PLACE_OF_THE_KEY = "Each key that is tried before the right one costs a private operation, nearly an exchange."
    FLOOD = (
        f"Each request of the flood costs {flood.KEYS} private operations, and a form that comes meanwhile waits for "
        f"its turn: the flood alone keeps a good part of a core busy."
    )


@dataclass(frozen=True)
class Goal:
    """A line, and whether the goal is reached."""

    kind: Kind
    what: str
    figure: float
    reached: bool

    def __str__(self) -> str:
        return f"{self.what}: {self.figure:.2f}, {'reached' if self.reached else 'missed'}"


_AHEAD_OF_PYWA = 1.33
_MOST_OF_THE_EXCHANGE = 1.25
_MOST_OF_ONE_KEY = 1.05
_MOST_OF_QUIET = 2.0


def per_second(one: Round) -> float:
    """Forms."""
    return one.per_second


def cpu(one: Round) -> float:
    """Milliseconds for each form."""
    return one.cpu


def side_by_side(served: Served) -> str:
    """The table of applications with one key."""
    rows = [
        (
            f"{one.host}: {one.application}",
            f"{one.median(per_second):,.0f}",
            f"{one.ratio_to(served.floor(one), per_second):.3f}",
            f"{one.median(cpu):.3f}",
            f"{served.own_cpu(one):.3f}",
            f"{one.median(lambda each: each.p50):.1f}",
            f"{one.median(lambda each: each.p99):.1f}",
            f"{one.peak_mib:.1f}",
        )
        for one in served.figures
        if one.application not in MANY_KEYS
    ]
    return table(("", "a second", "ratio", "CPU ms", "own CPU", "p50 ms", "p99 ms", "peak MiB"), rows)


def many_keys(served: Served) -> str:
    """The table of more keys than one."""
    kit = served.of(UVICORN, KIT)
    rows = [
        (one.application, f"{one.median(cpu):.2f}", f"{one.ratio_to(kit, cpu):.2f}") for one in _with_many_keys(served)
    ]
    return table(("this kit on uvicorn", "CPU ms", "ratio"), [("1 key", f"{kit.median(cpu):.2f}", "1.00"), *rows])


def floods(found: Sequence[Flooded]) -> str:
    """The table of forms beside a flood."""
    rows = [
        (
            f"{one.host}, keys {one.keys}",
            f"{one.quiet:,.1f}",
            f"{one.beside:,.1f}",
            f"{one.ratio:.1f}",
            f"{one.slowest_at_first:,.0f}",
            str(one.failed),
        )
        for one in found
    ]
    return table(("this kit", "p99 ms", "in the flood", "ratio", "longest at first", "given up"), rows)


def goals(served: Served, found: Sequence[Flooded]) -> list[Goal]:
    """Each with its figure."""
    return [*_ahead_of_pywa(served), *_own_cpu(served), *_place_of_the_key(served), *map(_beside_a_flood, found)]


def page(served: Served, found: Sequence[Flooded]) -> str:
    """The servers' section of docs/benchmarks.md, after a full run."""
    plan, reached = server.FULL, goals(served, found)
    one_core = "on one core" if served.pinned else "on whichever core (this system can't keep it to one)"
    sender = max(one.median(lambda each: each.senders_share) for one in served.figures)
    return f"""## Behind a server

uvicorn {version("uvicorn")}, FastAPI {version("fastapi")}, gunicorn {version("gunicorn")}; the rest as above.

{side_by_side(served)}

{_goals_of(reached, Kind.PYWA, Kind.OWN_CPU)}

Each server is a process with one worker {one_core}. {server.AT_ONCE} connections, which are kept, each send a form,
wait for its answer and send the next: {plan.forms:,} forms to each server in each of {plan.rounds} rounds, in which
they take turns. Each form has an AES key of its own and is signed, and each answer is decrypted and compared.

- *A second*, *CPU ms* (of one form), *p50* and *p99* are medians over the rounds. *Ratio* is to the forms a second of
  the application that *only reads the body*, at the same server, and *own CPU* what an application takes beyond that
  one. *Peak MiB* is the most memory that the process held, up to {plan.all_forms(plan.forms):,} forms.
- *{EXCHANGE}* is the exchange with that package alone: no signature, no check, no error with a name, and nothing else
  goes on meanwhile.
- *{SERVED_PYWA}* in FastAPI is what its documentation shows: a client whose `server` is the FastAPI application, a
  handler of `on_flow_request`, its default functions. It checks no signature of a Flow request, which the kit does, and
  calls the handler in the event loop. Every handler sends the form's data back.
- uvicorn is as `pip install uvicorn` brings it, without uvloop and httptools; gunicorn has {THREADS} threads. Neither
  writes a line for each request.
- Who sends took {sender:.0%} of {"another core" if served.apart else "the same core"} at most.

### More keys than one

{many_keys(served)}

{_goals_of(reached, Kind.PLACE_OF_THE_KEY)}

Forms come as above. *Ratio* is to the CPU with one key, in the same rounds. Each of the 50 numbers has two keys, and
its forms are encrypted for the current one. *Named by the path* is an endpoint with `number_of=`, which tries that
number's keys only. Forms of all come in random order.

### Beside a flood

{floods(found)}

{_goals_of(reached, Kind.FLOOD)}

An endpoint with {flood.KEYS} keys, which may use every core, gets {flood.FORMS} forms a second, and then beside them
{flood.UNDECRYPTABLE} signed requests a second that no key opens, all at random moments. *p99 ms* is that of the forms
in {flood.FULL.quiet:.0f} s without the flood, *in the flood* that in {flood.FULL.beside:.0f} s with it. *Longest at
first* is the longest that a form took in the first {flood.FULL.first:.0f} s of the flood, which count in no other
figure of time: with a store the endpoint looks there for other keys. *Given up* are the forms that were answered 503,
or not within the {flood.PATIENCE:.0f} s that WhatsApp waits.
"""


def _goals_of(goals: Sequence[Goal], *kinds: Kind) -> str:
    """Their lines, and after those of a kind what there is to say where one is missed."""
    lines = []
    for kind in kinds:
        found = [goal for goal in goals if goal.kind is kind]
        lines += [f"- {goal}" for goal in found]
        if not all(goal.reached for goal in found):
            lines.append(f"\n{fill(kind.value, 120)}\n")
    return "\n".join(lines).strip()


def _ahead_of_pywa(served: Served) -> Iterator[Goal]:
    pywa = served.of(FASTAPI, SERVED_PYWA)
    for host in (UVICORN, FASTAPI, GUNICORN):
        figure = served.of(host, KIT).ratio_to(pywa, per_second)
        what = f"{host}: {_AHEAD_OF_PYWA} times the forms a second of {SERVED_PYWA} in FastAPI"
        yield Goal(Kind.PYWA, what, figure, figure >= _AHEAD_OF_PYWA)


def _own_cpu(served: Served) -> Iterator[Goal]:
    for host in (UVICORN, FASTAPI, GUNICORN):
        figure = served.own_cpu_to_exchange(served.of(host, KIT))
        what = f"{host}: own CPU at most {_MOST_OF_THE_EXCHANGE} times the exchange alone"
        yield Goal(Kind.OWN_CPU, what, figure, figure <= _MOST_OF_THE_EXCHANGE)


def _place_of_the_key(served: Served) -> Iterator[Goal]:
    for one in _with_many_keys(served):
        if one.application == ALL_SENDERS:  # no order of keys is right for them
            continue
        figure = one.ratio_to(served.of(UVICORN, KIT), cpu)
        what = f"{one.application}: CPU at most {_MOST_OF_ONE_KEY} times that with one key"
        yield Goal(Kind.PLACE_OF_THE_KEY, what, figure, figure <= _MOST_OF_ONE_KEY)


def _beside_a_flood(one: Flooded) -> Goal:
    what = f"{one.host}, keys {one.keys}: p99 in the flood at most {_MOST_OF_QUIET} times that without it"
    return Goal(Kind.FLOOD, what, one.ratio, one.ratio <= _MOST_OF_QUIET)


def _with_many_keys(served: Served) -> list[Figures]:
    return [one for one in served.figures if one.application in MANY_KEYS]
