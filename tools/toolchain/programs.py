"""The native package's SDKs, and the programs in TypeScript and Go that tests run: built again when the schema changes.

The SDKs are those that `pulumi package add` makes on people's machines, by the same generators.
"""

from __future__ import annotations

import shutil
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path

from tools.checkout import Checkout
from tools.processes import run_quietly, say
from tools.toolchain.for_tests import build_for_tests
from tools.toolchain.go_build import Part, found_go, is_current, run_go
from tools.toolchain.language_hosts import build_program
from tools.toolchain.versions import MODULES

TYPESCRIPT, GO = "typescript", "go"
_TESTS = "the native provider's tests in TypeScript and Go"
_GENERATOR = MODULES / "codegen"
_LANGUAGES = ("nodejs", "go", "python")
_OWN = ("node_modules", "sdks", "bin")  # what an editor needs below the sources, for types
_WRITE_SCHEMA = """
import json, sys
from pathlib import Path
from whatsapp_flow_keys.native.package_schema import package_schema
Path(sys.argv[1]).write_text(json.dumps(package_schema(), indent=1))
"""


def sdk_folder(checkout: Checkout, language: str) -> Path:
    """The SDK for `nodejs`, `go` or `python`."""
    return checkout.toolchain / "sdks" / language


def built_program(checkout: Checkout, language: str) -> Path | None:
    """The folder of the compiled program in TypeScript or Go with all that it needs, if it was built for the schema
    that the last `make test` saw."""
    wanted = _program(checkout, language)
    (folder,) = wanted.makes
    return folder if _schema_file(checkout).exists() and is_current(checkout, wanted, None) else None


def ensure_programs(checkout: Checkout, environment: Mapping[str, str]) -> None:
    """Builds what is missing, or was made from another schema. Where that fails it says why: then tests are skipped."""
    go = found_go(environment)
    if go is None:
        say(f"There is no Go here. Skipped without it: {_TESTS}")
        return
    _schema_file(checkout).parent.mkdir(parents=True, exist_ok=True)
    run_quietly([checkout.python, "-c", _WRITE_SCHEMA, _schema_file(checkout)], cwd=checkout.root)
    if build_for_tests(checkout, _sdks(checkout), go, tests=_TESTS):
        for language, name in ((TYPESCRIPT, "TypeScript"), (GO, "Go")):
            build_for_tests(checkout, _program(checkout, language), go, tests=f"the native provider's tests in {name}")


def _sdks(checkout: Checkout) -> Part:
    folders = tuple(sdk_folder(checkout, language) for language in _LANGUAGES)
    made_from = (_schema_file(checkout), Path(__file__))
    return Part("sdks", "the native package's SDKs", _GENERATOR, folders, _build_sdks, made_from)


def _program(checkout: Checkout, language: str) -> Part:
    title, build = {
        TYPESCRIPT: ("the tests' program in TypeScript (about 30 seconds)", _build_typescript),
        GO: ("the tests' program in Go (about 2 minutes)", _build_go),
    }[language]
    made_from = (_schema_file(checkout), *sorted(_GENERATOR.iterdir()), Path(__file__))
    folder = checkout.toolchain / "programs" / language
    return Part(f"program-{language}", title, _sources(checkout, language), (folder,), build, made_from)


def _build_sdks(checkout: Checkout) -> None:
    generator, folder = checkout.toolchain / "build" / "codegen", checkout.toolchain / "sdks"
    build_program(generator, ".", _GENERATOR)
    shutil.rmtree(folder, ignore_errors=True)
    run_quietly([generator, _schema_file(checkout), folder], cwd=checkout.root)


def _build_typescript(checkout: Checkout) -> None:
    with _unfinished(checkout, TYPESCRIPT, "nodejs") as folder:
        run_quietly(["npm", "ci", "--include=dev", "--no-audit", "--no-fund"], cwd=folder)
        run_quietly([folder / "node_modules" / ".bin" / "tsc"], cwd=folder)


def _build_go(checkout: Checkout) -> None:
    with _unfinished(checkout, GO, "go") as folder:
        run_go(["go", "build", "-mod=readonly", "-buildvcs=false", "-trimpath", "-o", "flows", "."], folder)


@contextmanager
def _unfinished(checkout: Checkout, language: str, sdk: str) -> Iterator[Path]:
    """A copy of a program's sources with its SDK, which takes its place when the block is done."""
    folder, (place,) = checkout.toolchain / "build" / language, _program(checkout, language).makes
    shutil.rmtree(folder, ignore_errors=True)
    shutil.copytree(_sources(checkout, language), folder, ignore=shutil.ignore_patterns(*_OWN))
    shutil.copytree(sdk_folder(checkout, sdk), folder / "sdks" / "whatsapp")
    yield folder
    shutil.rmtree(place, ignore_errors=True)
    place.parent.mkdir(parents=True, exist_ok=True)
    folder.rename(place)


def _sources(checkout: Checkout, language: str) -> Path:
    return checkout.root / "tests" / "stack" / "native" / "programs" / language


def _schema_file(checkout: Checkout) -> Path:
    return checkout.toolchain / "build" / "schema.json"
