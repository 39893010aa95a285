"""The SDKs and programs that tests of the native provider run: built once for a schema, and in nobody's way."""

import re
from pathlib import Path

import pytest

from tests.pages import ROOT
from tools.checkout import Checkout
from tools.toolchain import programs
from tools.toolchain.for_tests import build_for_tests
from tools.toolchain.go_build import is_current, record_built
from tools.toolchain.versions import MODULES, built_pulumi

PROGRAMS = ROOT / "tests" / "stack" / "native" / "programs"


@pytest.fixture
def checkout(tmp_path: Path) -> Checkout:
    made = Checkout(tmp_path)
    for language in ("typescript", "go"):
        sources = made.root / "tests" / "stack" / "native" / "programs" / language
        sources.mkdir(parents=True)
        (sources / "source").write_text("of a program")
    schema = programs._schema_file(made)
    schema.parent.mkdir(parents=True)
    schema.write_text("{}")
    return made


@pytest.mark.parametrize(
    "go_mod", [MODULES / "codegen" / "go.mod", MODULES / "yaml" / "go.mod", PROGRAMS / "go" / "go.mod"]
)
def test_what_goes_with_the_engine_has_its_version(go_mod: Path) -> None:
    versions = re.findall(r"github\.com/pulumi/pulumi/(?:pkg|sdk)/v3 (v\S+)", go_mod.read_text())
    assert set(versions) == {f"v{built_pulumi()}"}


def test_no_lock_file_records_an_address() -> None:
    assert "://" not in (PROGRAMS / "typescript" / "package-lock.json").read_text()


def test_another_schema_is_another_program(checkout: Checkout) -> None:
    *_, program = programs._parts(checkout)
    (built,) = program.makes
    built.mkdir(parents=True)
    record_built(checkout, program, "go1.99.0")
    assert is_current(checkout, program, None)
    programs._schema_file(checkout).write_text('{"name": "another"}')
    assert not is_current(checkout, program, None)


def test_without_npm_the_tests_in_typescript_are_skipped_and_it_is_said(
    checkout: Checkout, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setenv("PATH", "")
    _, _, typescript, _ = programs._parts(checkout)
    build_for_tests(checkout, typescript, None, tests="the tests")
    assert capsys.readouterr().out.endswith("There is no npm here.\nSkipped without it: the tests\n")
    assert not programs.program_folder(checkout, "typescript").exists()
