"""What is built of a program's values: now where all are known, else an Output."""

from collections.abc import Awaitable, Callable, Mapping, Sequence
from typing import Any

import pulumi


def once_known(build: Callable[..., str], **fields: Any) -> pulumi.Input[str]:
    """``build`` of the fields: a string where every one is known now."""
    if any(waits(value) for value in fields.values()):
        known: pulumi.Output[dict[str, Any]] = pulumi.Output.all(**fields)
        return known.apply(lambda values: build(**values))
    return build(**fields)


def waits(value: Any) -> bool:
    """Whether it, or something in it, is known later only."""
    if isinstance(value, Mapping):
        value = tuple(value.values())
    nested = value if isinstance(value, Sequence) and not isinstance(value, str) else ()
    return isinstance(value, pulumi.Output | Awaitable) or any(waits(item) for item in nested)
