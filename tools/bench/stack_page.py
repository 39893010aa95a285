"""What a run of the stacks' bench found, as the tables, goals and sentences of docs/benchmarks-stacks.md."""

from collections.abc import Callable

from tools.bench.picture import Curve, Curves, Panel
from tools.bench.stack_advice import advice, growth_points
from tools.bench.stack_figures import (
    CREATE,
    FAR,
    FLOOR,
    FOUR_PROVIDERS,
    IN_OPENBAO,
    LATENCY,
    NATIVE,
    NATIVE_FAR,
    NATIVE_FLOOR,
    NEAR,
    NO_OP_PREVIEW,
    OPERATIONS,
    ROTATION,
    SKIPPING,
    SKIPPING_FLOOR,
    STORES,
    Case,
    Contender,
    Figures,
    Machine,
)
from tools.bench.table import table

PICTURE = "docs/pictures/stack-times.svg"

_GOAL_OF_ONE, _GOAL_OF_PREVIEW, _GOAL_OF_MANY, _GOAL_OF_MEMORY = 1.15, 1.05, 2.5, 1.1
_AS_FAST, _LEVEL = 1.0, 1.05
_MANY = 100
_CALLS_AT_ONCE = 4
_NOT_MEASURED = "-"


def on_what(machine: Machine) -> str:
    """The machine and the versions, in a sentence."""
    return (
        f"{machine.system}, {machine.cores} {'core' if machine.cores == 1 else 'cores'}, Python {machine.python}, "
        f"Pulumi {machine.pulumi} with the Python SDK {machine.sdk}, OpenBao {machine.openbao}."
    )


def times(figures: Figures, store: str) -> str:
    """The table of seconds and ratios with this store."""
    rows = []
    for numbers in figures.sizes(store):
        case = Case(store, numbers)
        for operation in OPERATIONS:
            cells = [_seconds(figures.seconds(case, FLOOR, operation))]
            for contender in (NEAR, FAR):
                cells.append(_seconds(figures.seconds(case, contender, operation)))
                cells.append(_times(figures.ratio(case, contender, operation)))
            rows.append((f"{numbers:>3}: {operation}".strip(), *cells))
    return table(("numbers: what", "floor s", f"{NEAR.name} s", "ratio", f"{FAR.name} s", "ratio"), rows)


def native_times(figures: Figures, store: str) -> str:
    """The native provider's seconds with this store, and their ratios to its floor and to the dynamic provider."""
    rows = []
    for numbers in figures.sizes(store):
        case = Case(store, numbers)
        for operation in OPERATIONS:
            cells = [_seconds(figures.seconds(case, NATIVE_FLOOR, operation))]
            for contender, dynamic in ((NATIVE, NEAR), (NATIVE_FAR, FAR)):
                cells.append(_seconds(figures.seconds(case, contender, operation)))
                cells.append(_times(figures.ratio(case, contender, operation, NATIVE_FLOOR)))
                cells.append(_times(figures.ratio(case, contender, operation, dynamic)))
            rows.append((f"{numbers:>3}: {operation}".strip(), *cells))
    of_each = ("ratio", "to dynamic")
    return table(("numbers: what", "floor s", f"{NEAR.name} s", *of_each, f"{FAR.name} s", *of_each), rows)


def native_goals(figures: Figures) -> list[str]:
    """As `goals`, for the native provider."""
    lines: list[str] = []
    for store in STORES:
        lines += _at_most(
            f"native, keys in {store}: `up` that creates 1 number, no latency, at most {_GOAL_OF_ONE} of its floor",
            figures.ratio(Case(store, 1), NATIVE, CREATE, NATIVE_FLOOR),
            _GOAL_OF_ONE,
        )
        lines += _at_most(
            f"native, keys in {store}: rotation of {_MANY} numbers, {FAR.name}, at most the dynamic provider's time",
            figures.ratio(Case(store, _MANY), NATIVE_FAR, ROTATION, FAR),
            _AS_FAST,
        )
        for numbers in figures.sizes(store):
            case = Case(store, numbers)
            preview = f"preview of {numbers} with nothing to do at most {_LEVEL} of the dynamic one's"
            what = f"native, keys in {store}: {preview}"
            asked = figures.requests(case, NO_OP_PREVIEW, (NATIVE, NATIVE_FAR))
            lines += _without_requests(_at_most(what, figures.ratio(case, NATIVE, NO_OP_PREVIEW, NEAR), _LEVEL), asked)
    return lines


