"""`python -m tests.model.soak` makes the long searches, one on each processor, and writes their rows into
docs/model-checking.md. An interrupted run continues where it was, unless what is searched has changed since; `--fresh`
makes all of them."""

import argparse
import hashlib
import json
import os
import signal
import sys
import time
from collections.abc import Iterable
from concurrent.futures import ProcessPoolExecutor, as_completed
from pathlib import Path

from tests.model import table
from tests.model.__main__ import row
from tests.model.ports import scripted
from tests.model.scenarios import soak
from tests.model.search import Found, explore, label
from tools.checkout import write_whole

_ROOT = Path(__file__).parents[2]
_SEARCHED = ("components/whatsapp_flow_encryption", "providers/whatsapp_flow_keys", "tests/model")
_SEARCHES = {label(scenario): scenario for scenario in soak()}


def main() -> int:
    """Exit status 1 where a promise is broken; its trace is printed, and the other searches continue."""
    parser = argparse.ArgumentParser(prog="python -m tests.model.soak", description=__doc__)
    parser.add_argument("--fresh", action="store_true", help="make also the searches that are done")
    done = Done(_ROOT / ".dev" / "soak.json", digest_of(_ROOT), fresh=parser.parse_args().fresh)
    broken = 0
    with ProcessPoolExecutor(os.cpu_count(), initializer=_leave_interrupts) as pool:
        waiting = {pool.submit(_search, name): name for name in _SEARCHES if name not in done.names}
        print(f"{len(_SEARCHES)} searches, {len(_SEARCHES) - len(waiting)} of them done before", flush=True)
        for at, each in enumerate(as_completed(waiting), len(_SEARCHES) - len(waiting) + 1):
            name, (found, seconds) = waiting[each], each.result()
            line = row(_SEARCHES[name], found)
            print(f"{at} of {len(_SEARCHES)} | {seconds:,.0f} s {line}", flush=True)
            if found.broken:
                broken += 1
                print("\n".join([found.broken, *found.trace]), flush=True)
            else:
                table.write_below(line, list(_SEARCHES))
                done.note(name)
    return 1 if broken else 0


class Done:
    """The searches that found nothing in the code with this digest, kept in a file."""

    def __init__(self, file: Path, digest: str, *, fresh: bool = False) -> None:
        self._file, self._digest = file, digest
        kept = json.loads(file.read_text()) if file.exists() and not fresh else {}
        self.names: list[str] = kept["done"] if kept.get("digest") == digest else []

    def note(self, name: str) -> None:
        """Keeps one more."""
        self.names.append(name)
        write_whole(self._file, json.dumps({"digest": self._digest, "done": self.names}))


def digest_of(root: Path, folders: Iterable[str] = _SEARCHED) -> str:
    """Of everything that decides what a search finds."""
    digest = hashlib.sha256()
    for file in sorted(file for folder in folders for file in (root / folder).rglob("*.py")):
        digest.update(f"{file.relative_to(root)}\0".encode() + file.read_bytes() + b"\0")
    return digest.hexdigest()


def _search(name: str) -> tuple[Found, float]:
    began = time.monotonic()
    with scripted():
        return explore(_SEARCHES[name]), time.monotonic() - began


def _leave_interrupts() -> None:
    """A worker ends at once where the person interrupts all."""
    signal.signal(signal.SIGINT, signal.SIG_DFL)


if __name__ == "__main__":
    try:
        sys.exit(main())
    except KeyboardInterrupt:
        sys.exit(130)
