"""`python -m tests.model` makes the searches of `make soak`, or those that are named, and prints how large each was."""

import sys
import time
from collections.abc import Callable, Sequence

from tests.model.ports import scripted
from tests.model.scenarios import bounded, pending, soak
from tests.model.search import Found, Scenario, explore


def main(words: Sequence[str]) -> int:
    """Exit status 1 where a promise is broken; its trace is printed. 2 where a name is not a search's."""
    every = {label(scenario): scenario for scenario in (*bounded(), *pending(), *soak())}
    if unknown := [word for word in words if word not in every]:
        print(f"no such search: {', '.join(unknown)}; there are:", *every, sep="\n", file=sys.stderr)
        return 2
    searched = [every[word] for word in words] or [*bounded(), *soak()]
    print("| search | faults | states | moves | steps | seconds |\n|---|---|---|---|---|---|", flush=True)
    for scenario in searched:
        began = time.monotonic()
        with scripted():
            found = explore(scenario, _progress(scenario))
        print(f"\r{row(scenario, found)} {time.monotonic() - began:.0f} |", flush=True)
        if found.broken:
            print("\n".join([found.broken, *found.trace]))
            return 1
    return 0


def label(scenario: Scenario) -> str:
    """What names a search on the command line."""
    return f"{scenario.name}, {scenario.faults} faults"


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
