"""examples/aws-lambda run by the real engine: Secrets Manager is moto's, the rest of AWS a stand-in of our own."""

import json
import os
import shutil
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

import pytest

from tests.forms import APP_SECRET
from tests.pages import command_to_type, section_to_type
from tests.servers.aws_provider import AwsProvider, aws_provider
from tests.servers.secrets_manager import REGION, SecretsManager
from tests.stack.keyboard import type_in
from tests.stack.project import TOKEN, Project, stored_text
from tools.checkout import Checkout
from whatsapp_graph_emulator import Emulator
from whatsapp_graph_emulator.flow_client import FlowClient

pytestmark = pytest.mark.xdist_group("examples")

NUMBER = "106540352249999"


@pytest.fixture(scope="module")
def aws(secrets_manager: SecretsManager) -> Iterator[tuple[AwsProvider, dict[str, str]]]:
    """The provider, and what lets the engine and the key's stores reach what stands in for AWS."""
    with pytest.MonkeyPatch.context() as process:
        for name in [name for name in os.environ if name.startswith(("AWS_", "WHATSAPP_"))]:
            process.delenv(name)
        for name, value in secrets_manager.environment.items():
            process.setenv(name, value)
        with aws_provider(process.setenv) as (provider, attached):
            yield provider, {**secrets_manager.environment, **attached}


@pytest.fixture(scope="module")
def project(
    aws: tuple[AwsProvider, dict[str, str]], emulator: Emulator, python: Path, tmp_path_factory: pytest.TempPathFactory
) -> Project:
    """The example with its first `up` behind it, by the commands of its README."""
    emulator.add_number(NUMBER)
    project = Project(tmp_path_factory.mktemp("example"), emulator, NUMBER, "prod")
    shutil.rmtree(project.folder)
    example = Checkout.this().root / "examples" / "aws-lambda"
    shutil.copytree(example, project.folder, ignore=shutil.ignore_patterns("tests", "venv", "layer"))
    (project.folder / "layer" / "python" / "whatsapp_flow_endpoint").mkdir(parents=True)
    (project.folder / "venv").symlink_to(python.parent.parent)
    # A language host that was built from modules takes the first Python on PATH.
    search_path = os.pathsep.join([str(python.parent), project.environment["PATH"]])
    project.environment |= {**aws[1], "PATH": search_path}
    type_in(
        project,
        section_to_type("examples/aws-lambda/README.md", "Run it", block=1, without="pulumi install"),
        answers={"whatsapp:accessToken": TOKEN, "whatsapp:appSecret": APP_SECRET},
        filled_in={"eu-west-1": REGION, "106540352242922": NUMBER},
    )
    return project


def filled_in(device: FlowClient) -> Mapping[str, Any] | None:
    """What a person gets who fills in the form."""
    opened = device.open_flow("a-form").answer
    assert opened is not None
    day = opened["data"]["days"][0]["id"]
    return device.submit("DAY", {"day": day}, flow_token="a-form").answer


def test_a_rotation_deploys_nothing_and_no_form_fails(
    project: Project, aws: tuple[AwsProvider, dict[str, str]], emulator: Emulator
) -> None:
    url, before = project.outputs()["url"], project.served()
    device = emulator.flow_client(NUMBER, url, app_secret=APP_SECRET)
    done = filled_in(device)
    assert done is not None
    assert done["screen"] == "SUCCESS"

    project.issue_on("2026-01-01")
    project.up()
    assert project.served() == project.outputs()["fingerprint"] != before
    for each in (device, emulator.flow_client(NUMBER, url, app_secret=APP_SECRET)):
        assert filled_in(each) == done
    assert aws[0].deployments == 1


def test_a_second_up_has_nothing_to_do(project: Project) -> None:
    project.succeed("preview", "--expect-no-changes")


def test_the_stack_hands_out_its_policy_as_json(project: Project) -> None:
    type_in(project, [command_to_type("examples/aws-lambda/README.md", "pulumi stack output stack_policy")])
    policy = json.loads((project.folder / "policy.json").read_text())
    assert [statement["Sid"] for statement in policy["Statement"]] == ["KeyRing"]


def test_no_secret_is_in_the_state(project: Project) -> None:
    state = stored_text(project.backend)
    assert "support-line" in state
    (key,) = project.resources("EncryptionKey")
    passphrase = os.environ["WHATSAPP_FLOW_PASSPHRASE"]
    assert key["inputs"]["passphrase"] != passphrase
    for hidden in (passphrase, APP_SECRET, TOKEN, "PRIVATE KEY"):
        assert hidden not in state
