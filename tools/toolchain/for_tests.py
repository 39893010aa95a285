"""What only tests need: built once where there is a Go, and in nobody's way where it can't be."""

from __future__ import annotations

from tools.checkout import Checkout
from tools.processes import part, say
from tools.stop import Stop
from tools.toolchain.go_build import Part, is_current, record_built


def build_for_tests(checkout: Checkout, wanted: Part, go: str | None, *, tests: str) -> bool:
    """Builds a part that is missing, with a progress line; returns whether it is there and current.

    Where that fails it says why, and that `tests` are skipped.
    """
    if is_current(checkout, wanted, go):
        return True
    try:
        with part(f"Building {wanted.title} into .dev/toolchain, for {tests}"):
            wanted.build(checkout)
            record_built(checkout, wanted, go)
    except Stop as stop:
        say(f"{stop}\nSkipped without it: {tests}")
        return False
    return True
