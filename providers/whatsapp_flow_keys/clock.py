"""The one clock: what time it is, and waiting. A port, so that tests need no waiting."""

import time
from datetime import UTC, datetime
from typing import Protocol

from whatsapp_flow_keys.errors import InputError


class Clock(Protocol):
    """Tells the time and waits."""

    def now(self) -> datetime:
        """The time in UTC."""

    def monotonic(self) -> float:
        """Seconds that only ever grow, for deadlines."""

    def sleep(self, seconds: float) -> None:
        """Waits."""


class SystemClock:
    """The machine's clock."""

    def now(self) -> datetime:
        """The time in UTC, to the second."""
        return datetime.now(UTC).replace(microsecond=0)

    def monotonic(self) -> float:
        """Seconds that only ever grow."""
        return time.monotonic()

    def sleep(self, seconds: float) -> None:
        """Waits."""
        time.sleep(seconds)


def parse_seconds(value: str | float, name: str) -> float:
    """A deadline in seconds, as in the environment variable ``name``. Raises :class:`InputError`."""
    try:
        number = float(value)
    except ValueError:
        number = 0.0
    if not 0.1 <= number <= 3600:
        raise InputError(f"{name}: must be a number of seconds from 0.1 to 3600")
    return number
