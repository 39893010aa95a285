"""examples/policy-pack on the real engine: previews of a Python program and of one in YAML, and exported states."""

import shutil
from pathlib import Path
from typing import Any

import pytest

from tests.pages import ROOT, fenced, section_to_type
from tests.stack.conftest import need_yaml
from tests.stack.keyboard import entered, type_in
from tests.stack.native.program import declare
from tests.stack.project import ACCOUNT_TOKENS, Project, Run, on_file
from tools.checkout import Checkout
from tools.pinned_environment import ensure_pinned_environment

PAGE = "examples/policy-pack/README.md"
RUNTIME = "tested"

FRONT_ENDS = ("Python", "YAML")
BROKEN_WITHOUT_ARGUMENTS = {
    "keys-outside-the-stack": "Set `store` to a store that the endpoint can read",
    "rotation-is-set": "must be rotated at least every 90 days",
    "every-key-has-a-backup": "Add a second one to `backups`",
    "a-publication-waits-for-the-endpoint": "before the endpoint has it",
}


@pytest.fixture(scope="session")
def python() -> Path:
    """Of an environment with pulumi-policy, made once in `.dev/examples`."""
    checkout = Checkout.this()
    pins = Path(__file__).with_name("requirements-policy-pack.txt")
    return ensure_pinned_environment(checkout, checkout.dev / "examples" / "policy-pack", pins)


@pytest.fixture
def beside(project: Project, python: Path) -> Project:
    """A project with the pack and the settings of its page beside it.

    The language host that can be built here starts no policies in Python: a runtime of another name does, by a script.
    """
    pack, script = project.path("policy-pack"), project.path("bin") / f"pulumi-analyzer-policy-{RUNTIME}"
    shutil.copytree(ROOT / "examples" / "policy-pack", pack)
    (pack / "PulumiPolicy.yaml").write_text(f"runtime: {RUNTIME}\nversion: 0.1.0\n")
    script.parent.mkdir()
    script.write_text(f'#!/bin/sh\nexec "{python}" __main__.py "$@"\n')
    script.chmod(0o755)
    project.environment["PATH"] = f"{script.parent}:{project.environment['PATH']}"
    (project.folder / "policies.json").write_text(fenced(PAGE, "json")[0])
    return project


def previewed(project: Project) -> Run:
    project.environment.pop("PULUMI_IGNORE_AMBIENT_PLUGINS", None)  # the script above is one
    (command,) = section_to_type("examples/policy-pack/README.md", "Settings")
    return entered(project, command)


def declared(project: Project, front_end: str, number: dict[str, Any]) -> None:
    if front_end == "Python":
        return project.declare(number)
    need_yaml(project)
    return declare(project, number)


@pytest.mark.parametrize("front_end", FRONT_ENDS)
def test_a_key_without_any_argument_breaks_the_policies_in_a_preview_and_in_an_exported_state(
    beside: Project, front_end: str
) -> None:
    declared(beside, front_end, {})
    run = previewed(beside)
    assert run.status != 0
    assert [name for name, said in BROKEN_WITHOUT_ARGUMENTS.items() if name not in run or said not in run] == []
    assert "a-number-is-managed-once" not in run

    beside.up()
    _, export, analyze = section_to_type("examples/policy-pack/README.md", "Use it")
    type_in(beside, [export])
    run = entered(beside, analyze)
    assert run.status != 0
    assert "must be rotated at least every 180 days" in run
    assert "keys-outside-the-stack" not in run, "without settings only production counts"


@pytest.mark.parametrize("front_end", FRONT_ENDS)
def test_a_number_as_the_policies_want_it_passes(beside: Project, front_end: str) -> None:
    number = on_file(beside, rotate_after_days=90, backups=[beside.path("backup.json").as_uri()])
    declared(beside, front_end, {**number, "endpoint_url": "https://flows.example.com/flow"})
    run = previewed(beside)
    assert run.status == 0, run.output
    assert [name for name in BROKEN_WITHOUT_ARGUMENTS if name in run] == []


def test_two_accounts_with_the_same_number_break_a_policy(beside: Project) -> None:
    """Each would publish its own key, by turns, and a provider doesn't know of the other."""
    accounts = {name: {"access_token": ACCOUNT_TOKENS[name], "account": name} for name in ("north", "south")}
    numbers = [{"name": f"line-{name}", "provider": name, "rotate_after_days": 90} for name in accounts]
    need_yaml(beside)
    declare(beside, *numbers, providers=accounts)
    assert f"Phone number {beside.number} has two keys in this stack, this one and urn:" in previewed(beside)
