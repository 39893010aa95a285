"""What docs/native-provider.md and the example in YAML show, as a person types it."""

import json
import re

import pytest
import yaml

from tests.pages import ROOT, command_to_type, fenced, section_to_type
from tests.stack.keyboard import type_in
from tests.stack.native.test_components import endpoint
from tests.stack.project import STACK, TOKEN, Project, file_ring, on_file
from whatsapp_flow_keys.ring import Role

PAGE = "docs/native-provider.md"
NUMBER, STORE = "106540352242922", "hashivault:///flows/line"
ANSWERS = {"whatsapp:accessToken": TOKEN}


@pytest.fixture
def newcomer(project: Project) -> Project:
    """Somebody whose token is in no environment, and who has the plugin on PATH only."""
    del project.environment["WHATSAPP_ACCESS_TOKEN"]
    return project


def program(project: Project, text: str) -> None:
    written = text.replace(NUMBER, project.number)
    (project.folder / "Pulumi.yaml").write_text(written)


def test_the_plugin_is_installed_and_the_first_program_runs(newcomer: Project) -> None:
    type_in(newcomer, [command_to_type("docs/native-provider.md", "pulumi plugin install")])
    newcomer.environment["PULUMI_IGNORE_AMBIENT_PLUGINS"] = "true"
    program(newcomer, fenced(PAGE, "yaml")[0])
    printed = type_in(newcomer, section_to_type("docs/native-provider.md", "A first number"), answers=ANSWERS)
    assert "using pulumi-resource-whatsapp from $PATH" not in printed
    assert newcomer.opens_a_form("endpointEnv")


def test_a_script_on_path_is_taken_with_a_warning(project: Project) -> None:
    program(project, fenced(PAGE, "yaml")[0])
    project.succeed("stack", "init", project.stack)
    assert "using pulumi-resource-whatsapp from $PATH" in project.succeed("preview")


def test_the_program_that_deploys_in_between_publishes_after_the_deployment(project: Project) -> None:
    shown = yaml.safe_load(fenced(PAGE, "yaml")[1].replace(NUMBER, project.number))
    assert shown["resources"]["endpoint"]["properties"]["environment"]["variables"] == "${line.endpointEnv}"
    assert shown["resources"]["live"]["properties"]["deployed"] == ["${endpoint.arn}"]
    shown["resources"]["live"]["properties"]["deployed"] = ["${endpoint.id}"]
    project.environment["PULUMI_IGNORE_AMBIENT_PLUGINS"] = "true"
    for fails in (True, False):
        shown["resources"]["endpoint"] = endpoint(project, fails=fails)  # no AWS is here
        (project.folder / "Pulumi.yaml").write_text(yaml.safe_dump(shown, sort_keys=False))
        if fails:
            project.succeed("stack", "init", project.stack)
            project.failing_up()
            assert project.publications() == 0
    project.up()
    assert project.publications() == 1


def test_a_number_is_imported_as_the_page_says(project: Project) -> None:
    number = on_file(project)
    project.declare(number)
    project.up()
    before, python = project.served(), (project.folder / "Pulumi.yaml").read_text()
    project.environment["PULUMI_IGNORE_AMBIENT_PLUGINS"] = "true"
    (project.folder / "Pulumi.yaml").write_text("name: other\nruntime: yaml\n")
    project.succeed("stack", "init", STACK)
    (asked,) = fenced(PAGE, "json")
    (project.folder / "imports.json").write_text(asked.replace(NUMBER, project.number).replace(STORE, number["store"]))
    command = command_to_type("docs/native-provider.md", "pulumi import --file imports.json")
    assert command.endswith(" --protect=false")
    type_in(project, [f"{command} --yes"])
    written = (project.folder / "imported.yaml").read_text()
    (project.folder / "Pulumi.yaml").write_text(f"name: other\nruntime: yaml\n{written}")
    project.succeed("preview", "--expect-no-changes")

    resources = yaml.safe_load(written)["resources"]
    steps = {"keyId": "${key.id}", "fingerprint": "${key.fingerprint}", "locations": "${key.locations}"}
    text = (ROOT / PAGE).read_text()
    assert all(f"`{name}: {value}`" in text for name, value in steps.items())
    for resource in resources.values():
        given = resource["properties"]
        given |= {name: value for name, value in steps.items() if name in given}
        given["managedBy"] = f"organization/other/{project.stack}"
    (project.folder / "Pulumi.yaml").write_text(
        yaml.safe_dump({"name": "other", "runtime": "yaml", "resources": resources}, sort_keys=False)
    )
    project.emulator.clear_requests()
    project.up()
    assert project.publications() == 0
    assert json.loads(project.path("ring.json").read_text())["managed_by"] == f"organization/other/{project.stack}"

    (project.folder / "Pulumi.yaml").write_text(python)
    (project.folder / "program.json").write_text(json.dumps({"numbers": []}))
    project.up()
    assert not project.resources("EncryptionKey")
    assert file_ring(project) == {Role.CURRENT: before}, "the other stack leaves it alone"

    resources["key"]["properties"]["rotationTrigger"] = "two"
    (project.folder / "Pulumi.yaml").write_text(
        yaml.safe_dump({"name": "other", "runtime": "yaml", "resources": resources}, sort_keys=False)
    )
    project.up()
    assert project.served() != before


def test_the_example_runs_and_rotates(newcomer: Project) -> None:
    (newcomer.folder / "Pulumi.yaml").write_text((ROOT / "examples" / "yaml-stack" / "Pulumi.yaml").read_text())
    newcomer.environment["PULUMI_IGNORE_AMBIENT_PLUGINS"] = "true"
    typed = {"answers": ANSWERS, "filled_in": {NUMBER: newcomer.number}}
    type_in(newcomer, section_to_type("examples/yaml-stack/README.md", "Run"), **typed)
    first = newcomer.served()
    printed = type_in(newcomer, section_to_type("examples/yaml-stack/README.md", "Rotate"), **typed)
    (shown,) = re.findall(r"`(~ rotationTrigger: [^`]+)`", (ROOT / "examples/yaml-stack/README.md").read_text())
    assert shown in printed
    assert newcomer.served() != first
