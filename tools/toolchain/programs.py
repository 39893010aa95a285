"""The native package's SDKs, and the programs in TypeScript and Go that tests run with them: built once for a schema.

The SDKs are those that `pulumi package add` makes on people's machines, by the same generators.
"""

from __future__ import annotations

import json
import shutil
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path

from tools.checkout import Checkout, write_whole
from tools.processes import run_quietly
from tools.stop import Stop
from tools.toolchain.for_tests import build_for_tests
from tools.toolchain.go_build import Part, found_go, run_go
from tools.toolchain.language_hosts import TESTS, build_program
from tools.toolchain.versions import MODULES

_GENERATOR = MODULES / "codegen"
_LANGUAGES = ("nodejs", "go", "python")
_PRINT_SCHEMA = """
import json
from whatsapp_flow_keys.native.package_schema import package_schema
print(json.dumps(package_schema()))
"""


def sdk_folder(checkout: Checkout, language: str) -> Path:
    """The SDK for `nodejs`, `go` or `python`."""
    return checkout.toolchain / "sdks" / language


def program_folder(checkout: Checkout, language: str) -> Path:
    """The compiled program in `typescript` or `go`, with all that it needs; without one it does not exist."""
    return checkout.toolchain / "programs" / language


def ensure_programs(checkout: Checkout, environment: Mapping[str, str]) -> None:
    """Builds what is missing, or was made from another schema. Where one can't be built it says why."""
    go = found_go(environment)
    schema = run_quietly([checkout.python, "-c", _PRINT_SCHEMA], cwd=checkout.root)
    write_whole(_schema_file(checkout), json.dumps(json.loads(schema), indent=1))
    for wanted in _parts(checkout):
        build_for_tests(checkout, wanted, go, tests=TESTS)


def _parts(checkout: Checkout) -> list[Part]:
    schema, sdks = _schema_file(checkout), tuple(sdk_folder(checkout, language) for language in _LANGUAGES)
    generator = Part("codegen", "Pulumi's generators", _GENERATOR, (_generator_file(checkout),), _build_generator)
    typescript = _program(checkout, "typescript", "a program in TypeScript (about 30 seconds)", _build_typescript)
    in_go = _program(checkout, "go", "a program in Go (about 2 minutes)", _build_go)
    return [generator, Part("sdks", "the SDKs", _GENERATOR, sdks, _generate, made_from=(schema,)), typescript, in_go]


def _program(checkout: Checkout, language: str, title: str, build: Callable[[Checkout], None]) -> Part:
    sdk_is_made_from = (_schema_file(checkout), _GENERATOR / "main.go", _GENERATOR / "go.mod")
    built = (program_folder(checkout, language),)
    return Part(f"program-{language}", title, _sources(checkout, language), built, build, made_from=sdk_is_made_from)


def _build_generator(checkout: Checkout) -> None:
    build_program(_generator_file(checkout), ".", _GENERATOR)


def _generate(checkout: Checkout) -> None:
    shutil.rmtree(checkout.toolchain / "sdks", ignore_errors=True)
    run_quietly([_generator_file(checkout), _schema_file(checkout), checkout.toolchain / "sdks"], cwd=checkout.root)


def _build_typescript(checkout: Checkout) -> None:
    if shutil.which("npm") is None:
        raise Stop("There is no npm here.")
    with _unfinished(checkout, "typescript", "nodejs") as folder:
        run_quietly(["npm", "ci", "--no-audit", "--no-fund"], cwd=folder)
        run_quietly([folder / "node_modules" / ".bin" / "tsc"], cwd=folder)


def _build_go(checkout: Checkout) -> None:
    with _unfinished(checkout, "go", "go") as folder:
        run_go(["go", "build", "-mod=readonly", "-buildvcs=false", "-trimpath", "-o", "flows", "."], folder)


@contextmanager
def _unfinished(checkout: Checkout, language: str, sdk: str) -> Iterator[Path]:
    """A copy of a program's sources with its SDK, which takes its place when the block is done."""
    folder, place = checkout.toolchain / "build" / language, program_folder(checkout, language)
    shutil.rmtree(folder, ignore_errors=True)
    shutil.copytree(_sources(checkout, language), folder)
    shutil.copytree(sdk_folder(checkout, sdk), folder / "sdks" / "whatsapp")
    yield folder
    shutil.rmtree(place, ignore_errors=True)
    place.parent.mkdir(parents=True, exist_ok=True)
    folder.rename(place)


def _sources(checkout: Checkout, language: str) -> Path:
    return checkout.root / "tests" / "stack" / "native" / "programs" / language


def _generator_file(checkout: Checkout) -> Path:
    return checkout.toolchain / "build" / "codegen"


def _schema_file(checkout: Checkout) -> Path:
    return checkout.toolchain / "build" / "schema.json"
