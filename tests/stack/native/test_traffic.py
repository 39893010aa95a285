"""Rotations of a YAML program, and going over to it, while people fill in forms."""

from tests.servers.deployment import Platform
from tests.stack.native.program import declare
from tests.stack.project import Project, on_file
from tests.stack.test_live_traffic import no_form_failed, rotate_under_load


def test_no_form_fails_while_a_yaml_program_rotates_a_number_that_just_came_over(
    project: Project, platform: Platform
) -> None:
    project.declare(on_file(project))
    project.up()
    platform.deploy(project.outputs()["line"])
    report = rotate_under_load(
        project, platform, lambda trigger: declare(project, on_file(project, rotation_trigger=trigger))
    )
    no_form_failed(report, platform)
    assert platform.deployments == 1
