"""What the preview of a number that is new to the stack can't know: whether Meta has a key for it."""

from typing import Any
from weakref import WeakSet

import pulumi
from pulumi.output import Unknown
from pulumi.runtime.settings import get_root_resource

_told: "WeakSet[pulumi.Resource]" = WeakSet()
"""The stacks of the runs of a program that have shown it: many numbers need it once."""


def tell_what_meta_is_asked(registration_id: pulumi.Output[str]) -> None:
    """In a preview in which the registration isn't there yet, shows what `pulumi up` does first."""
    if pulumi.runtime.is_dry_run():
        registration_id.apply(_tell, run_with_unknowns=True)


def _tell(registration_id: Any) -> None:
    stack = get_root_resource()
    if not isinstance(registration_id, Unknown) or stack in _told:
        return
    if stack is not None:
        _told.add(stack)
    print(
        "A preview can't ask Meta whether a new number already has a key. `pulumi up` asks before it publishes: if "
        "there is one, it changes nothing and says how to adopt it or take over"
    )