def goals(figures: Figures) -> list[str]:
    """One line each, for each store: reached or missed, by how much."""
    lines: list[str] = []
    for store in STORES:
        one, many = Case(store, 1), Case(store, _MANY)
        keys_in = f"keys in {store}"
        lines += _at_most(
            f"{keys_in}: `up` that creates 1 number, no latency, at most {_GOAL_OF_ONE} of its floor",
            figures.ratio(one, NEAR, CREATE),
            _GOAL_OF_ONE,
        )
        for numbers in figures.sizes(store):
            lines += _preview_goal(figures, Case(store, numbers))
        for operation in (CREATE, ROTATION):
            lines += _at_most(
                f"{keys_in}: {operation} of {_MANY} numbers, {FAR.name}, at most {_GOAL_OF_MANY} of its floor",
                figures.ratio(many, FAR, operation),
                _GOAL_OF_MANY,
            )
        lines += _at_most(
            f"{keys_in}: the provider's memory with {_MANY} numbers at most {_GOAL_OF_MEMORY} of that with 1",
            _quotient(figures.peak_bytes(many, FAR, CREATE), figures.peak_bytes(one, FAR, CREATE)),
            _GOAL_OF_MEMORY,
        )
    return lines


def sizes(figures: Figures) -> str:
    """The table of requests, memory and state."""
    rows = []
    for case in figures.cases():
        asked = [figures.requests(case, operation) for operation in OPERATIONS]
        peaks = [figures.peak_bytes(case, contender, CREATE) for contender in (FLOOR, FAR, NATIVE_FAR)]
        states = [
            figures.state_bytes(case, contender, operation)
            for contender, operation in ((FLOOR, CREATE), (FAR, CREATE), (FAR, ROTATION), (NATIVE_FAR, ROTATION))
        ]
        rows.append(
            (
                f"{case.numbers} in {case.store}",
                " / ".join(_NOT_MEASURED if count is None else f"{count / case.numbers:.3g}" for count in asked),
                *(_NOT_MEASURED if peak is None else f"{peak / 2**20:.0f}" for peak in peaks),
                *(_NOT_MEASURED if state is None else f"{state / case.numbers / 1000:.1f}" for state in states),
            )
        )
    memory, state = ("floor MiB", "MiB", "native MiB"), ("floor kB of state", "kB created", "kB rotated", "native kB")
    return table(("numbers", "requests of each", *memory, *state), rows)


def variants(figures: Figures) -> str:
    """The table of what would make the largest stacks faster."""
    rows = []
    for store in STORES:
        case = Case(store, _MANY)
        for contender, floor in ((FAR, FLOOR), (FOUR_PROVIDERS, FLOOR), (SKIPPING, SKIPPING_FLOOR)):
            ours, beside = figures.seconds(case, contender, CREATE), figures.seconds(case, floor, CREATE)
            if ours is not None:
                ratio = figures.ratio(case, contender, CREATE, floor)
                rows.append((f"in {store}: {contender.name}", _seconds(ours), _seconds(beside), _times(ratio)))
    return table((f"{_MANY} numbers, create", "s", "its floor s", "ratio"), rows)


