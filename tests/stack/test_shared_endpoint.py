"""One endpoint for two numbers, with the keys in the stack: it has all keys of both before either is published."""

from typing import Any

import pytest

from tests.forms import APP_SECRET
from tests.servers.deployment import Platform
from tests.stack.project import Project
from whatsapp_graph_emulator.flow_load import FlowLoad, Report

pytestmark = pytest.mark.usefixtures("patient_people")

RATE = 20.0
"""Forms a second, of each number."""


class Both:
    """Two numbers of one program, whose forms one endpoint decrypts."""

    def __init__(self, project: Project, platform: Platform) -> None:
        self.project, self.platform = project, platform
        self.ids = {"line": project.number, "south": f"{project.number}7"}
        project.emulator.add_number(self.ids["south"])

    def declare(self, trigger: str | None = None, **south: Any) -> None:
        common = {"deploy": "shared", "rotation_trigger": trigger}
        line = {"phone_number_id": self.ids["line"], **common}
        more = {"phone_number_id": self.ids["south"], "name": "south", **common, **south}
        self.project.declare(line, more, platform=self.platform.url)

    def served(self) -> list[str | None]:
        return [self.project.emulator.served(id_)[1] for id_ in self.ids.values()]

    def load(self, name: str) -> FlowLoad:
        new_device = lambda: self.project.emulator.flow_client(  # noqa: E731
            self.ids[name], self.platform.endpoint_url, app_secret=APP_SECRET
        )
        return FlowLoad(new_device, rate=RATE, devices=10, requests_per_device=4)


@pytest.fixture
def both(project: Project, platform: Platform) -> Both:
    return Both(project, platform)


def no_form_failed(report: Report, both: Both) -> None:
    assert report.requests > 2 * RATE
    assert (report.failed, report.answers_421) == (0, 0), f"{report}\n{both.platform.log}"
    assert report.answered == report.requests


def test_both_numbers_rotate_in_one_up_and_no_form_of_either_fails(both: Both) -> None:
    both.declare()
    both.project.up()
    first = both.served()
    assert all(first)
    with both.load("line") as of_line, both.load("south") as of_south:
        both.declare("one")
        both.project.up()
        reports = [of_line.stop(), of_south.stop()]
    for before, after in zip(first, both.served(), strict=True):
        assert after not in (None, before)
    for report in reports:
        no_form_failed(report, both)
    assert both.platform.deployments == 2


def test_where_the_keys_of_one_number_can_not_be_made_nothing_is_deployed_and_neither_is_published(both: Both) -> None:
    both.declare()
    both.project.up()
    before = both.served()
    in_its_way = both.project.folder / "in-its-way"
    in_its_way.write_text("not a folder")
    both.declare("one", backups=[f"{in_its_way.as_uri()}/ring.json"])
    failed = both.project.failing_up()
    assert "StoreUnavailableError: " in failed, failed.output
    assert both.served() == before
    assert both.platform.deployments == 1
