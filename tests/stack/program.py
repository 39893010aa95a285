"""The Pulumi program of the engine tests: FlowEncryptions as `program.json` beside it says."""

import json
from pathlib import Path
from typing import Any

import pulumi
from pulumi.dynamic import CreateResult, Resource, ResourceProvider, UpdateResult

import whatsapp_flow_encryption
from whatsapp_flow_encryption import (
    FlowEncryption,
    GeneratedPassphrase,
    SharedDeployment,
    StagedKeys,
    WhatsAppProvider,
    shared_endpoint_env,
)


class RefusingProvider(ResourceProvider):
    """Stands for a deployment of the endpoint that fails."""

    def create(self, props: dict[str, Any]) -> CreateResult:
        raise RuntimeError("the endpoint could not be deployed")


class AcceptingProvider(ResourceProvider):
    """Stands for a deployment of the endpoint."""

    def create(self, props: dict[str, Any]) -> CreateResult:
        return CreateResult("endpoint", props)


class PlatformProvider(ResourceProvider):
    """Deploys a real endpoint to the platform of the test, at each change of its environment."""

    def create(self, props: dict[str, Any]) -> CreateResult:
        import requests

        requests.put(props["platform"], json=props["environment"], timeout=120).raise_for_status()
        return CreateResult("endpoint", props)

    def update(self, _id: str, _olds: dict[str, Any], news: dict[str, Any]) -> UpdateResult:
        return UpdateResult(self.create(news).outs)


class Endpoint(Resource, name="Endpoint"):
    """An endpoint that holds the staged keys."""


def deploy(staged: StagedKeys) -> list[pulumi.Resource]:
    """An endpoint deployment that takes the staged keys, and fails."""
    return [Endpoint(RefusingProvider(), "endpoint", {"fingerprint": staged.fingerprint})]


def store_of(given: Any) -> Any:
    """A store or a registrar by its URL, or `{"class": …}` with its arguments; `{"made": text}` is known later."""
    if isinstance(given, str):
        return given
    if "made" in given:
        return made(given)
    arguments = dict(given)
    kind = getattr(whatsapp_flow_encryption, arguments.pop("class"))
    return kind(**{name: made(value) if isinstance(value, dict) else value for name, value in arguments.items()})


def made(value: dict[str, Any]) -> Any:
    if "made" not in value:
        return value
    import pulumi_random

    return pulumi_random.RandomShuffle("made", inputs=[value["made"]], result_count=1).results[0]


def deploy_well(staged: StagedKeys) -> list[pulumi.Resource]:
    """An endpoint deployment that takes the staged keys."""
    return [Endpoint(AcceptingProvider(), "endpoint", {"fingerprint": staged.fingerprint})]


spec = json.loads(Path("program.json").read_text())


def deployed(environment: pulumi.Output[dict[str, str]], opts: pulumi.ResourceOptions | None = None) -> Endpoint:
    """A real endpoint, with this environment, on the platform of the test."""
    return Endpoint(PlatformProvider(), "live", {"platform": spec["platform"], "environment": environment}, opts)


providers = {name: WhatsAppProvider(name, **arguments) for name, arguments in spec.get("providers", {}).items()}


def declare(entry: dict[str, Any], shared: SharedDeployment) -> None:
    """One number, and what the stack exports of it."""
    arguments = dict(entry)
    name = arguments.pop("name", "line")
    aliases = [pulumi.Alias(name=former) for former in [arguments.pop("alias", None)] if former]
    options = pulumi.ResourceOptions(provider=providers.get(arguments.pop("provider", None)), aliases=aliases)
    if "store" in arguments:
        arguments["store"] = store_of(arguments["store"])
    if "custody" in arguments:
        arguments["custody"] = store_of(arguments["custody"])
    if isinstance(arguments.get("registrar"), dict):
        arguments["registrar"] = store_of(arguments["registrar"])
    if "backups" in arguments:
        arguments["backups"] = [store_of(given) for given in arguments["backups"]]
    if arguments.pop("failing_deploy", False):
        arguments["deploy"] = deploy
    if arguments.get("deploy") is True:
        arguments["deploy"] = deploy_well
    if arguments.get("deploy") == "platform":
        arguments["deploy"] = lambda staged: [deployed(staged.endpoint_env)]
    if arguments.get("deploy") == "shared":
        arguments["deploy"] = shared
    deploy_too_late = arguments.pop("deploy_too_late", False)
    if arguments.get("passphrase") == "generated":
        arguments["passphrase"] = GeneratedPassphrase()
    number = FlowEncryption(name, **arguments, opts=options)
    if deploy_too_late:  # the mistake: an endpoint that waits for the registration
        deployed(number.endpoint_env, pulumi.ResourceOptions(depends_on=[number]))
    pulumi.export(name, number.endpoint_env)
    pulumi.export(f"{name}-keys", number.private_keys)
    pulumi.export(f"{name}-fingerprint", number.fingerprint)
    pulumi.export(f"{name}-secret-id", number.secret_id)
    pulumi.export(f"{name}-rotates-on", number.rotates_on)
    if spec.get("exports", "all") == "all":  # each of these waits for the registration
        pulumi.export(f"{name}-signature", number.signature_status)
        pulumi.export(f"{name}-live", number.live_fingerprint)


with SharedDeployment(lambda numbers: deployed(shared_endpoint_env(numbers))) as together:
    for each in spec["numbers"]:
        declare(each, together)
