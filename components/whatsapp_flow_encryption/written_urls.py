"""URLs that are written of what a program gives, any of which may be an Output."""

from collections.abc import Awaitable, Callable, Mapping, Sequence
from typing import Any

import pulumi


def written_url(write: Callable[..., str], **fields: Any) -> pulumi.Input[str]:
    """What ``write`` makes of the fields: a string where every one is known now, else an Output."""
    if any(waits(value) for value in fields.values()):
        known: pulumi.Output[dict[str, Any]] = pulumi.Output.all(**fields)
        return known.apply(lambda values: write(**values))
    return write(**fields)


def given_url(given: Any, complete: Callable[[str], str], argument: str) -> pulumi.Input[str]:
    """The URL of a store, a custody or a registrar, or the complete URL, where what was given is a URL itself.

    Of anything else the name of its type, which the provider's check refuses. Raises :class:`pulumi.RunError`, which
    names the ``argument``, where a class was given in place of one of its values.
    """
    if isinstance(given, str | pulumi.Output | Awaitable):
        return written_url(lambda url: complete("" if url is None else str(url)), url=given)
    if isinstance(given, type):
        raise pulumi.RunError(f"{argument}: {given.__name__} is a class; give a {argument}, as in {given.__name__}(…)")
    url: pulumi.Input[str] = given.url if hasattr(type(given), "url") else type(given).__name__
    return url


def waits(value: Any) -> bool:
    """Whether a value, or a part of it, is known later only."""
    if isinstance(value, Mapping):
        value = tuple(value.values())
    nested = value if isinstance(value, Sequence) and not isinstance(value, str) else ()
    return isinstance(value, pulumi.Output | Awaitable) or any(waits(item) for item in nested)
