"""The stores' client libraries: extras of this distribution, loaded when a store is first used."""

import logging
import os
from collections.abc import Iterator
from contextlib import contextmanager
from contextvars import ContextVar
from importlib.util import find_spec
from math import inf

from whatsapp_flow_keys.clock import parse_seconds
from whatsapp_flow_keys.errors import MissingExtraError

DEADLINE = "WHATSAPP_STORE_DEADLINE"
"""Names the environment variable with the seconds that one call of a store may take, all its attempts together."""

ATTEMPTS = 3
"""How often a call that meets a fault of the service is made at most."""

_DEFAULT_SECONDS = 30.0
_limit = ContextVar("limit", default=inf)
_asking = ContextVar("asking", default=False)


def require_extra(extra: str, *modules: str, field: str) -> None:
    """Raises :class:`MissingExtraError`, which says what to install, where one of ``modules`` is missing."""
    if not all(_is_there(module) for module in modules):
        raise MissingExtraError(
            field,
            f"this store needs {' and '.join(module.partition('.')[0] for module in modules)}: "
            f'pip install "whatsapp-flow-encryption[{extra}]"',
        )


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


@contextmanager
def unlogged(*loggers: str) -> Iterator[None]:
    """Within it these loggers of a client library say nothing: at the level DEBUG they show private keys and tokens."""
    for name in loggers:
        logging.getLogger(name).addFilter(_is_not_ours)  # once: the logger knows it the next time
    before = _asking.set(True)
    try:
        yield
    finally:
        _asking.reset(before)


def _is_not_ours(_record: logging.LogRecord) -> bool:
    return not _asking.get()


def _is_there(module: str) -> bool:
    try:
        return find_spec(module) is not None
    except ModuleNotFoundError:  # of a parent package
        return False
