"""Rotations of a program in each language, and going over to it, while people fill in forms."""

import pytest

from tests.servers.deployment import Platform
from tests.stack.native.program import Program
from tests.stack.project import on_file
from tests.stack.traffic import no_form_failed, rotate_under_load

pytestmark = pytest.mark.usefixtures("patient_people")


def test_no_form_fails_while_a_program_rotates_a_number_that_just_came_over_from_python(
    program: Program, platform: Platform
) -> None:
    project = program.project
    project.declare(on_file(project))
    project.up()
    platform.deploy(project.outputs()["line"])
    rotate = lambda trigger: program.declare(on_file(project, rotation_trigger=trigger))  # noqa: E731
    report = rotate_under_load(project, platform, rotate)
    no_form_failed(report, platform)
    assert platform.deployments == 1
