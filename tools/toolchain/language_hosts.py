"""Pulumi's language hosts for YAML, TypeScript and Go, for tests of the native provider: part of every release of
Pulumi, and built once where the engine was built here, too."""

from __future__ import annotations

import shutil
from collections.abc import Mapping
from pathlib import Path

from tools.checkout import Checkout
from tools.toolchain.choice import Engine, Source
from tools.toolchain.for_tests import build_for_tests
from tools.toolchain.go_build import Part, built_folder, found_go, run_go, whole_file
from tools.toolchain.versions import MODULES

YAML_HOST, NODE_HOST, GO_HOST = "pulumi-language-yaml", "pulumi-language-nodejs", "pulumi-language-go"
GO_PROGRAM = "BUILT_GO_PROGRAM"
"""Names a compiled program for the Go host that is built here, which a script starts."""
_OF_YAML, _OLDER = MODULES / "yaml", MODULES / "older_hosts"
_OLDER_SDK = "github.com/pulumi/pulumi/sdk/v3"


def ensure_language_hosts(checkout: Checkout, engine: Engine, environment: Mapping[str, str]) -> None:
    """Builds those that are missing. Where one can't be built it says why: then its tests are skipped."""
    if engine.source is not Source.MODULES:
        return
    go, folder, own = found_go(environment), built_folder(checkout), (Path(__file__),)
    title = "Pulumi's language host for YAML (about 2 minutes)"
    yaml = Part("yaml", title, _OF_YAML, (folder / YAML_HOST,), _build_yaml, own)
    build_for_tests(checkout, yaml, go, tests="all tests of the native provider")
    title = "Pulumi's language hosts for TypeScript and Go (about 1 minute)"
    hosts = Part("older-hosts", title, _OLDER, (folder / NODE_HOST, folder / GO_HOST), _build_older, own)
    build_for_tests(checkout, hosts, go, tests="the native provider's tests in TypeScript and Go")


def _build_yaml(checkout: Checkout) -> None:
    build_program(built_folder(checkout) / YAML_HOST, f"github.com/pulumi/pulumi-yaml/cmd/{YAML_HOST}", _OF_YAML)


def _build_older(checkout: Checkout) -> None:
    folder = built_folder(checkout)
    build_program(folder / NODE_HOST, f"{_OLDER_SDK}/nodejs/cmd/{NODE_HOST}", _OLDER)
    build_program(folder / f"{GO_HOST}-host", f"{_OLDER_SDK}/go/{GO_HOST}", _OLDER)
    with whole_file(folder / GO_HOST) as out:
        shutil.copyfile(_OLDER / f"{GO_HOST}.sh", out)
        out.chmod(0o755)


def build_program(file: Path, package: str, module: Path) -> None:
    """Builds one Go program. Raises `PartFailed`."""
    file.parent.mkdir(parents=True, exist_ok=True)
    with whole_file(file) as out:
        build = ["go", "build", "-mod=readonly", "-buildvcs=false", "-trimpath", "-ldflags", "-s -w", "-o", str(out)]
        run_go([*build, package], module)
