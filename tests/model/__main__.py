"""`python -m tests.model` makes the searches of `make soak`, or those that are named, and prints how large each was."""

import sys
import time
from collections.abc import Callable, Sequence

from tests.model.ports import scripted
from tests.model.scenarios import bounded, soak
from tests.model.search import Found, Scenario, explore


def main(words: Sequence[str]) -> int:
    """Exit status 1 where a promise is broken; its trace is printed."""
    searched = [s for s in (*bounded(), *soak()) if not words or label(s) in words]
    print("| search | faults | states | moves | steps | seconds |\n|---|---|---|---|---|---|", flush=True)
    for scenario in searched:
        began = time.monotonic()
        with scripted():
            found = explore(scenario, _progress(scenario))
        print("\r" + row(scenario, found, time.monotonic() - began), flush=True)
        if found.broken:
            print("\n".join([found.broken, *found.trace]))
            return 1
    return 0


def label(scenario: Scenario) -> str:
    """What names a search on the command line."""
    return f"{scenario.name}, {scenario.faults} faults"


def row(scenario: Scenario, found: Found, seconds: float) -> str:
    """A search as a line of a Markdown table."""
    counts = " | ".join(f"{count:,}" for count in (scenario.faults, found.states, found.moves, found.steps))
    return f"| {scenario.name} | {counts} | {seconds:.0f} |"


def _progress(scenario: Scenario) -> Callable[[Found], None]:
    def show(found: Found) -> None:
        if sys.stderr.isatty():
            print(f"\r{scenario.name}: {found.states:,} states, {found.steps:,} steps ", end="", file=sys.stderr)

    return show


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
