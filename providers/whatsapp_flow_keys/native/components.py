"""The components of the package, which are those of a Python program, with this package's resources under them."""

from collections.abc import Mapping
from importlib import import_module
from typing import Any

import pulumi
from pulumi.provider import ConstructResult, Provider

from whatsapp_flow_keys.native.package_schema import COMPONENTS
from whatsapp_flow_keys.native.version import VERSION


class Components(Provider):
    """What Pulumi's SDK asks when a program has a component of this package."""

    def __init__(self) -> None:
        super().__init__(VERSION)

    def construct(
        self, name: str, resource_type: str, inputs: Mapping[str, Any], options: pulumi.ResourceOptions | None = None
    ) -> ConstructResult:
        """Makes one, with what its program gave."""
        construct = import_module(COMPONENTS).construct
        made: ConstructResult = construct(resource_type, name, inputs, options)
        return made

    @staticmethod
    def said(error: Exception) -> str | None:
        """What a component says of its arguments; None where it is another failure, whose text may hold a secret."""
        return str(error) if isinstance(error, pulumi.RunError) else None
