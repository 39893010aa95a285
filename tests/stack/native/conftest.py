"""What the tests of the native provider need besides."""

import shutil

import pytest

from tests.stack.conftest import need_yaml
from tests.stack.native.program import LANGUAGES, Program
from tests.stack.project import Project
from tools.checkout import Checkout
from tools.toolchain.language_hosts import GO_HOST, NODE_HOST
from tools.toolchain.programs import built_program

HOSTS = {"TypeScript": NODE_HOST, "Go": GO_HOST}


@pytest.fixture(autouse=True)
def yaml_host(project: Project) -> None:
    """A language whose programs can use the plugin only."""
    need_yaml(project)


@pytest.fixture(params=LANGUAGES)
def program(project: Project, request: pytest.FixtureRequest) -> Program:
    """The project's program, in each language."""
    language: str = request.param
    if language in HOSTS:
        host = shutil.which(HOSTS[language], path=project.environment["PATH"])
        if host is None or built_program(Checkout.this(), language.lower()) is None:
            pytest.skip("`make test` built no program in this language")
    return Program(project, language)
