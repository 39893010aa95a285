"""Records `make rotate` while `make traffic` runs, on the local stack, and writes docs/pictures/rotation-live.svg.

Start `make up` and `make endpoint` before, each in a terminal.
"""

import sys
import time
from threading import Event, Thread

from tools.checkout import Checkout, write_whole
from tools.recording.film import Film, Take, film
from tools.recording.terminal import Terminal

_ROOT = Checkout.this().root
_PICTURE = _ROOT / "docs" / "pictures" / "rotation-live.svg"
_BEFORE, _AFTER = 4.0, 4.0
"""Seconds of traffic before and after the rotation."""


def main() -> int:
    """Takes about half a minute; the exit status of the rotation."""
    began, pause = time.monotonic(), Event()
    traffic = Terminal(["make", "traffic"], _ROOT, began)
    watching = Thread(target=traffic.watch, daemon=True)
    watching.start()
    pause.wait(_BEFORE)
    rotation = Terminal(["make", "rotate"], _ROOT, began)
    rotation.watch()
    pause.wait(_AFTER)
    traffic.interrupt()
    watching.join()
    takes = [Take("make traffic", traffic.changes, 12), Take("make rotate", rotation.changes, 22)]
    write_whole(_PICTURE, film("A rotation while 20 forms come in each second", Film.of(takes)))
    print(f"Wrote {_PICTURE.relative_to(_ROOT)}.")
    return rotation.status


if __name__ == "__main__":
    sys.exit(main())
