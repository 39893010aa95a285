"""How long a call of a store's client library may take, and how often it is made."""

import os
from collections.abc import Iterator
from contextlib import contextmanager
from contextvars import ContextVar
from math import inf

from whatsapp_flow_keys.clock import parse_seconds

DEADLINE = "WHATSAPP_STORE_DEADLINE"
"""Names the environment variable with the seconds that one call of a store may take, all its attempts together."""

ATTEMPTS = 3
"""How often a call that meets a fault of the service is made at most."""

_DEFAULT_SECONDS = 30.0
_limit = ContextVar("limit", default=inf)


def seconds_per_call() -> float:
    """How long one call may take, all its attempts together. Raises :class:`InputError` for a wrong environment
    variable."""
    return min(parse_seconds(os.environ.get(DEADLINE) or _DEFAULT_SECONDS, DEADLINE), _limit.get())


@contextmanager
def at_most(seconds: float) -> Iterator[None]:
    """Within it no call takes longer than this, whatever the environment allows."""
    before = _limit.set(min(seconds, _limit.get()))
    try:
        yield
    finally:
        _limit.reset(before)


def seconds_per_attempt() -> float:
    """How long one attempt of a call may take. Raises :class:`InputError` for a wrong environment variable."""
    return seconds_per_call() / ATTEMPTS
