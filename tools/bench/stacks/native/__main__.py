"""One FlowEncryption of the native provider for each phone number, made by the plugin that PATH has first."""

import json
from pathlib import Path

import pulumi


class FlowEncryption(pulumi.ComponentResource):
    """As a generated SDK would have it."""

    fingerprint: pulumi.Output[str]

    def __init__(self, name: str, **given: str) -> None:
        options = pulumi.ResourceOptions(version="0.1.0")
        super().__init__("whatsapp:flows:FlowEncryption", name, {**given, "fingerprint": None}, options, remote=True)


given = json.loads(Path("program.json").read_text())
for at, (number, store) in enumerate(zip(given["numbers"], given["stores"], strict=True)):
    name = f"line-{at:03}"
    encryption = FlowEncryption(name, phoneNumberId=number, store=store, rotationTrigger=given["rotation_trigger"])
    pulumi.export(name, encryption.fingerprint)
