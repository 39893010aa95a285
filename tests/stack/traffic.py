"""Steady traffic while a number rotates by `pulumi up`."""

from collections.abc import Callable

from tests.forms import APP_SECRET
from tests.servers.deployment import Platform
from tests.stack.project import Project
from whatsapp_graph_emulator.flow_load import FlowLoad, Report

RATE = 20.0
"""Forms a second."""


def rotate_under_load(project: Project, platform: Platform, declare: Callable[[str], None]) -> Report:
    """Three rotations by `pulumi up` while forms come in; what became of them, and each rotation took place."""
    new_device = lambda: project.emulator.flow_client(project.number, platform.endpoint_url, app_secret=APP_SECRET)  # noqa: E731
    with FlowLoad(new_device, rate=RATE, devices=20, requests_per_device=4) as load:
        served = [project.served()]
        for trigger in ("one", "two", "three"):
            declare(trigger)
            project.up()
            served.append(project.served())
        report = load.stop()
    assert len(set(served)) == 4
    assert report.requests > 3 * RATE
    return report


def no_form_failed(report: Report, platform: Platform) -> None:
    assert report.failed == 0, f"{report}\n{platform.log}"
    assert report.answered == report.requests
    assert report.answers_421 == 0, f"{report}\n{platform.log}"
    assert report.key_fetches > RATE, "no device came to know a new key"
