"""`show` and `verify` beside the real engine: what an `up` leaves agrees, and what goes wrong has its exit status."""

import shutil
from collections.abc import Mapping
from typing import Any

import pytest
from click.testing import CliRunner

from tests.contract.stores.aws_place import AwsPlace
from tests.contract.stores.place import Place
from tests.contract.stores.vault_place import VaultPlace, policy
from tests.pages import section_to_type
from tests.secret_forms import forms_of, leaks, pem_blocks
from tests.servers.flow_endpoint import FlowEndpoint
from tests.stack.keyboard import type_in
from tests.stack.project import TOKEN, Project
from tests.stack.reference import configure
from whatsapp_flow_endpoint import FlowKeys
from whatsapp_flow_keys.command_line import command
from whatsapp_flow_keys.key_source import KeySource
from whatsapp_flow_keys.keys import PrivateKey


@pytest.fixture(params=["stack", "stack and file", "file", "vault", "aws"])
def lived(request: pytest.FixtureRequest, project: Project, monkeypatch: pytest.MonkeyPatch) -> Project:
    """A number with one rotation behind it, whose keys are in the stack or a store."""
    backup = project.path("backup.json").as_uri()
    every: dict[str, dict[str, Any]] = {
        "stack": {},
        "stack and file": {"backups": [backup]},
        "file": {"store": project.path("ring.json").as_uri(), "backups": [backup], "passphrase": "generated"},
        "vault": {"backups": [backup], "passphrase": "generated"},
        "aws": {"backups": [backup]},
    }
    arguments = every[request.param]
    place: Place | None = None
    if request.param == "vault":
        server = request.getfixturevalue("openbao")
        place = VaultPlace(server, monkeypatch)
        project.environment |= server.environment
        monkeypatch.setenv("VAULT_TOKEN", server.token_for(policy("For the endpoint")))
    if request.param == "aws":
        server = request.getfixturevalue("secrets_manager")
        place = AwsPlace(server, monkeypatch)
        project.environment |= server.environment
    if place is not None:
        arguments["store"] = place.url
    project.declare(arguments)
    project.up()
    project.declare({**arguments, "rotation_trigger": "two"})
    project.up()
    return project


def run(project: Project, *words: str, **more: str) -> tuple[int, str]:
    """A command in the environment of the endpoint, with the stack's token; the stack's backup is named beside it."""
    outputs = project.outputs()["line"]
    backup = project.path("backup.json")
    if outputs["WHATSAPP_FLOW_KEYS"].startswith("wfk1.") and backup.exists():
        words = (*words, "--store", "stack", "--store", backup.as_uri())
    environment = {
        **outputs,
        "WHATSAPP_ACCESS_TOKEN": TOKEN,
        "WHATSAPP_GRAPH_URL": project.emulator.url,
        "WHATSAPP_APP_SECRET": "",
        **more,
    }
    result = CliRunner().invoke(command, words, env=environment)
    return result.exit_code, result.output


def test_after_an_up_all_agree_and_after_drift_until_the_next(lived: Project) -> None:
    environment = lived.outputs()["line"]
    with FlowEndpoint(lambda: list(FlowKeys.from_env(environment).keys)) as endpoint:
        status, output = run(lived, "verify", "--endpoint", endpoint.url)
        assert status == 0, output
        assert f"Meta: serves key {lived.served()}" in output
        status, shown = run(lived, "show")
        assert status == 0, shown
        assert f"Meta serves {lived.served()}, VALID: the current key" in shown

        lived.emulator.reregister(lived.number)
        status, output = run(lived, "verify")
        assert (status, "CRITICAL  Meta: signature status MISMATCH" in output) == (2, True), output

        lived.emulator.set_key(lived.number, PrivateKey.generate().public_key_pem)
        status, output = run(lived, "verify", "--endpoint", endpoint.url)
        assert (status, "does not hold the private key of what Meta serves" in output) == (2, True), output
        assert "answered 421" in output

        lived.up("--refresh")
        status, output = run(lived, "verify", "--endpoint", endpoint.url)
        assert status == 0, output
    assert leaks(output + shown, secrets_of(environment)) == set()


def secrets_of(environment: Mapping[str, str]) -> set[str]:
    """The forms of every private key, the passphrase, the token."""
    passphrase = environment.get("WHATSAPP_FLOW_PASSPHRASE")
    with pytest.MonkeyPatch.context() as patch:
        for name, value in environment.items():
            patch.setenv(name, value)
        bundle = KeySource.from_env().read().private_keys
    keys = [PrivateKey.from_pem(block, passphrase) for block in pem_blocks(bundle)]
    assert len(keys) == 2
    found = set().union(*(forms_of(key.to_pem()) for key in keys)) | {TOKEN}
    return found | ({passphrase} if passphrase else set())


@pytest.fixture
def filed(project: Project) -> Project:
    """A number whose keys are in a file, with a backup."""
    project.declare({"store": project.path("ring.json").as_uri(), "backups": [project.path("backup.json").as_uri()]})
    project.up()
    return project


def test_a_lost_store_is_a_warning_until_the_next_up(filed: Project) -> None:
    filed.path("ring.json").unlink()
    status, output = run(filed, "verify")
    assert (status, "ring.json: there is no key ring" in output) == (1, True), output
    filed.up("--refresh")
    assert run(filed, "verify")[0] == 0


def test_a_lost_store_and_backup_are_critical(filed: Project) -> None:
    filed.path("ring.json").unlink()
    filed.path("backup.json").unlink()
    assert run(filed, "verify")[0] == 2


def test_an_endpoint_of_another_number_is_critical(filed: Project) -> None:
    with FlowEndpoint(lambda: [PrivateKey.generate()]) as endpoint:
        status, output = run(filed, "verify", "--endpoint", endpoint.url)
    assert (status, "answered 421" in output.partition("\n")[0]) == (2, True), output


def test_an_expired_token_is_unknown(filed: Project) -> None:
    status, output = run(filed, "verify", WHATSAPP_ACCESS_TOKEN="EAAexpired")
    assert (status, "set WHATSAPP_ACCESS_TOKEN to a system user's token" in output) == (3, True), output


def test_a_rotation_that_a_deployment_stopped_is_seen(project: Project) -> None:
    store = {"store": project.path("ring.json").as_uri()}
    project.declare(store)
    project.up()
    project.declare({**store, "rotation_trigger": "two", "failing_deploy": True})
    project.failing_up()
    status, output = run(project, "verify")
    assert (status, "is waiting to be published" in output) == (0, True), output
    assert "pending" in run(project, "show")[1]


@pytest.mark.skipif(shutil.which("jq") is None, reason="the page's lines use jq")
def test_the_lines_of_the_page_reach_the_stacks_own_ring(reference: Project) -> None:
    """`endpoint_envs` of the reference stack, in a shell, as docs/command-line.md has it."""
    configure(reference, [{"name": "support-line", "phoneNumberId": reference.number}])
    reference.up()
    (lines,) = section_to_type("docs/command-line.md", "What they look at")
    environment = reference.outputs()["endpoint_envs"]["support-line"]
    with FlowEndpoint(lambda: list(FlowKeys.from_env(environment).keys)) as endpoint:
        printed = type_in(reference, [lines], filled_in={"https://flows.example.com/support": endpoint.url})
    assert f"Meta serves {reference.served()}, VALID: the current key" in printed
    assert "\nOK: " in printed
