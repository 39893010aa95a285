"""Pulumi's language host for YAML, for tests of the native provider: part of every release of Pulumi, and built once
where the engine was built here, too."""

from __future__ import annotations

from collections.abc import Mapping

from tools.checkout import Checkout
from tools.processes import part, say
from tools.stop import Stop
from tools.toolchain.choice import Engine, Source
from tools.toolchain.go_build import Part, built_folder, found_go, is_current, record_built, run_go, whole_file
from tools.toolchain.versions import MODULES

HOST = "pulumi-language-yaml"
_MODULE = MODULES / "yaml"


def ensure_yaml_host(checkout: Checkout, engine: Engine, environment: Mapping[str, str]) -> None:
    """Builds it where it is missing, with a progress line. Where it can't be built it says why: then its tests are
    skipped."""
    if engine.source is not Source.MODULES:
        return
    go = found_go(environment)
    wanted = _part(checkout)
    if is_current(checkout, wanted, go):
        return
    try:
        with part(f"Building {wanted.title} into .dev/toolchain, once, for the tests of the native provider"):
            wanted.build(checkout)
            record_built(checkout, wanted, go)
    except Stop as stop:
        say(f"{stop}\nWithout Pulumi's language host for YAML: the native provider's tests are skipped")


def _part(checkout: Checkout) -> Part:
    title = "Pulumi's language host for YAML (about 2 minutes)"
    return Part("yaml", title, _MODULE, (built_folder(checkout) / HOST,), _build)


def _build(checkout: Checkout) -> None:
    with whole_file(built_folder(checkout) / HOST) as out:
        build = ["go", "build", "-mod=readonly", "-buildvcs=false", "-trimpath", "-ldflags", "-s -w", "-o", str(out)]
        run_go([*build, f"github.com/pulumi/pulumi-yaml/cmd/{HOST}"], _MODULE)
