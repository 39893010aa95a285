"""A key's whole life in the stores that delete for good, on the real engine, with the roles of their pages and no more:
a Secret at a real Kubernetes API server, a secret at our own fake of Google Secret Manager.
"""

from collections.abc import Iterator, Mapping
from contextlib import ExitStack
from dataclasses import dataclass
from typing import Any

import pytest
from click.testing import CliRunner

from tests.contract.stores.gcp_place import GcpPlace, gcp_place, permissions
from tests.contract.stores.kubernetes_place import KubernetesPlace
from tests.secret_forms import forms_of, leaks, pem_blocks
from tests.servers.secret_manager import PROJECT
from tests.stack.project import TOKEN, Project, stored_text
from tools.kubernetes import Kubernetes
from whatsapp_flow_keys import document
from whatsapp_flow_keys.command_line import command
from whatsapp_flow_keys.ring import KeyRing, Role
from whatsapp_flow_keys.stores.gcp_secret_manager.connection import EMULATOR


@dataclass(frozen=True)
class Life:
    """A place; ``declared``: as a program composes it; ``stacks``, ``endpoints``: what their environments need."""

    place: KubernetesPlace | GcpPlace
    declared: dict[str, Any]
    stacks: Mapping[str, str]
    endpoints: Mapping[str, str]

    @property
    def ring(self) -> KeyRing:
        return document.load(self.place.content() or "", self.place.url)

    @property
    def roles(self) -> dict[Role, str]:
        return {key.role: key.fingerprint for key in self.ring.keys}


def in_kubernetes(server: Kubernetes, monkeypatch: pytest.MonkeyPatch) -> Life:
    """The context is the kubeconfig's."""
    place = KubernetesPlace(server, monkeypatch)
    declared = {"class": "KubernetesStore", "name": place.secret, "namespace": place.namespace}
    stacks, endpoints = ({"KUBECONFIG": place.kubeconfig_of(f"For the {whom}")} for whom in ("stack", "endpoint"))
    return Life(place, {"store": declared}, stacks, endpoints)


def at_google(place: GcpPlace) -> Life:
    declared = {
        "class": "GcpSecretManagerStore",
        "name": place.secret,
        "project": PROJECT,
        "labels": {"team": "payments"},
    }
    stacks, endpoints = ({EMULATOR: place.way_for(*permissions(f"For the {whom}"))} for whom in ("stack", "endpoint"))
    return Life(place, {"store": declared}, stacks, endpoints)


@pytest.fixture(params=["kubernetes", "google"])
def life(request: pytest.FixtureRequest, project: Project, monkeypatch: pytest.MonkeyPatch) -> Iterator[Life]:
    """The engine has the rights of the stack, and this test's endpoint those of its own."""
    with ExitStack() as rest:
        if request.param == "google":
            life = at_google(rest.enter_context(gcp_place(monkeypatch)))
        else:
            life = in_kubernetes(request.getfixturevalue("kubernetes"), monkeypatch)
        project.environment.update(life.stacks)
        for name, value in life.endpoints.items():
            monkeypatch.setenv(name, value)
        yield life


def test_a_key_lives_in_the_secret_and_nowhere_in_the_state(project: Project, life: Life) -> None:
    project.declare({**life.declared})
    printed = project.succeed("up", "--yes", "--diff").output
    first, forms = project.served(), [project.form()]
    assert life.roles == {Role.CURRENT: first}
    project.declare({**life.declared, "rotation_trigger": "two"})
    printed += project.succeed("up", "--yes", "--diff").output
    assert life.roles == {Role.CURRENT: project.served(), Role.PREVIOUS: first}
    assert project.opens(*forms, project.form())
    assert project.outputs()["line"]["WHATSAPP_FLOW_KEYS"] == life.place.url
    secrets = set().union(*(forms_of(pem) for pem in pem_blocks(life.ring.private_keys)))
    shown = project.succeed("stack", "export", "--show-secrets").output
    assert leaks(printed + shown + stored_text(project.backend) + stored_text(project.folder), secrets) == set()
    project.succeed("preview", "--refresh", "--expect-no-changes")


def test_destroy_is_refused_for_the_last_copy_and_with_a_backup_the_number_comes_back(
    project: Project, life: Life
) -> None:
    project.declare({**life.declared})
    project.up()
    old, forms = project.served(), [project.form()]
    assert "Meta serves key" in project.fail("destroy", "--yes", "--skip-preview")
    assert life.roles == {Role.CURRENT: old}
    backed = {**life.declared, "backups": [project.path("backup.json").as_uri()]}
    project.declare(backed)
    project.up()
    project.succeed("destroy", "--yes", "--skip-preview")
    assert life.place.content() is None
    project.up()
    assert life.roles == {Role.CURRENT: project.served(), Role.PREVIOUS: old}
    assert project.opens(*forms, project.form())


def test_a_number_moves_from_the_stack_into_the_store_and_on_to_a_file(project: Project, life: Life) -> None:
    project.declare({})
    project.up()
    forms, file = [project.form()], project.path("ring.json").as_uri()
    for number in (
        {"backups": [life.place.url]},
        {**life.declared, "rotation_trigger": None},
        {**life.declared, "rotation_trigger": "two"},
        {**life.declared, "rotation_trigger": "two", "backups": [file]},
        {"store": file, "rotation_trigger": "two", "backups": [life.place.url]},
    ):
        project.declare(number)
        project.up()
        forms.append(project.form())
        assert project.opens(*forms)
    assert life.roles[Role.CURRENT] == project.served() == project.fingerprint()


def test_a_secret_that_was_lost_is_restored_by_the_command_and_shown_by_others(
    project: Project, life: Life, monkeypatch: pytest.MonkeyPatch
) -> None:
    backup = project.path("backup.json").as_uri()
    project.declare({**life.declared, "backups": [backup]})
    project.up()
    life.place.destroy()
    for name, value in life.stacks.items():
        monkeypatch.setenv(name, value)
    restored = CliRunner().invoke(command, ["restore", "--from", backup, "--to", life.place.url])
    assert restored.exit_code == 0, restored.output
    project.up("--refresh")
    assert life.roles == {Role.CURRENT: project.served()}
    environment = {
        **project.outputs()["line"],
        "WHATSAPP_ACCESS_TOKEN": TOKEN,
        "WHATSAPP_GRAPH_URL": project.emulator.url,
    }
    for verb in ("show", "verify"):
        asked = CliRunner().invoke(command, [verb], env=environment)
        assert asked.exit_code == 0, asked.output
        assert life.place.url in asked.output, asked.output
        assert project.fingerprint() in asked.output, asked.output


def test_another_controllers_secret_stops_the_up_before_anything_is_published(
    project: Project, kubernetes: Kubernetes, monkeypatch: pytest.MonkeyPatch
) -> None:
    life = in_kubernetes(kubernetes, monkeypatch)
    assert isinstance(life.place, KubernetesPlace)
    project.environment.update(life.stacks)
    owner = {"apiVersion": "v1", "kind": "ConfigMap", "name": "theirs", "uid": "1", "controller": True}
    life.place.make({}, metadata={"ownerReferences": [owner]})
    project.declare(life.declared)
    assert f"{life.place.url}: belongs to the ConfigMap theirs" in project.failing_up()
    assert project.publications() == 0
    assert life.place.fields() == {}
