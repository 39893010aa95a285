"""`python -m tests.model.soak` makes the long searches, one on each processor, and writes their rows into
docs/model-checking.md. Each is done within an hour."""

import os
import signal
import sys
import time
from concurrent.futures import ProcessPoolExecutor, as_completed

from tests.model import table
from tests.model.__main__ import row
from tests.model.ports import scripted
from tests.model.scenarios import soak
from tests.model.search import Found, explore, label

_SEARCHES = {label(scenario): scenario for scenario in soak()}


def main() -> int:
    """Exit status 1 where a promise is broken; its trace is printed."""
    with ProcessPoolExecutor(os.cpu_count(), initializer=_leave_interrupts) as pool:
        waiting = {pool.submit(_search, name): name for name in _SEARCHES}
        print(f"{len(waiting)} searches", flush=True)
        for done, each in enumerate(as_completed(waiting), 1):
            found, seconds = each.result()
            line = row(_SEARCHES[waiting[each]], found)
            print(f"{done} of {len(waiting)} | {seconds:,.0f} s {line}", flush=True)
            if found.broken:
                print("\n".join([found.broken, *found.trace]), flush=True)
                pool.shutdown(wait=False, cancel_futures=True)
                return 1
            table.write_below(line, list(_SEARCHES))
    return 0


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
