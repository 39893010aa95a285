"""The Pulumi program of the engine tests: FlowEncryptions as `program.json` beside it says."""

import json
from pathlib import Path
from typing import Any

import pulumi
from pulumi.dynamic import CreateResult, Resource, ResourceProvider

from whatsapp_flow_encryption import FlowEncryption, GeneratedPassphrase, StagedKeys, WhatsAppProvider
from whatsapp_flow_encryption.numbers import parse_store


class RefusingProvider(ResourceProvider):
    """Stands for a deployment of the endpoint that fails."""

    def create(self, props: dict[str, Any]) -> CreateResult:
        raise RuntimeError("the endpoint could not be deployed")


class Endpoint(Resource, name="Endpoint"):
    """An endpoint that holds the staged keys."""


def deploy(staged: StagedKeys) -> list[pulumi.Resource]:
    """An endpoint deployment that takes the staged keys, and fails."""
    return [Endpoint(RefusingProvider(), "endpoint", {"fingerprint": staged.fingerprint})]


spec = json.loads(Path("program.json").read_text())

providers = {name: WhatsAppProvider(name, **arguments) for name, arguments in spec.get("providers", {}).items()}

for entry in spec["numbers"]:
    arguments = dict(entry)
    name = arguments.pop("name", "line")
    options = pulumi.ResourceOptions(provider=providers.get(arguments.pop("provider", None)))
    if "store" in arguments:
        arguments["store"] = parse_store(arguments["store"], "store")
    if "backups" in arguments:
        arguments["backups"] = [parse_store(url, "backups") for url in arguments["backups"]]
    if arguments.pop("failing_deploy", False):
        arguments["deploy"] = deploy
    if arguments.get("passphrase") == "generated":
        arguments["passphrase"] = GeneratedPassphrase()
    number = FlowEncryption(name, **arguments, opts=options)
    pulumi.export(name, number.endpoint_env)
    pulumi.export(f"{name}-keys", number.private_keys)
    pulumi.export(f"{name}-fingerprint", number.fingerprint)
    pulumi.export(f"{name}-rotates-on", number.rotates_on)
    pulumi.export(f"{name}-signature", number.signature_status)
