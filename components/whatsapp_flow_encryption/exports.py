"""What a stack exports of its numbers, when an `up` goes on after the failure of one.

With ``--continue-on-error`` an output of a resource that failed is unknown, and would be exported as such over what the
stack held before. Another stack that deploys an endpoint from it would take its keys away.
"""

from collections.abc import Mapping
from typing import Any, TypeVar

import pulumi

from whatsapp_flow_keys.dynamic.wire import is_known

_T = TypeVar("_T")


def unless_failed(output: pulumi.Output[_T]) -> pulumi.Output[_T | None]:
    """For :func:`pulumi.export`: the value; where it comes of a failure, the stack keeps the output that it had."""
    if pulumi.runtime.is_dry_run():
        return output
    # The engine keeps the outputs that a failed run doesn't export, and None is not exported.
    return output.apply(lambda value: value if is_known(value) else None, run_with_unknowns=True)


def all_but_failed(outputs: Mapping[str, pulumi.Output[Any]]) -> pulumi.Input[Mapping[str, Any]]:
    """For :func:`pulumi.export`: outputs by number; those that come of a failure are left out of the mapping."""
    if pulumi.runtime.is_dry_run():
        return outputs
    known: pulumi.Output[dict[str, bool]] = pulumi.Output.all(
        **{
            name: pulumi.Output.unsecret(output.apply(is_known, run_with_unknowns=True))
            for name, output in outputs.items()
        }
    )
    return known.apply(lambda found: {name: outputs[name] for name in outputs if found[name]})
