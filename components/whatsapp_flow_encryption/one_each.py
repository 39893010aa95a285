"""A phone number has one key at Meta, so a program has one FlowEncryption for it."""

from weakref import WeakKeyDictionary

import pulumi
from pulumi.runtime.mocks import MockMonitor
from pulumi.runtime.settings import get_monitor, get_root_resource

_taken: "WeakKeyDictionary[pulumi.Resource, dict[str, tuple[str, int]]]" = WeakKeyDictionary()
"""By the stack of a program's run: the name and the identity of the FlowEncryption that has a phone number ID."""


def refuse_second(name: str, component: pulumi.Resource, phone_number_id: str) -> str:
    """The phone number ID, if no other FlowEncryption of this run of the program has it.

    Two would publish their keys over each other's, and forms would fail.

    Raises:
        pulumi.RunError: another one has it. The engine shows it without a traceback, in the preview already.
    """
    stack = get_root_resource()
    # Under mocks the programs of all unit tests in a process have one stack.
    if stack is None or isinstance(get_monitor(), MockMonitor):
        return phone_number_id
    first, identity = _taken.setdefault(stack, {}).setdefault(phone_number_id, (name, id(component)))
    if identity != id(component):
        raise pulumi.RunError(
            f"FlowEncryption {name!r}: phone_number_id: FlowEncryption {first!r} has {phone_number_id} already. A "
            f"phone number has one key at Meta; leave one of the two out"
        )
    return phone_number_id
