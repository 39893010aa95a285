"""A test's program in YAML, TypeScript or Go, with the plugin: the same numbers as the Python one would have, in the
same stack."""

import json
import shutil
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from tests.stack.project import Project
from tools.checkout import Checkout
from tools.toolchain.language_hosts import GO_PROGRAM
from tools.toolchain.programs import GO, TYPESCRIPT, built_program
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


@dataclass(frozen=True)
class Program:
    """The program of a project, in one language."""

    project: Project
    language: str

    def declare(self, *numbers: dict[str, Any]) -> None:
        """The numbers that it has from now on, by the arguments of the Python program."""
        if self.language == "YAML":
            return declare(self.project, *numbers)
        found = _components(self.project, numbers)
        return self._write({"numbers": [{"name": name, **component["properties"]} for name, component in found]})

    def declare_import(self, **given: str) -> None:
        """The three resources of one number in a store; with an ``id`` they are imported."""
        self._write({"numbers": [], "imported": given})

    def _write(self, wanted: Mapping[str, Any]) -> None:
        install_plugin(self.project)
        (self.project.folder / "program.json").write_text(json.dumps(wanted))
        runtime = json.dumps(_RUNTIMES[self.language](self.project))
        (self.project.folder / "Pulumi.yaml").write_text(f"name: flows\nruntime: {runtime}\n")


def _typescript(project: Project) -> Mapping[str, Any]:
    """Compiled ahead: Pulumi would compile it in each run."""
    built = built_program(Checkout.this(), TYPESCRIPT)
    assert built
    shutil.copy(built / "package.json", project.folder)
    shutil.copytree(built / "bin", project.folder / "bin", dirs_exist_ok=True)
    modules = project.folder / "node_modules"
    if not modules.exists():
        modules.symlink_to(built / "node_modules")
    return {"name": "nodejs", "options": {"typescript": False}}


def _go(project: Project) -> Mapping[str, Any]:
    """Compiled ahead, too: said to a current language host by the option, to the one built here by the variable."""
    built = built_program(Checkout.this(), GO)
    program = str(built and built / "flows")
    project.environment[GO_PROGRAM] = program
    return {"name": "go", "options": {"binary": program}}


_RUNTIMES: Mapping[str, Callable[[Project], Mapping[str, Any]]] = {"TypeScript": _typescript, "Go": _go}
LANGUAGES = ("YAML", *_RUNTIMES)


def declare(
    project: Project,
    *numbers: dict[str, Any],
    providers: Mapping[str, Mapping[str, Any]] | None = None,
    **resources: Mapping[str, Any],
) -> None:
    """The numbers that the program has from now on, and their providers, by the arguments of the Python program; and
    other resources."""
    install_plugin(project)
    components = dict(_components(project, numbers))
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


def _components(project: Project, numbers: Sequence[dict[str, Any]]) -> list[tuple[str, dict[str, Any]]]:
    return [_component({"phone_number_id": project.number, **number}) for number in numbers or ({},)]


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
