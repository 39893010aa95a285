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


def given_url(given: Any, complete: Callable[[str], str]) -> pulumi.Input[str] | None:
    """The complete URL, where what was given is a URL itself; None where it is something else."""
    if not isinstance(given, str | pulumi.Output | Awaitable):
        return None
    return written_url(lambda url: complete("" if url is None else str(url)), url=given)


def waits(value: Any) -> bool:
    """Whether a value, or a part of it, is known later only."""
    if isinstance(value, Mapping):
        value = tuple(value.values())
    nested = value if isinstance(value, Sequence) and not isinstance(value, str) else ()
    return isinstance(value, pulumi.Output | Awaitable) or any(waits(item) for item in nested)
