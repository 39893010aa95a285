"""`python -m tests.model SEARCH...` makes the searches that are named, and prints how large each was.

``--without OUTCOME`` leaves out an outcome of a call; an unknown name prints the known ones.
"""

import argparse
import sys
import time
from collections.abc import Callable, Sequence

from tests.model.left_out import every_outcome, left_out
from tests.model.ports import scripted
from tests.model.scenarios import bounded, pending, soak
from tests.model.search import Found, Scenario, explore, label


def main(words: Sequence[str]) -> int:
    """Exit status 1 where a promise is broken; its trace is printed. 2 where a name is unknown, or there is none."""
    parser = argparse.ArgumentParser(prog="python -m tests.model")
    parser.add_argument("searches", nargs="+", metavar="SEARCH")
    parser.add_argument("--without", action="append", default=[], metavar="OUTCOME")
    asked = parser.parse_args(words)
    every = {label(scenario): scenario for scenario in (*bounded(), *pending(), *soak())}
    for what, names, there_are in (("search", asked.searches, every), ("outcome", asked.without, every_outcome())):
        if unknown := [name for name in names if name not in there_are]:
            print(f"no such {what}: {', '.join(unknown)}; there are:", *sorted(there_are), sep="\n", file=sys.stderr)
            return 2
    print("| search | faults | states | moves | steps | seconds |\n|---|---|---|---|---|---|", flush=True)
    for scenario in (every[name] for name in asked.searches):
        began = time.monotonic()
        with scripted(), left_out(frozenset(asked.without)):
            found = explore(scenario, _progress(scenario))
        print(f"\r{row(scenario, found)} {time.monotonic() - began:.0f} |", flush=True)
        if found.broken:
            print("\n".join([found.broken, *found.trace]))
            return 1
    return 0


def row(scenario: Scenario, found: Found) -> str:
    """A search as a line of a Markdown table."""
    counts = " | ".join(f"{count:,}" for count in (scenario.faults, found.states, found.moves, found.steps))
    return f"| {scenario.name} | {counts} |"


def _progress(scenario: Scenario) -> Callable[[Found], None]:
    def show(found: Found) -> None:
        if sys.stderr.isatty():
            print(f"\r{scenario.name}: {found.states:,} states, {found.steps:,} steps ", end="", file=sys.stderr)

    return show


if __name__ == "__main__":
    try:
        sys.exit(main(sys.argv[1:]))
    except KeyboardInterrupt:
        sys.exit(130)
