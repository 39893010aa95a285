"""The command line: `python -m whatsapp_graph_emulator.flow_load --graph URL --number ID --endpoint URL …`.

Progress goes to standard error, the table or the JSON to standard output. Exit status 0 where no form failed, 1 where
some did, 2 for wrong arguments or an emulator that does not serve the number.
"""

from __future__ import annotations

import argparse
import contextlib
import math
import os
import signal
import sys
from collections.abc import Callable, Sequence
from typing import TextIO

from whatsapp_graph_emulator import fields
from whatsapp_graph_emulator.errors import BadField
from whatsapp_graph_emulator.flow_client import LIMIT_SECONDS, FlowClient
from whatsapp_graph_emulator.flow_load.graph_key import GraphKey, KeyNotFetched
from whatsapp_graph_emulator.flow_load.load import FlowLoad
from whatsapp_graph_emulator.flow_load.report import Report

APP_SECRET_VARIABLE = "WHATSAPP_APP_SECRET"
TERMINAL_PROGRESS_SECONDS = 1.0
LOG_PROGRESS_SECONDS = 5.0

_EPILOG = f"""\
Requests are signed where the variable {APP_SECRET_VARIABLE} holds the app secret. Ctrl-C ends it with the table.
The exit status is 0 where no form failed, 1 where some did, 2 for wrong arguments.
"""


def _checked(check: Callable[[str, object], str], field: str) -> Callable[[str], str]:
    def read(text: str) -> str:
        try:
            return check(field, text)
        except BadField as error:
            raise argparse.ArgumentTypeError(str(error).partition(": ")[2]) from error

    return read


def _number(text: str) -> float:
    try:
        value = float(text)
    except ValueError:
        value = math.nan
    if not 0 <= value < math.inf:
        raise argparse.ArgumentTypeError("must be a number of 0 or more")
    return value


def _rate(text: str) -> float:
    value = _number(text)
    if not 0 < value <= 1000:
        raise argparse.ArgumentTypeError("must be above 0, and 1000 at most")
    return value


def _count(text: str) -> int:
    if not (text.isascii() and text.isdigit() and 1 <= int(text) <= 100_000):
        raise argparse.ArgumentTypeError("must be a whole number from 1 to 100000")
    return int(text)


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(
        prog="python -m whatsapp_graph_emulator.flow_load",
        description="Opens forms of a Flow endpoint at a steady rate, as WhatsApp's client does by Meta's "
        "documentation, with the public key that a running emulator serves. For rotating and deploying under load.",
        epilog=_EPILOG,
        formatter_class=argparse.RawDescriptionHelpFormatter,
        allow_abbrev=False,
    )
    url = _checked(fields.web_address, "url")
    parser.add_argument("--graph", metavar="URL", type=url, required=True, help="the running emulator")
    number = _checked(fields.phone_number_id, "number")
    parser.add_argument("--number", metavar="ID", type=number, required=True, help="phone number ID that it serves")
    parser.add_argument("--endpoint", metavar="URL", type=url, required=True, help="the Flow endpoint")
    parser.add_argument("--rate", type=_rate, default=20.0, help="forms a second (default 20)")
    parser.add_argument("--seconds", type=_number, default=0.0, help="how long; 0, the default, is until Ctrl-C")
    parser.add_argument("--devices", type=_count, default=50, help="devices at a time, each with its key (default 50)")
    parser.add_argument("--json", action="store_true", help="print the report as JSON")
    return parser


class _Progress:
    """One line that a terminal overwrites, and a log gets now and then."""

    def __init__(self, stream: TextIO) -> None:
        self._stream = stream
        self._terminal = stream.isatty()
        self.every_seconds = TERMINAL_PROGRESS_SECONDS if self._terminal else LOG_PROGRESS_SECONDS

    def show(self, line: str) -> None:
        self._stream.write(f"\r\x1b[K{line}" if self._terminal else f"{line}\n")
        self._stream.flush()

    def clear(self) -> None:
        if self._terminal:
            self.show("")


def _run(load: FlowLoad, progress: _Progress) -> Report:
    """Until its end or Ctrl-C. A second Ctrl-C leaves the forms under way behind."""
    load.start()
    with contextlib.suppress(KeyboardInterrupt):
        while not load.wait(progress.every_seconds):
            progress.show(load.report().progress())
    with contextlib.suppress(KeyboardInterrupt):
        if load.report().under_way:
            progress.show(f"Waiting for what is under way, {2 * LIMIT_SECONDS:g} s at most; Ctrl-C leaves it behind.")
        load.stop()
    progress.clear()
    return load.report()


def main(arguments: Sequence[str] | None = None) -> int:
    """Runs the load; 0 where no form failed, 1 where some did, 2 where it can't begin."""
    options = _parser().parse_args(arguments)
    fetch_key = GraphKey(options.graph, options.number)
    app_secret = os.environ.get(APP_SECRET_VARIABLE) or None
    try:
        fetch_key()
    except KeyNotFetched as error:
        print(error, file=sys.stderr)
        return 2
    load = FlowLoad(
        lambda: FlowClient(options.endpoint, fetch_key, app_secret=app_secret),
        rate=options.rate,
        total=max(1, round(options.rate * options.seconds)) if options.seconds else None,
        devices=options.devices,
    )
    report = _run(load, _Progress(sys.stderr))
    print(report.as_json() if options.json else report)
    return 1 if report.failed else 0


if __name__ == "__main__":
    # A process in the background of a script ignores Ctrl-C, and nothing turns SIGTERM into an end with a table.
    for ending in (signal.SIGINT, signal.SIGTERM):
        signal.signal(ending, signal.default_int_handler)
    sys.exit(main())
