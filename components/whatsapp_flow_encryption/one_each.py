"""A phone number has one key at Meta, so a program has one FlowEncryption for it."""

from weakref import WeakKeyDictionary

import pulumi
from pulumi.runtime.mocks import MockMonitor
from pulumi.runtime.settings import get_monitor, get_root_resource


class _ElsewhereRun(list[pulumi.Resource]):
    """A run of a program in another language, for which the plugin makes these components."""

    __hash__ = object.__hash__  # type: ignore[assignment]  # mypy knows lists as what can't be hashed


_taken: "WeakKeyDictionary[pulumi.Resource | _ElsewhereRun, dict[str, tuple[str, int]]]" = WeakKeyDictionary()
"""By the run of a program: the name and the identity of the FlowEncryption that has a phone number ID."""
_previewed, _made = _ElsewhereRun(), _ElsewhereRun()
"""A plugin serves one engine, which may preview first."""


def refuse_second(name: str, component: pulumi.Resource, phone_number_id: str) -> str:
    """The phone number ID, if no other FlowEncryption of this run of the program has it.

    Two would publish their keys over each other's, and forms would fail.

    Raises:
        pulumi.RunError: another one has it. The engine shows it without a traceback, in the preview already.
    """
    # Under mocks the programs of all unit tests in a process have one stack.
    if isinstance(get_monitor(), MockMonitor):
        return phone_number_id
    first, identity = _taken.setdefault(_run_of(component), {}).setdefault(phone_number_id, (name, id(component)))
    if identity != id(component):
        raise pulumi.RunError(
            f"FlowEncryption {name!r}: phone_number_id: FlowEncryption {first!r} has {phone_number_id} already. A "
            f"phone number has one key at Meta; leave one of the two out"
        )
    return phone_number_id


def _run_of(component: pulumi.Resource) -> "pulumi.Resource | _ElsewhereRun":
    stack = get_root_resource()
    if stack is not None:
        return stack
    elsewhere = _previewed if pulumi.runtime.is_dry_run() else _made
    elsewhere.append(component)  # so that its identity stays its own
    return elsewhere
