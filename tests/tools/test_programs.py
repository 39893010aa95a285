"""The SDKs and programs that tests of the native provider run: built once for a schema, and in nobody's way."""

import ast
import re
import sys
from pathlib import Path

import pytest

from tests.pages import ROOT
from tools.checkout import Checkout
from tools.toolchain import programs
from tools.toolchain.for_tests import build_for_tests
from tools.toolchain.go_build import Part, record_built
from tools.toolchain.versions import MODULES, built_pulumi
from whatsapp_flow_keys.native.package_schema import package_schema
from whatsapp_flow_keys.resources.schema import camel

PROGRAMS = ROOT / "tests" / "stack" / "native" / "programs"


@pytest.fixture
def checkout(tmp_path: Path) -> Checkout:
    """With sources of programs, a Python that writes the schema, and nothing built."""
    made = Checkout(tmp_path)
    for language in (programs.TYPESCRIPT, programs.GO):
        sources = made.root / "tests" / "stack" / "native" / "programs" / language
        sources.mkdir(parents=True)
        (sources / "source").write_text("of a program")
    made.dev.mkdir()
    (made.dev / "venv").symlink_to(sys.prefix)
    return made


def write_schema(checkout: Checkout) -> None:
    schema = programs._schema_file(checkout)
    schema.parent.mkdir(parents=True)
    schema.write_text("{}")


def build_by_hand(checkout: Checkout, language: str) -> tuple[Part, Path]:
    write_schema(checkout)
    wanted = programs._program(checkout, language)
    (folder,) = wanted.makes
    folder.mkdir(parents=True)
    record_built(checkout, wanted, "go1.99.0")
    return wanted, folder


def a_go(folder: Path) -> dict[str, str]:
    """An environment whose `go` says its version, and builds nothing."""
    folder.mkdir()
    (folder / "go").write_text('#!/bin/sh\ntest "$1" = env || { echo no module proxy; exit 1; }\necho go1.99.0\n')
    (folder / "go").chmod(0o755)
    return {"PATH": f"{folder}:/bin:/usr/bin"}


@pytest.mark.parametrize(
    "go_mod", [MODULES / "codegen" / "go.mod", MODULES / "yaml" / "go.mod", PROGRAMS / "go" / "go.mod"]
)
def test_what_goes_with_the_engine_has_its_version(go_mod: Path) -> None:
    versions = re.findall(r"github\.com/pulumi/pulumi/(?:pkg|sdk)/v3 (v\S+)", go_mod.read_text())
    assert set(versions) == {f"v{built_pulumi()}"}


def test_no_lock_file_records_an_address() -> None:
    assert "://" not in (PROGRAMS / "typescript" / "package-lock.json").read_text()


def test_a_program_counts_as_built_for_the_schema_that_it_was_built_for(checkout: Checkout) -> None:
    assert programs.built_program(checkout, programs.GO) is None
    _, folder = build_by_hand(checkout, programs.GO)
    assert programs.built_program(checkout, programs.GO) == folder
    programs._schema_file(checkout).write_text('{"name": "another"}')
    assert programs.built_program(checkout, programs.GO) is None


def test_what_an_editor_installs_beside_the_sources_is_no_part_of_them(checkout: Checkout) -> None:
    wanted, folder = build_by_hand(checkout, programs.TYPESCRIPT)
    (wanted.module / "node_modules").mkdir()
    assert programs.built_program(checkout, programs.TYPESCRIPT) == folder


def test_without_a_go_nothing_is_built_and_it_is_said(checkout: Checkout, capsys: pytest.CaptureFixture[str]) -> None:
    programs.ensure_programs(checkout, {"PATH": str(checkout.root)})
    assert capsys.readouterr().out == f"There is no Go here. Skipped without it: {programs._TESTS}\n"


def test_a_build_that_fails_stops_nobody_and_builds_nothing_on_what_is_missing(
    checkout: Checkout, tmp_path: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    environment = a_go(tmp_path / "go-of-no-use")
    monkeypatch.setenv("PATH", environment["PATH"])
    programs.ensure_programs(checkout, environment)
    printed = capsys.readouterr().out
    assert "no module proxy" in printed
    assert printed.count("Skipped without it") == 1


def test_without_npm_the_tests_in_typescript_are_skipped_and_it_is_said(
    checkout: Checkout, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    write_schema(checkout)
    programs.sdk_folder(checkout, "nodejs").mkdir(parents=True)
    monkeypatch.setenv("PATH", "")
    assert not build_for_tests(checkout, programs._program(checkout, programs.TYPESCRIPT), None, tests="the tests")
    printed = capsys.readouterr().out
    assert "`npm ci --include=dev --no-audit --no-fund` could not be started: No such file" in printed
    assert printed.endswith("Skipped without it: the tests\n")


def test_the_python_sdk_takes_what_the_schema_says() -> None:
    """No program is run with it: Python has the dynamic provider."""
    sdk = programs.sdk_folder(Checkout.this(), "python")
    if programs.built_program(Checkout.this(), programs.GO) is None:
        pytest.skip("`make test` built no program in this language")
    module = ast.parse((sdk / "pulumi_whatsapp" / "flows" / "flow_encryption.py").read_text())
    (args,) = (each for each in module.body if isinstance(each, ast.ClassDef) and each.name == "FlowEncryptionArgs")
    (made,) = (each for each in args.body if isinstance(each, ast.FunctionDef) and each.name == "__init__")
    given = {each.arg for each in (*made.args.args, *made.args.kwonlyargs)} - {"__self__"}
    inputs = package_schema()["resources"]["whatsapp:flows:FlowEncryption"]["inputProperties"]
    assert {camel(each) for each in given} == set(inputs)
