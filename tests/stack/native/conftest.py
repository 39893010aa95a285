"""What the tests of the native provider need besides."""

import shutil

import pytest

from tests.stack.project import Project
from tools.toolchain.yaml_host import HOST


@pytest.fixture(autouse=True)
def yaml_host(project: Project) -> None:
    """A language whose programs can use the plugin only."""
    if shutil.which(HOST, path=project.environment["PATH"]) is None:
        pytest.skip("no language host of Pulumi for YAML is on this machine")
