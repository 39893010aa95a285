"""Measures, shows it, and writes docs/benchmarks.md and its picture; with ``--quick``, neither, and nothing to install.

Run by `make bench`, in the virtual environment of the checkout.
"""

import argparse
import sys

from tools.bench import endpoint, endpoint_page
from tools.bench.environments import ensure_environment
from tools.bench.picture import draw
from tools.checkout import Checkout, write_whole
from tools.processes import part, say
from tools.stop import Stop

_INTRODUCTION = """# Benchmarks

Written by `make bench`: everything side by side, in one run, on one machine. It takes about two minutes, more the
first time: what is compared is installed below `.dev/bench/`, pinned and with its hashes checked. A quiet machine is
needed. `make bench ARGS=--quick` shows in seconds that it runs, compares with nothing that must be installed, and
writes nothing.

"""


def main() -> int:
    """Returns the exit status."""
    parser = argparse.ArgumentParser(prog="make bench", description=__doc__, allow_abbrev=False)
    parser.add_argument("--quick", action="store_true", help="a few short rounds; install and write nothing")
    quick = parser.parse_args().quick
    checkout = Checkout.this()
    try:
        measured = endpoint.measure(checkout, endpoint.QUICK if quick else endpoint.FULL)
        _show(measured)
        if not quick:
            _write(checkout, measured)
    except Stop as stop:
        print(f"\n{stop}", file=sys.stderr)
        return 1
    except KeyboardInterrupt:
        print("\nInterrupted.", file=sys.stderr)
        return 130
    return 0


def _show(measured: endpoint.Measured) -> None:
    say(f"\n{endpoint_page.on_what(measured.machine)}\n")
    for one in (endpoint_page.exchanges, endpoint_page.threads, endpoint_page.cold_starts):
        say(one(measured) + "\n")
    say("\n".join(endpoint_page.goals(measured)))


def _write(checkout: Checkout, measured: endpoint.Measured) -> None:
    say("")
    python = ensure_environment(checkout, "picture")
    with part(f"Drawing {endpoint_page.PICTURE}"):
        draw(checkout, python, endpoint_page.bars(measured), checkout.root / endpoint_page.PICTURE)
    write_whole(checkout.root / "docs" / "benchmarks.md", _INTRODUCTION + endpoint_page.page(measured))
    say("Wrote docs/benchmarks.md.")


if __name__ == "__main__":
    sys.exit(main())
