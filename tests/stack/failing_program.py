"""A program whose platform can be made to fail: each number but the first takes something of it."""

import json
from pathlib import Path
from typing import Any

import pulumi
from pulumi.dynamic import CreateResult, Resource, ResourceProvider, UpdateResult

from whatsapp_flow_encryption import FlowEncryption, unless_failed


class PlatformProvider(ResourceProvider):
    """Gives back what it is given, unless it is to fail."""

    def create(self, props: dict[str, Any]) -> CreateResult:
        if props["fails"]:
            raise RuntimeError("the platform is down")
        return CreateResult("platform", props)

    def update(self, _id: str, _olds: dict[str, Any], news: dict[str, Any]) -> UpdateResult:
        return UpdateResult(self.create(news).outs)


class Platform(Resource, name="Platform"):
    """What the numbers are given of: a phone number ID, a store, a URL, a key to adopt."""

    number: pulumi.Output[str]
    store: pulumi.Output[str]
    url: pulumi.Output[str]
    key: pulumi.Output[str]


spec = json.loads(Path("program.json").read_text())
numbers: dict[str, str] = spec["numbers"]
platform = Platform(PlatformProvider(), "platform", spec["platform"])
made = {
    "whole": FlowEncryption("whole", phone_number_id=numbers["whole"], rotation_trigger=spec["trigger"]),
    "numbered": FlowEncryption("numbered", phone_number_id=platform.number),
    "stored": FlowEncryption("stored", phone_number_id=numbers["stored"], store=platform.store),
    "backed": FlowEncryption(
        "backed", phone_number_id=numbers["backed"], backups=[platform.store.apply(lambda store: f"{store}.backup")]
    ),
    "gated": FlowEncryption("gated", phone_number_id=numbers["gated"], endpoint_url=platform.url, endpoint_wait=1),
    "adopted": FlowEncryption(
        "adopted",
        phone_number_id=numbers["adopted"],
        existing_private_key=platform.key,
        existing_passphrase=spec["passphrase"],
    ),
}
for name, encryption in made.items():
    pulumi.export(name, unless_failed(encryption.fingerprint))
