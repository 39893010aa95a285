"""What a person sees where a provider fails: one sentence, without a traceback, which could hold a secret."""

import functools
import os
import sys
from collections.abc import Callable, Sequence
from typing import Any, TypeVar

from whatsapp_flow_keys.resources.told import TRACEBACKS, told

_F = TypeVar("_F", bound=Callable[..., Any])


def silence_tracebacks() -> None:
    """For the rest of this process, unless a person asked for them."""
    if not os.environ.get(TRACEBACKS):
        sys.tracebacklimit = 0


def in_one_sentence(method: _F) -> _F:
    """A provider's method that ends in one sentence when it fails, which names the phone number, and the account where
    its provider bears a name."""

    @functools.wraps(method)
    def wrapper(provider: Any, *args: Any) -> Any:
        if os.environ.get(TRACEBACKS):
            return method(provider, *args)
        try:
            return method(provider, *args)
        except BaseException as error:  # noqa: BLE001 (SystemExit hangs the engine; other texts may hold a secret)
            kind, said = told(error, f"{type(provider).__name__}.{method.__name__}")
            failure = _plain(kind, provider.naming(said, *args))
        raise failure from None

    return wrapper  # type: ignore[return-value]  # functools.wraps keeps the signature, mypy can't see it


def number_in(props: Sequence[Any]) -> str | None:
    """The phone number ID in what the engine gave, newest last."""
    numbers = [given.get("phone_number_id") for given in reversed(props) if isinstance(given, dict)]
    return next((number for number in numbers if isinstance(number, str) and number.isdigit()), None)


def _plain(name: str, text: str) -> Exception:
    """An exception that a traceback shows as ``name: text``, without its module."""
    kind = type(name, (Exception,), {"__module__": "builtins"})
    failure: Exception = kind(text)
    return failure
