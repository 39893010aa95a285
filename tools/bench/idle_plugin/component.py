"""Stands for a FlowEncryption: the same resources, in the same order."""

from collections.abc import Mapping
from typing import Any

import pulumi
from pulumi.provider import ConstructResult, Provider

from tools.bench.idle_plugin.template import CREATED, Props, recorded

VERSION = "0.1.0"


class _Idle(pulumi.CustomResource):
    def __init__(self, kind: str, name: str, inputs: Props, options: pulumi.ResourceOptions) -> None:
        outputs, own = dict.fromkeys(recorded(kind, CREATED)["outputs"]), pulumi.ResourceOptions(version=VERSION)
        merged = pulumi.ResourceOptions.merge(own, options)
        super().__init__(f"whatsapp:flows:{kind}", name, {**outputs, **inputs}, merged)

    def __getattr__(self, name: str) -> Any:
        """None for an output that the template hasn't."""
        if name.startswith("_"):
            raise AttributeError(name)
        return None


class _Number(pulumi.ComponentResource):
    def __init__(self, name: str, given: Mapping[str, Any], opts: pulumi.ResourceOptions | None) -> None:
        super().__init__("whatsapp:flows:FlowEncryption", name, None, opts)
        stack = f"{pulumi.get_organization()}/{pulumi.get_project()}/{pulumi.get_stack()}"
        number = {"phoneNumberId": given["phoneNumberId"], "managedBy": stack}
        in_stack = given["store"] == "stack"
        under = pulumi.ResourceOptions(parent=self)
        own = {"store": given["store"], "rotationTrigger": given["rotationTrigger"]}
        self.key = _Idle("EncryptionKey", name, {**number, **own, "storedRing": not in_stack or None}, under)
        of_key = {"keyId": self.key.id, "locations": self.key.locations}
        if in_stack:
            live = {name: getattr(self.key, name) for name in ("fingerprint", "issuedOn", "privateKey")}
            ring = _Idle("KeyRing", name, {**number, "keyId": self.key.id, **live}, under)
            of_ring = {"ring": ring.ring, "locations": ring.locations}
        else:
            ring = _Idle("StoredKeyRing", name, {**number, **of_key, "store": given["store"]}, under)
            of_ring = {"formerPassphrases": self.key.formerPassphrases}
        registration = {**number, **of_key, **of_ring, "store": given["store"], "fingerprint": self.key.fingerprint}
        after = pulumi.ResourceOptions(parent=self, depends_on=[ring])
        _Idle("KeyRegistration", name, registration, after)
        template = recorded("FlowEncryption", CREATED)["outputs"]
        self.outputs = {**template, "fingerprint": self.key.fingerprint}
        self.register_outputs(self.outputs)


class Components(Provider):
    """What Pulumi's SDK asks for the component."""

    def __init__(self) -> None:
        super().__init__(VERSION)

    def construct(
        self, name: str, resource_type: str, inputs: Mapping[str, Any], options: pulumi.ResourceOptions | None = None
    ) -> ConstructResult:
        """Makes one."""
        number = _Number(name, inputs, options)
        return ConstructResult(number.urn, number.outputs)
