"""Puts small defects into the product one at a time and sees whether the fast tests notice; writes the page in docs/.

Run by `make mutants`, in the virtual environment of the checkout. Words choose modules (`ring`, `removal`, `dynamic`);
only a run of all modules writes the page.
"""

import argparse
import fcntl
import os
import signal
import sys
import time
from collections.abc import Collection, Iterator
from contextlib import contextmanager
from dataclasses import dataclass

from tools.checkout import Checkout
from tools.mutants.mutant import Identity, Mutant
from tools.mutants.operators import mutants_of
from tools.mutants.page import MOST_UNEXPLAINED, Score, survivors, table, write_between
from tools.mutants.pool import Pool
from tools.mutants.reach import Names, Reached, learn_reach
from tools.mutants.reasons import as_entry, out_of_date, read_reasons
from tools.mutants.results import KILLED, SURVIVED, UNTESTED, Results
from tools.mutants.scope import PACKAGE, PRELOADED, mutated_modules
from tools.mutants.snapshot import commit_of, take_snapshot
from tools.processes import say
from tools.stop import Stop

_LONGEST = 45.0
"""Seconds beyond what its tests take without it; then a mutant is taken for one that never ends."""


@dataclass(frozen=True)
class _Run:
    modules: dict[str, bytes]
    mutants: list[Mutant]
    results: Results
    whole: bool
    every: int


def main() -> int:
    """Returns the exit status: 1 where a mutant survives without a reason."""
    signal.signal(signal.SIGINT, signal.default_int_handler)
    parser = argparse.ArgumentParser(prog="make mutants", description=__doc__, allow_abbrev=False)
    parser.add_argument("modules", nargs="*", metavar="MODULE", help="a module's name, its path, or a folder")
    parser.add_argument("--fresh", action="store_true", help="try also those that were killed in an earlier run")
    parser.add_argument("--tests", action="append", metavar="PART", help="only files of tests with this in their path")
    parser.add_argument("--every", type=int, default=1, metavar="N", help="only each Nth mutant, for a first look")
    asked = parser.parse_args()
    checkout = Checkout.this()
    try:
        with _alone(checkout):
            return _run(checkout, asked)
    except Stop as stop:
        print(f"\n{stop}", file=sys.stderr)
        return 1
    except KeyboardInterrupt:
        print("\nInterrupted. What was killed is remembered: run it again to go on.", file=sys.stderr)
        return 130


@contextmanager
def _alone(checkout: Checkout) -> Iterator[None]:
    """One run at a time: two would change each other's copy."""
    (checkout.dev / "mutants").mkdir(parents=True, exist_ok=True)
    with (checkout.dev / "mutants" / "lock").open("w") as lock:
        try:
            fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            raise Stop("Another `make mutants` runs in this checkout: wait for it, or stop it.") from None
        yield


def _run(checkout: Checkout, asked: argparse.Namespace) -> int:
    started = time.monotonic()
    reasons = read_reasons()
    root, commit = take_snapshot(checkout), commit_of(checkout)
    mutated = mutated_modules(root, asked.modules)
    if not mutated:
        raise Stop(f"No module that is mutated is called {' or '.join(asked.modules)}.")
    modules = {module: (root / PACKAGE / module).read_bytes() for module in mutated}
    memory = checkout.dev / "mutants"
    if asked.fresh:
        (memory / "results.jsonl").unlink(missing_ok=True)
    mutants = [mutant for module, source in modules.items() for mutant in mutants_of(module, source)][:: asked.every]
    whole = not asked.modules and not asked.tests
    run = _Run(modules, mutants, Results.read(memory / "results.jsonl"), whole, asked.every)
    with Pool(root, checkout.root, os.cpu_count() or 1, PRELOADED) as pool:
        reached = learn_reach(root, pool, memory / "reach.json", asked.tests or ())
        if reached.failed:
            say(f"{len(reached.failed)} tests failed or were skipped, and don't count: {', '.join(reached.failed[:5])}")
        names = Names(root)
        _try_all(run, pool, reached, names)
        _try_again(run, pool, reached, names, reasons)
    return _report(checkout, run, reasons, commit, time.monotonic() - started)


