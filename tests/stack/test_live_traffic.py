"""Rotations while people fill in forms: the real engine, the endpoint kit behind a real server, steady traffic.

The traffic is the emulator's client half: of four forms, one comes from a device that has just fetched the key, the
others from devices that keep theirs, as real ones do.
"""

from typing import TYPE_CHECKING, Any

import pytest

from tests.contract.stores.gcp_place import gcp_place, permissions
from tests.contract.stores.kubernetes_place import KubernetesPlace
from tests.forms import APP_SECRET
from tests.pages import ROOT
from tests.servers.deployment import Platform
from tests.stack.project import Project, on_file
from tests.stack.traffic import RATE, no_form_failed, rotate_under_load
from whatsapp_flow_keys.stores.gcp_secret_manager.connection import EMULATOR
from whatsapp_graph_emulator.flow_load import Report

if TYPE_CHECKING:
    from tests.servers.secrets_manager import SecretsManager
    from tools.kubernetes import Kubernetes
    from tools.openbao import OpenBao

pytestmark = pytest.mark.usefixtures("patient_people")


def test_with_the_stack_as_the_store_and_deploy_no_form_fails(project: Project, platform: Platform) -> None:
    def declare(trigger: str | None = None) -> None:
        project.declare({"deploy": "platform", "rotation_trigger": trigger}, platform=platform.url)

    declare()
    project.up()
    no_form_failed(rotate_under_load(project, platform, declare), platform)
    assert platform.deployments == 4


def live_on_a_store(project: Project, platform: Platform, number: dict[str, Any]) -> Report:
    def declare(trigger: str | None = None) -> None:
        project.declare({**number, "rotation_trigger": trigger})

    declare()
    project.up()
    platform.deploy(project.outputs()["line"])
    report = rotate_under_load(project, platform, declare)
    assert platform.deployments == 1
    return report


def test_on_openbao_no_form_fails_though_nobody_restarts_the_endpoint(
    project: Project, platform: Platform, openbao: "OpenBao"
) -> None:
    project.environment |= openbao.environment
    platform.environ |= openbao.environment
    number = {"store": openbao.url(f"secret/{project.unused_name()}"), "passphrase": "generated"}
    no_form_failed(live_on_a_store(project, platform, number), platform)


def test_on_aws_behind_the_gate_no_form_fails(
    project: Project, platform: Platform, secrets_manager: "SecretsManager"
) -> None:
    project.environment |= {**secrets_manager.environment, "WHATSAPP_APP_SECRET": APP_SECRET}
    platform.environ |= secrets_manager.environment
    number = {"store": secrets_manager.url(f"flows/{project.unused_name()}"), "endpoint_url": platform.endpoint_url}
    no_form_failed(live_on_a_store(project, platform, number), platform)


def test_in_a_kubernetes_secret_no_form_fails_with_the_pages_roles(
    project: Project, platform: Platform, kubernetes: "Kubernetes", monkeypatch: pytest.MonkeyPatch
) -> None:
    place = KubernetesPlace(kubernetes, monkeypatch)
    project.environment["KUBECONFIG"] = place.kubeconfig_of("For the stack")
    platform.environ["KUBECONFIG"] = place.kubeconfig_of("For the endpoint")
    no_form_failed(live_on_a_store(project, platform, {"store": place.url}), platform)


def test_in_google_secret_manager_no_form_fails_though_latest_lags(
    project: Project, platform: Platform, monkeypatch: pytest.MonkeyPatch
) -> None:
    with gcp_place(monkeypatch) as place:
        project.environment[EMULATOR] = place.way_for(*permissions("For the stack"))
        platform.environ[EMULATOR] = place.way_for(*permissions("For the endpoint"))
        place.server.lag = 1_000_000
        no_form_failed(live_on_a_store(project, platform, {"store": place.url}), platform)


def test_the_page_says_how_many_forms_come_in() -> None:
    page = " ".join((ROOT / "docs" / "endpoint.md").read_text().split())
    assert f"gunicorn, {RATE:.0f} forms a second, three rotations each" in page


def test_an_endpoint_that_is_deployed_after_the_registration_is_seen_to_fail(
    project: Project, platform: Platform
) -> None:
    """The order broken on purpose: that the traffic would show it."""

    def declare(trigger: str | None = None) -> None:
        project.declare({"deploy_too_late": True, "rotation_trigger": trigger}, platform=platform.url)

    declare()
    project.up()
    report = rotate_under_load(project, platform, declare)
    assert report.failures["business-decryption-error"] > 0
    assert report.answers_421 > 0


def test_an_endpoint_that_reads_its_keys_only_once_is_seen_to_fail(project: Project, platform: Platform) -> None:
    def declare(trigger: str | None = None) -> None:
        project.declare(on_file(project, rotation_trigger=trigger))

    declare()
    project.up()
    platform.deploy({"WHATSAPP_FLOW_KEYS": project.path("ring.json").read_text()})
    report = rotate_under_load(project, platform, declare)
    assert report.failures["business-decryption-error"] > 0