def parts(figures: Figures) -> str:
    """The table of what a creation's time is made of, at the largest size, far from Meta."""
    found = [max(figures.sizes(store)) for store in STORES if figures.sizes(store)]
    numbers = max(found)
    cases = [Case(store, numbers) for store in STORES if numbers in figures.sizes(store)]

    def row(name: str, seconds: Callable[[Case], float | None]) -> tuple[str, ...]:
        return (name, *(_seconds(seconds(case)) for case in cases))

    rows = [
        row("all of it", lambda case: figures.seconds(case, FAR, CREATE)),
        row("its floor", lambda case: figures.seconds(case, FLOOR, CREATE)),
        row("of that floor: checkpoints", lambda case: _checkpoints(figures, case)),
        row(f"at least: requests, {_CALLS_AT_ONCE} at once", lambda case: _waiting(figures, case)),
        row("at least: making keys, on all cores", lambda case: _making(figures, case)),
    ]
    return table((f"{numbers} numbers, create, {FAR.name}", *(f"s, in {case.store}" for case in cases)), rows)


def curves(figures: Figures) -> Curves:
    """The picture: creation by the numbers."""

    def curve(store: str, contender: Contender, kind: str, name: str) -> Curve:
        return Curve(name, kind, growth_points(figures, store, contender))

    panels = [
        Panel(
            f"keys in {store}",
            [
                curve(store, FAR, "far", f"Meta {FAR.name} away"),
                curve(store, NEAR, "near", "no latency"),
                curve(store, FLOOR, "floor", "floor: providers that do nothing"),
            ],
        )
        for store in STORES
        if figures.sizes(store)
    ]
    return Curves(
        "pulumi up: creating the keys of so many numbers",
        "seconds, on logarithmic axes; less is better",
        "phone numbers",
        panels,
    )


def rounds(figures: Figures) -> str:
    """How often each size was measured, in a sentence."""
    said = []
    for numbers in sorted({case.numbers for case in figures.cases()}):
        counts = {figures.rounds(case) for case in figures.cases() if case.numbers == numbers}
        fewest = min(counts)
        said.append(f"{numbers}: {fewest} rounds" if fewest > 1 else f"{numbers}: one round, which is no median")
    return f"Medians over rounds, by the size of the stack: {'; '.join(said)}"


def _preview_goal(figures: Figures, case: Case) -> list[str]:
    what = f"keys in {case.store}: preview of {case.numbers} with nothing to do at most {_GOAL_OF_PREVIEW} of its floor"
    said = _at_most(what, figures.ratio(case, NEAR, NO_OP_PREVIEW), _GOAL_OF_PREVIEW)
    return _without_requests(said, figures.requests(case, NO_OP_PREVIEW))


def _without_requests(lines: list[str], asked: int | None) -> list[str]:
    requests = "and without a request" if not asked else f"but {asked} requests were made, which misses it"
    return [f"{line}, {requests}" for line in lines]


def _at_most(what: str, figure: float | None, most: float) -> list[str]:
    """No line where it was not measured."""
    if figure is None:
        return []
    return [f"{what}: {figure:.2f}, {'reached' if figure <= most else f'missed by {figure - most:.2f}'}"]


def _checkpoints(figures: Figures, case: Case) -> float | None:
    with_them = figures.seconds(case, FLOOR, CREATE)
    without = figures.seconds(case, SKIPPING_FLOOR, CREATE)
    return None if with_them is None or without is None else with_them - without


def _waiting(figures: Figures, case: Case) -> float | None:
    asked = figures.requests(case, CREATE)
    return None if asked is None else asked * LATENCY / _CALLS_AT_ONCE


def _making(figures: Figures, case: Case) -> float:
    return figures.key_seconds * case.numbers / min(figures.machine.cores, _CALLS_AT_ONCE)


def _quotient(one: float | None, other: float | None) -> float | None:
    return None if one is None or other is None else one / other


def _seconds(seconds: float | None) -> str:
    if seconds is None:
        return _NOT_MEASURED
    return f"{seconds:.1f}" if seconds >= 10 else f"{seconds:.2f}"


def _times(ratio: float | None) -> str:
    return _NOT_MEASURED if ratio is None else f"{ratio:.2f}"


