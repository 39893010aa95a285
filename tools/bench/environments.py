"""Virtual environments below `.dev/bench/`, one for each `requirements-*.txt` beside this file, hashes checked."""

from pathlib import Path

from tools.checkout import Checkout
from tools.pinned_environment import ensure_pinned_environment

_HERE = Path(__file__).parent


def requirements(name: str) -> Path:
    """The file that pins an environment."""
    return _HERE / f"requirements-{name}.txt"


def ensure_environment(checkout: Checkout, name: str) -> Path:
    """Its Python; made anew where the pins or the Python have changed. Raises `PartFailed`."""
    return ensure_pinned_environment(checkout, checkout.dev / "bench" / name, requirements(name))
