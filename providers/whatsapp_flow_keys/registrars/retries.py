"""A call of a registrar with its retries: capped, jittered back-off within a deadline that holds for all of it."""

import os
import random
from collections.abc import Callable
from typing import TypeVar

from whatsapp_flow_keys.clock import Clock, parse_seconds
from whatsapp_flow_keys.registrars.errors import RegistrarError

_FIRST_PAUSE = 0.5
_LONGEST_PAUSE = 8.0

DEADLINE = "WHATSAPP_GRAPH_DEADLINE"
"""Names the environment variable with the total seconds of one call with all its retries."""
DEFAULT_DEADLINE = 30.0

_T = TypeVar("_T")


def deadline_of_environment() -> float:
    """In seconds. Raises :class:`InputError` for a wrong environment variable."""
    return parse_seconds(os.environ.get(DEADLINE) or DEFAULT_DEADLINE, DEADLINE)


def retried(once: Callable[[float], _T], deadline: float, clock: Clock) -> _T:
    """What ``once`` returns, which makes the call and is given the seconds that are left.

    Of the tries that failed it raises the last one, or the last that may have taken effect.
    """
    ends = clock.monotonic() + deadline
    tries = 0
    doubtful: RegistrarError | None = None
    while True:
        tries += 1
        try:
            return once(max(0.1, ends - clock.monotonic()))
        except RegistrarError as error:
            doubtful = error if error.may_have_taken_effect else doubtful
            pause = _pause(error, tries)
            if tries >= error.tries or clock.monotonic() + pause >= ends:
                raise doubtful or error from None
            clock.sleep(pause)


def _pause(error: RegistrarError, tries: int) -> float:
    longest = min(_LONGEST_PAUSE, _FIRST_PAUSE * 2 ** (tries - 1))
    pause = random.uniform(longest / 2, longest)  # noqa: S311 (jitter, no secret)
    return max(pause, error.retry_after or 0.0)
