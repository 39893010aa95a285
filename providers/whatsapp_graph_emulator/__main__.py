"""The command line: `python -m whatsapp_graph_emulator --port N --state FILE …`.

Exit status 0 after SIGTERM or SIGINT, 1 with one sentence on standard error where it cannot start, 2 for arguments
that argparse refuses.
"""

from __future__ import annotations

import argparse
import os
import signal
import sys
import threading
from collections.abc import Sequence
from types import FrameType
from typing import NoReturn

from whatsapp_graph_emulator.emulator import Emulator
from whatsapp_graph_emulator.errors import EmulatorError
from whatsapp_graph_emulator.settings import APP_SECRET_VARIABLE, TOKENS_VARIABLE, gather

_EPILOG = f"""\
Secrets are better kept out of arguments, which other users of the machine can read. Access tokens can come from the
variable {TOKENS_VARIABLE} (separated by commas), the app secret from {APP_SECRET_VARIABLE}, both from --config:

  {{"numbers": ["106540352242922", {{"id": "106540352242923", "registered": false, "tokens": ["a-token"]}}],
   "tokens": ["a-token", "another-token"],
   "app_secret": "..."}}

The control surface is at /_emulator/ (health, requests, numbers, tokens/expired, faults).
"""


def _port(text: str) -> int:
    if not text.isascii() or not text.isdigit() or int(text) > 65535:
        raise argparse.ArgumentTypeError("must be a whole number from 0 to 65535")
    return int(text)


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(
        prog="python -m whatsapp_graph_emulator",
        description="An emulator, on 127.0.0.1, of Meta's Graph API edge that registers the encryption key of a "
        "WhatsApp business phone number. Written from public documentation; for development and tests.",
        epilog=_EPILOG,
        formatter_class=argparse.RawDescriptionHelpFormatter,
        allow_abbrev=False,
    )
    parser.add_argument("--port", type=_port, required=True, help="port to listen on; 0 picks a free one")
    parser.add_argument(
        "--state", metavar="FILE", required=True, help="JSON file that keeps numbers and public keys over restarts"
    )
    parser.add_argument(
        "--number",
        metavar="ID",
        action="append",
        default=[],
        help="phone number ID to serve; repeatable; one that the state file knows keeps its state",
    )
    parser.add_argument(
        "--account",
        metavar="ID",
        action="append",
        default=[],
        help="WhatsApp Business account ID, answered as one that is given for a phone number's; repeatable",
    )
    parser.add_argument(
        "--token", action="append", default=[], help="access token that may call; repeatable; at least one is needed"
    )
    parser.add_argument(
        "--app-secret", metavar="SECRET", help="app secret; every call then needs a right appsecret_proof"
    )
    parser.add_argument("--config", metavar="FILE", help="JSON file with numbers, tokens and app_secret, see below")
    return parser


def _stop(signum: int, frame: FrameType | None) -> NoReturn:
    for wanted in (signal.SIGTERM, signal.SIGINT):
        signal.signal(wanted, signal.SIG_IGN)
    raise SystemExit(0)


def main(arguments: Sequence[str] | None = None) -> int:
    """Serves until a signal ends it (`SystemExit` 0); returns 1 where it cannot start."""
    options = _parser().parse_args(arguments)
    signal.signal(signal.SIGTERM, _stop)
    signal.signal(signal.SIGINT, _stop)
    try:
        settings = gather(
            numbers=options.number,
            tokens=options.token,
            app_secret=options.app_secret,
            config=options.config,
            environ=os.environ,
        )
        with Emulator(
            numbers=settings.numbers,
            tokens=settings.tokens,
            app_secret=settings.app_secret,
            accounts=options.account,
            state=options.state,
            port=options.port,
        ) as emulator:
            print(f"Graph API emulator on {emulator.url} (state: {options.state})", flush=True)
            threading.Event().wait()
    except EmulatorError as error:
        print(error, file=sys.stderr)
        return 1
    return 0


if __name__ == "__main__":
    sys.exit(main())
