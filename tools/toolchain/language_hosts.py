"""Pulumi's language hosts for YAML, TypeScript and Go, for tests of the native provider: part of every release of
Pulumi, and built once where the engine was built here, too."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path

from tools.checkout import Checkout, write_whole
from tools.toolchain.choice import Engine, Source
from tools.toolchain.for_tests import build_for_tests
from tools.toolchain.go_build import Part, built_folder, found_go, run_go, whole_file
from tools.toolchain.versions import MODULES

TESTS = "the tests of the native provider"
YAML, TYPESCRIPT, GO = "pulumi-language-yaml", "pulumi-language-nodejs", "pulumi-language-go"
_OF_YAML, _OLDER = MODULES / "yaml", MODULES / "older_hosts"
_OLDER_SDK = "github.com/pulumi/pulumi/sdk/v3"
GO_PROGRAM = "BUILT_GO_PROGRAM"
"""Names a compiled program for the Go host that is built here."""

# This host takes the option `binary` as an argument, and the engine of today gives it no arguments for options.
_GO_START = f"""#!/bin/sh
exec "$0-host" ${{{GO_PROGRAM}:+-binary "${GO_PROGRAM}"}} "$@"
"""


def ensure_language_hosts(checkout: Checkout, engine: Engine, environment: Mapping[str, str]) -> None:
    """Builds those that are missing. Where one can't be built it says why: then its tests are skipped."""
    if engine.source is not Source.MODULES:
        return
    go = found_go(environment)
    for wanted in _parts(checkout):
        build_for_tests(checkout, wanted, go, tests=TESTS)


def _parts(checkout: Checkout) -> list[Part]:
    folder = built_folder(checkout)
    of_yaml = "Pulumi's language host for YAML (about 2 minutes)"
    older = "Pulumi's language hosts for TypeScript and Go (about 1 minute)"
    return [
        Part("yaml", of_yaml, _OF_YAML, (folder / YAML,), _build_yaml),
        Part("older-hosts", older, _OLDER, (folder / TYPESCRIPT, folder / GO, folder / f"{GO}-host"), _build_older),
    ]


def _build_yaml(checkout: Checkout) -> None:
    build_program(built_folder(checkout) / YAML, f"github.com/pulumi/pulumi-yaml/cmd/{YAML}", _OF_YAML)


def _build_older(checkout: Checkout) -> None:
    build_program(built_folder(checkout) / TYPESCRIPT, f"{_OLDER_SDK}/nodejs/cmd/{TYPESCRIPT}", _OLDER)
    build_program(built_folder(checkout) / f"{GO}-host", f"{_OLDER_SDK}/go/{GO}", _OLDER)
    write_whole(built_folder(checkout) / GO, _GO_START, mode=0o755)


def build_program(file: Path, package: str, module: Path) -> None:
    """Builds one Go program. Raises `PartFailed`."""
    file.parent.mkdir(parents=True, exist_ok=True)
    with whole_file(file) as out:
        build = ["go", "build", "-mod=readonly", "-buildvcs=false", "-trimpath", "-ldflags", "-s -w", "-o", str(out)]
        run_go([*build, package], module)
