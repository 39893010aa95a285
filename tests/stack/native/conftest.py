"""What the tests of the native provider need besides."""

import shutil

import pytest

from tests.stack.native.program import LANGUAGES, Program
from tests.stack.project import Project
from tools.checkout import Checkout
from tools.toolchain.language_hosts import YAML
from tools.toolchain.programs import program_folder


@pytest.fixture(autouse=True)
def yaml_host(project: Project) -> None:
    """A language whose programs can use the plugin only."""
    if shutil.which(YAML, path=project.environment["PATH"]) is None:
        pytest.skip("no language host of Pulumi for YAML is on this machine")


@pytest.fixture(params=LANGUAGES)
def program(project: Project, request: pytest.FixtureRequest) -> Program:
    """The project's program, in each language."""
    language: str = request.param
    if language != "YAML" and not program_folder(Checkout.this(), language.lower()).exists():
        pytest.skip("`make test` built no program in this language")
    return Program(project, language)
