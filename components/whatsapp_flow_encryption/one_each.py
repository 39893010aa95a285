"""A phone number has one key at Meta, so a program has one FlowEncryption for it."""

from weakref import WeakKeyDictionary

import pulumi
from pulumi.runtime.mocks import MockMonitor
from pulumi.runtime.settings import get_monitor, get_root_resource

_Taken = dict[str, tuple[str, int]]
_taken: "WeakKeyDictionary[pulumi.Resource, _Taken]" = WeakKeyDictionary()
"""By the stack of a program's run: the name and the identity of the FlowEncryption that has a phone number ID."""
_taken_elsewhere: dict[bool, _Taken] = {True: {}, False: {}}
"""The same of a program in another language, for which a plugin makes these components, by whether it is a preview."""
_made_elsewhere: list[pulumi.Resource] = []
"""They stay, so that their identities are their own. A plugin lives as long as one run of the engine."""


def refuse_second(name: str, component: pulumi.Resource, phone_number_id: str) -> str:
    """The phone number ID, if no other FlowEncryption of this run of the program has it.

    Two would publish their keys over each other's, and forms would fail.

    Raises:
        pulumi.RunError: another one has it. The engine shows it without a traceback, in the preview already.
    """
    # Under mocks the programs of all unit tests in a process have one stack.
    if isinstance(get_monitor(), MockMonitor):
        return phone_number_id
    first, identity = _taken_beside(component).setdefault(phone_number_id, (name, id(component)))
    if identity != id(component):
        raise pulumi.RunError(
            f"FlowEncryption {name!r}: phone_number_id: FlowEncryption {first!r} has {phone_number_id} already. A "
            f"phone number has one key at Meta; leave one of the two out"
        )
    return phone_number_id


def _taken_beside(component: pulumi.Resource) -> _Taken:
    stack = get_root_resource()
    if stack is not None:
        return _taken.setdefault(stack, {})
    _made_elsewhere.append(component)
    return _taken_elsewhere[pulumi.runtime.is_dry_run()]
