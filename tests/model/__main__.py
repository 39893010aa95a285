"""`python -m tests.model NAME...` makes the searches that are named, and prints how large each was. Without a name it
lists them."""

import sys
import time
from collections.abc import Callable, Sequence

from tests.model.ports import scripted
from tests.model.scenarios import bounded, pending, soak
from tests.model.search import Found, Scenario, explore, label


def main(words: Sequence[str]) -> int:
    """Exit status 1 where a promise is broken; its trace is printed. 2 where there is no name, or none of a search."""
    every = {label(scenario): scenario for scenario in (*bounded(), *pending(), *soak())}
    unknown = [word for word in words if word not in every]
    if unknown or not words:
        print(f"no such search: {', '.join(unknown)}; there are:", *every, sep="\n", file=sys.stderr)
        return 2
    print("| search | faults | states | moves | steps | seconds |\n|---|---|---|---|---|---|", flush=True)
    for scenario in (every[word] for word in words):
        began = time.monotonic()
        with scripted():
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
