"""A key's whole life in a Kubernetes Secret, on the real engine, with the Roles of the page and no more."""

from typing import Any

import pytest
from click.testing import CliRunner

from tests.contract.stores.kubernetes_place import KubernetesPlace
from tests.secret_forms import forms_of, leaks, pem_blocks
from tests.stack.project import TOKEN, Project, stored_text
from tools.kubernetes import Kubernetes
from whatsapp_flow_keys import document
from whatsapp_flow_keys.command_line import command
from whatsapp_flow_keys.ring import Role


@pytest.fixture
def place(project: Project, kubernetes: Kubernetes, monkeypatch: pytest.MonkeyPatch) -> KubernetesPlace:
    """The engine has the kubeconfig of the stack's service account, and this test's endpoint that of its own."""
    place = KubernetesPlace(kubernetes, monkeypatch)
    project.environment["KUBECONFIG"] = place.kubeconfig_of("For the stack")
    monkeypatch.setenv("KUBECONFIG", place.kubeconfig_of("For the endpoint"))
    return place


def store(place: KubernetesPlace) -> dict[str, Any]:
    """As a program composes it; the context is the kubeconfig's."""
    return {"store": {"class": "KubernetesStore", "name": place.secret, "namespace": place.namespace}}


def roles(place: KubernetesPlace) -> dict[Role, str]:
    ring = document.load(place.content() or "", place.url)
    return {key.role: key.fingerprint for key in ring.keys}


def test_a_key_lives_in_the_secret_and_nowhere_in_the_state(project: Project, place: KubernetesPlace) -> None:
    project.declare(store(place))
    printed = project.succeed("up", "--yes", "--diff").output
    first, forms = project.served(), [project.form()]
    assert roles(place) == {Role.CURRENT: first}
    project.declare({**store(place), "rotation_trigger": "two"})
    printed += project.succeed("up", "--yes", "--diff").output
    assert roles(place) == {Role.CURRENT: project.served(), Role.PREVIOUS: first}
    assert project.opens(*forms, project.form())
    assert project.outputs()["line"]["WHATSAPP_FLOW_KEYS"] == place.url
    secrets = set().union(*(forms_of(pem) for pem in pem_blocks(place.fields()["private_keys"])))
    shown = project.succeed("stack", "export", "--show-secrets").output
    assert leaks(printed + shown + stored_text(project.backend) + stored_text(project.folder), secrets) == set()
    project.succeed("preview", "--refresh", "--expect-no-changes")


def test_destroy_is_refused_for_the_last_copy_and_with_a_backup_the_number_comes_back(
    project: Project, place: KubernetesPlace
) -> None:
    project.declare(store(place))
    project.up()
    old, forms = project.served(), [project.form()]
    assert "Meta serves key" in project.fail("destroy", "--yes", "--skip-preview")
    assert roles(place) == {Role.CURRENT: old}
    backed = {**store(place), "backups": [project.path("backup.json").as_uri()]}
    project.declare(backed)
    project.up()
    project.succeed("destroy", "--yes", "--skip-preview")
    assert place.found() is None
    project.up()
    assert roles(place) == {Role.CURRENT: project.served(), Role.PREVIOUS: old}
    assert project.opens(*forms, project.form())


def test_a_number_moves_from_the_stack_into_the_cluster_and_on_to_a_file(
    project: Project, place: KubernetesPlace
) -> None:
    project.declare({})
    project.up()
    forms, file = [project.form()], project.path("ring.json").as_uri()
    for number in (
        {"backups": [place.url]},
        {**store(place), "rotation_trigger": None},
        {**store(place), "rotation_trigger": "two"},
        {**store(place), "rotation_trigger": "two", "backups": [file]},
        {"store": file, "rotation_trigger": "two", "backups": [place.url]},
    ):
        project.declare(number)
        project.up()
        forms.append(project.form())
        assert project.opens(*forms)
    assert roles(place)[Role.CURRENT] == project.served() == project.fingerprint()


def test_a_secret_that_was_lost_is_restored_by_the_command_and_shown_by_others(
    project: Project, place: KubernetesPlace, monkeypatch: pytest.MonkeyPatch
) -> None:
    backup = project.path("backup.json").as_uri()
    project.declare({**store(place), "backups": [backup]})
    project.up()
    place.destroy()
    monkeypatch.setenv("KUBECONFIG", project.environment["KUBECONFIG"])
    restored = CliRunner().invoke(command, ["restore", "--from", backup, "--to", place.url])
    assert restored.exit_code == 0, restored.output
    project.up("--refresh")
    assert roles(place) == {Role.CURRENT: project.served()}
    environment = {
        **project.outputs()["line"],
        "WHATSAPP_ACCESS_TOKEN": TOKEN,
        "WHATSAPP_GRAPH_URL": project.emulator.url,
    }
    for verb in ("show", "verify"):
        asked = CliRunner().invoke(command, [verb], env=environment)
        assert asked.exit_code == 0, asked.output
        assert place.url in asked.output, asked.output
        assert project.fingerprint() in asked.output, asked.output


def test_another_controllers_secret_stops_the_up_before_anything_is_published(
    project: Project, place: KubernetesPlace
) -> None:
    owner = {"apiVersion": "v1", "kind": "ConfigMap", "name": "theirs", "uid": "1", "controller": True}
    place.make({}, metadata={"ownerReferences": [owner]})
    project.declare(store(place))
    assert f"{place.url}: belongs to the ConfigMap theirs" in project.failing_up()
    assert project.publications() == 0
    assert place.fields() == {}
