"""The client libraries that are extras of this distribution: what to install, and how their logs are silenced."""

import logging
from collections.abc import Iterator
from contextlib import contextmanager
from contextvars import ContextVar
from importlib.util import find_spec

from whatsapp_flow_keys.errors import MissingExtraError

_asking = ContextVar("asking", default=False)


def require_extra(extra: str, *modules: str, field: str, what: str = "store") -> None:
    """Raises :class:`MissingExtraError`, which says what to install, where one of ``modules`` is missing.

    ``what`` needs them, as in ``store``.
    """
    if not all(_is_there(module) for module in modules):
        raise MissingExtraError(
            field,
            f"this {what} needs {' and '.join(module.partition('.')[0] for module in modules)}: "
            f'pip install "whatsapp-flow-encryption[{extra}]"',
        )


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
