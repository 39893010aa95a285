"""Records `make rotate` while `make traffic` runs, on the local stack, and writes docs/pictures/rotation-live.svg.

Start `make up` and `make endpoint` before, each in a terminal.
"""

import sys
import time
from pathlib import Path
from threading import Event, Thread

from tools.recording.film import Film, Take, film
from tools.recording.terminal import Terminal

ROOT = Path(__file__).parents[2]
PICTURE = ROOT / "docs" / "pictures" / "rotation-live.svg"
_BEFORE, _AFTER = 4.0, 4.0
"""Seconds of traffic before and after the rotation."""


def main() -> int:
    """Takes about half a minute; the exit status of the rotation."""
    began, pause = time.monotonic(), Event()
    traffic = Terminal(["make", "traffic"], ROOT, began)
    watching = Thread(target=traffic.watch, daemon=True)
    watching.start()
    pause.wait(_BEFORE)
    rotation = Terminal(["make", "rotate"], ROOT, began)
    rotation.watch()
    pause.wait(_AFTER)
    traffic.interrupt()
    watching.join()
    takes = [Take("make traffic", traffic.changes, 12), Take("make rotate", rotation.changes, 22)]
    PICTURE.write_text(film("A rotation while 20 forms come in each second", Film.of(takes)))
    print(f"Wrote {PICTURE.relative_to(ROOT)}.")
    return rotation.status


if __name__ == "__main__":
    sys.exit(main())
