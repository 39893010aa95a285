"""A test's program in YAML, with the plugin: the same numbers as the Python one would have, in the same stack."""

import json
import shutil
from collections.abc import Mapping
from typing import Any

from tests.stack.project import Project
from whatsapp_flow_keys.native.version import VERSION
from whatsapp_flow_keys.resources.schema import camel

PLUGIN = "pulumi-resource-whatsapp"
_OUTPUTS = {
    "": "endpointEnv",
    "-keys": "privateKeys",
    "-fingerprint": "fingerprint",
    "-secret-id": "secretId",
    "-rotates-on": "rotatesOn",
    "-signature": "signatureStatus",
    "-live": "liveFingerprint",
}


def install_plugin(project: Project) -> None:
    """As the page says. What is on PATH besides would be taken with a warning."""
    script = shutil.which(PLUGIN, path=project.environment["PATH"])
    assert script
    project.environment["PULUMI_IGNORE_AMBIENT_PLUGINS"] = "true"
    project.succeed("plugin", "install", "resource", "whatsapp", VERSION, "--file", script)


def declare(
    project: Project,
    *numbers: dict[str, Any],
    providers: Mapping[str, Mapping[str, Any]] | None = None,
    **resources: Mapping[str, Any],
) -> None:
    """The numbers that the program has from now on, and their providers, by the arguments of the Python program; and
    other resources."""
    install_plugin(project)
    given = [{"phone_number_id": project.number, **number} for number in numbers or ({},)]
    components = dict(_component(number) for number in given)
    outputs = {f"{name}{end}": f"${{{name}.{output}}}" for name in components for end, output in _OUTPUTS.items()}
    accounts = {name: _provider(given) for name, given in (providers or {}).items()}
    write(project, {**accounts, **components, **resources}, outputs)


def write(project: Project, resources: Mapping[str, Any], outputs: Mapping[str, Any]) -> None:
    """A program of these resources. JSON is YAML, too."""
    parts = "".join(f"{name}: {json.dumps(part)}\n" for name, part in (("resources", resources), ("outputs", outputs)))
    (project.folder / "Pulumi.yaml").write_text(f"name: flows\nruntime: yaml\n{parts}")


def _provider(given: Mapping[str, Any]) -> dict[str, Any]:
    properties = {camel(argument): value for argument, value in given.items()}
    return {"type": "pulumi:providers:whatsapp", "properties": properties, "options": {"version": VERSION}}


def _component(number: dict[str, Any]) -> tuple[str, dict[str, Any]]:
    arguments = {name: value for name, value in number.items() if value is not None}
    name = arguments.pop("name", "line")
    options: dict[str, Any] = {"version": VERSION}
    if provider := arguments.pop("provider", None):
        options["provider"] = f"${{{provider}}}"
    if arguments.get("passphrase") == "generated":
        arguments["generate_passphrase"] = bool(arguments.pop("passphrase"))
    properties = {camel(argument): value for argument, value in arguments.items()}
    return name, {"type": "whatsapp:flows:FlowEncryption", "properties": properties, "options": options}