def _try_all(run: _Run, pool: Pool, reached: Reached, names: Names) -> None:
    waiting = [one for one in run.mutants if not run.results.is_dead(one, run.modules[one.module])]
    say(f"{len(run.mutants)} mutants, {len(run.mutants) - len(waiting)} of them killed in an earlier run.")
    stages: list[tuple[Mutant, list[list[str]]]] = [(one, reached.stages(one, names)) for one in waiting]
    tried, total = 0, len(waiting)
    while stages:
        orders = [(at, _order(run, one, tests[0], reached)) for at, (one, tests) in enumerate(stages) if tests]
        for one, tests in stages:
            if not tests:
                run.results.note(one, run.modules[one.module], UNTESTED, "")
                tried += 1
        left: list[tuple[Mutant, list[list[str]]]] = []
        for at, answer in pool.answers(orders):
            one, tests = stages[at]
            if answer["status"] != KILLED and len(tests) > 1:
                left.append((one, tests[1:]))  # the tests of other modules may notice it
                continue
            tried += 1
            status = KILLED if answer["status"] == KILLED else SURVIVED
            run.results.note(one, run.modules[one.module], status, str(answer["by"]))
            if status == SURVIVED:
                say(f"survived: {one.module}:{one.line} {one.where}: {one.was}  ->  {one.becomes}")
            if tried % 25 == 0 or status == SURVIVED:
                say(f"{tried} of {total}: {tried - len(run.results.alive)} killed, {len(run.results.alive)} survived")
        stages = left


def _try_again(run: _Run, pool: Pool, reached: Reached, names: Names, reasons: Collection[Identity]) -> None:
    """Survivors meet the slower tests, those first that noticed another defect in the same function."""
    orders: list[tuple[int, dict[str, object]]] = []
    for at, one in enumerate(run.mutants):
        if one.identity in run.results.alive and one.identity not in reasons:
            tests = reached.once_more(one, names, run.results.killers(one))
            orders += [(at, _order(run, one, tests, reached))] if tests else []
    for tried, (at, answer) in enumerate(pool.answers(orders), 1):
        one = run.mutants[at]
        if answer["status"] == KILLED:
            run.results.note(one, run.modules[one.module], KILLED, str(answer["by"]))
        if tried % 25 == 0:
            say(f"once more, by slower tests: {tried} of {len(orders)}, {len(run.results.alive)} survive")


def _order(run: _Run, mutant: Mutant, tests: list[str], reached: Reached) -> dict[str, object]:
    source = run.modules[mutant.module]
    return {
        "do": "try",
        "module": "whatsapp_flow_keys." + mutant.module.removesuffix(".py").replace("/", "."),
        "path": f"{PACKAGE}/{mutant.module}",
        "source": mutant.of(source).decode(),
        "tests": tests,
        "within": _LONGEST + 5 * sum(reached.seconds[test] for test in tests),
    }


def _report(checkout: Checkout, run: _Run, reasons: dict[Identity, str], commit: str, seconds: float) -> int:
    scores = []
    for module in run.modules:
        mutants = [mutant for mutant in run.mutants if mutant.module == module]
        if mutants:
            alive = tuple(mutant.identity for mutant in mutants if mutant.identity in run.results.alive)
            scores.append(Score(module, len(mutants), alive))
    shown = table(scores, reasons)
    unexplained = [identity for score in scores for identity in score.unexplained(reasons)]
    say(f"\n{shown}\n\n{seconds / 60:.0f} min.")
    if run.whole:
        page = checkout.root / "docs" / "mutation-testing.md"
        sample = "" if run.every == 1 else f" A sample: of each {run.every} mutants one was tried."
        write_between(
            page, f"\nOf commit {commit}.{sample}\n\n{shown}\n\n## Survivors\n\n{survivors(scores, reasons)}\n"
        )
        say("Wrote docs/mutation-testing.md.")
    for identity in out_of_date(reasons, run.modules, run.results.alive) if run.whole and run.every == 1 else ():
        say(f"survivors.json: this one is dead or gone, delete its entry: {' | '.join(map(str, identity))}")
    if unexplained:
        say("\nWithout a reason: kill each with a test, or give its reason in tools/mutants/survivors.json:\n")
        say(",\n".join(as_entry(identity) for identity in unexplained))
        share = len(unexplained) / len(run.mutants)
        say(f"{len(unexplained)} of {len(run.mutants)} mutants, {share:.1%}; at most {MOST_UNEXPLAINED:.0%} may be so.")
    return 1 if unexplained else 0


if __name__ == "__main__":
    sys.exit(main())