def _of_each_store(figures: Figures, shown: Callable[[Figures, str], str]) -> str:
    return "\n\n".join(f"Keys in {store}:\n\n{shown(figures, store)}" for store in STORES if figures.sizes(store))


def page(figures: Figures) -> str:
    """The whole of docs/benchmarks-stacks.md."""
    goal_list = "\n".join(f"- {line}" for line in [*goals(figures), *native_goals(figures)])
    advice_list = "\n".join(f"- {line}" for line in advice(figures))
    tables = _of_each_store(figures, times)
    native_tables = _of_each_store(figures, native_times)
    return f"""# Benchmarks of stacks

Written by `make bench ARGS=stacks`: `pulumi up` of this project's resources beside its floor, which is as many
resources of the same kinds with providers that do nothing. All in one run, on one machine, which should be
quiet; it takes about 30 minutes. `make bench ARGS="stacks --quick"` shows in about four minutes that it runs, and
writes nothing.

![Seconds of a creation by the numbers](pictures/stack-times.svg)

{on_what(figures.machine)}

## Goals

{goal_list}

## Times

*create*, *nothing to do* and *rotation* are `pulumi up --skip-preview`. The floor knows no Meta and no latency. *Ratio*
is the median of each round's ratio to the floor. *{FAR.name}* is what each answer of Meta's takes; the store is on the
same machine.

{tables}

## The native provider

The same numbers by [the plugin](native-provider.md), in a Python program that has its component. Its floor is a plugin
that answers at once, with the same resources. *To dynamic* is the ratio to the tables above, within each round.

{native_tables}

{rounds(figures)}.

## Requests, memory, state

{sizes(figures)}

*Requests of each*: those to Meta for each number, in {", ".join(f"*{operation}*" for operation in OPERATIONS)}.
*MiB*: resident memory of the provider's process at its peak, in *create*, {FAR.name}. *kB of state*: for each number,
of the checkpoint with its secrets encrypted; after a rotation the key ring holds two keys.

## Where the time goes

{parts(figures)}

The parts overlap, so they don't add up. What is left over is the provider's own work, the store's answers, and waiting
for each other: a number's resources are made one after the other.

- **Checkpoints** are quadratic: a file or object-store backend gets the whole state anew about twice for each resource,
  with each secret encrypted again. Pulumi Cloud's backend gets a journal, and is spared that.
- **Calls**: one provider process does at most {_CALLS_AT_ONCE} at once, whatever `--parallel` says. Each
  `WhatsAppProvider` is a process of its own with {_CALLS_AT_ONCE} more.
- **Making a key** takes {figures.key_seconds * 1000:.0f} ms of one core in the mean; primes are a matter of luck.
- **Starting** the engine, the program and the provider's process is most of the floor of one number.

{variants(figures)}

*4 providers*: the numbers are shared out over four explicit `WhatsAppProvider`s. *No checkpoints*:
`PULUMI_SKIP_CHECKPOINTS=1`, beside a floor that has it set, too. It is here to show what checkpoints cost and should
not be set: a crash then forgets what was made, and a public key may be published before its private half is saved. With
the keys in the stack a registration refuses to run with it, which is why only {IN_OPENBAO} has such a row.

## How many numbers to a stack

{advice_list}

## How it is measured

The engine is the checkout's, with `--parallel` as it is by default, a file backend and PULUMI_HOME in a throw-away
folder, and secrets encrypted by a passphrase. Meta is this project's emulator and {IN_OPENBAO} a development server in
memory, each a process of its own on loopback; the emulator closes each connection after its answer. Contenders take
turns: each operation of a round is run by all of them before the next one. Each round has new stacks and phone numbers,
and after each operation it is checked that Meta serves the right keys. The floor's resources record what a real stack
recorded at the start of the same run, but each secret is a single letter and each text has 64 at most: what a key
takes in the state is part of what it costs.
"""
