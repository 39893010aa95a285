"""Building the engine, its language host and the random plugin from Go modules, each once.

Nothing is downloaded but modules, by the person's own `go` and proxy; go.sum fixes what they hold. A part that is cut
short leaves nothing that looks finished: files get their name when they are whole, and the stamp is written last.
"""

from __future__ import annotations

import hashlib
import inspect
import json
import os
import platform
import shutil
import tempfile
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

from tools.checkout import Checkout, write_whole
from tools.processes import part, run_quietly, say
from tools.stop import PartFailed, Stop
from tools.toolchain.versions import (
    MODULES,
    built_pulumi,
    needed_go,
    random_bridge,
    random_plugin,
    read_version,
)

BUILT_MARK = ".built-from-go-modules"
"""A file beside each engine built here: it isn't a person's own `pulumi`, though it may come to lie on PATH."""

_SDK = "github.com/pulumi/pulumi/sdk/v3"
_BUILD = ("go", "build", "-mod=readonly", "-buildvcs=false")

# go.sum doesn't cover a module that a `replace` takes from a folder, so its checksum stands here.
_BRIDGE_SUM = "h1:HdWLOo8drGbQpu8IsLCy+PWVHT50aSk7eI00vqyM4ns="
_BRIDGE_PARTS = ("internal", "pkg", "unstable")
# It mixes several providers into one, which ours does not, and imports code generators that module mirrors refuse.
_BRIDGE_WITHOUT = "pkg/pf/tfbridge/provider_mux.go"


@dataclass(frozen=True)
class Part:
    """One thing to build: the folder that it comes from, a Go module or a program; what it makes, how, and from which
    files besides."""

    name: str
    title: str
    module: Path
    makes: tuple[Path, ...]
    build: Callable[[Checkout], None]
    made_from: tuple[Path, ...] = ()


def built_folder(checkout: Checkout) -> Path:
    """Where the built `pulumi` and its language host lie."""
    return checkout.toolchain / "bin"


def parts(checkout: Checkout) -> list[Part]:
    """What makes up a working toolchain, in the order of building."""
    bin_folder = built_folder(checkout)
    scripts = (bin_folder / "pulumi-language-python-exec", bin_folder / "pulumi-resource-pulumi-python")
    host, plugin = bin_folder / "pulumi-language-python", random_plugin_file(checkout)
    engine, language, random = MODULES / "engine", MODULES / "language", MODULES / "random"
    return [
        Part("engine", "engine (about 4 minutes)", engine, (bin_folder / "pulumi",), _build_engine),
        Part("language", "Python language host (about 20 seconds)", language, (host,), _build_language_host),
        Part("scripts", "Python start scripts", engine, scripts, _copy_scripts),
        Part("random", "random plugin (about 4 minutes)", random, (plugin,), _build_random_plugin),
    ]


def random_plugin_file(checkout: Checkout) -> Path:
    """The random plugin in the plugin cache, where the engine itself puts it."""
    return checkout.plugins / f"resource-random-v{random_plugin(checkout.root)}" / "pulumi-resource-random"


def missing_parts(checkout: Checkout, go: str | None) -> list[Part]:
    """The parts to build: a file is absent, or its inputs have changed. Without Go, what was built with any counts."""
    return [wanted for wanted in parts(checkout) if not is_current(checkout, wanted, go)]


def build_missing(checkout: Checkout, reason: str) -> None:
    """Builds what is missing, with a progress line each. Raises `Stop` without a Go that will do."""
    go = found_go(os.environ)
    missing = missing_parts(checkout, go)
    if not missing:
        return
    refuse_old_go(go, reason)
    say(f"{reason[0].upper()}{reason[1:]}: building Pulumi from Go modules into .dev/toolchain, once")
    built_folder(checkout).mkdir(parents=True, exist_ok=True)
    (built_folder(checkout) / BUILT_MARK).touch()
    for number, wanted in enumerate(missing, start=1):
        with part(f"  {number}/{len(missing)} {wanted.title}"):
            wanted.build(checkout)
            record_built(checkout, wanted, go)


def record_built(checkout: Checkout, built: Part, go: str | None) -> None:
    """Notes what a finished part was made from."""
    write_whole(_stamp_file(checkout, built), json.dumps({"inputs": _digest(built), "go": go}))


def refuse_old_go(go: str | None, reason: str) -> None:
    """Raises `Stop` where Go is absent or too old: the one sentence that says how to come by Pulumi."""
    version = read_version(go) if go else None
    if version is not None and version >= needed_go():
        return
    found = f"this machine has Go {version}" if version else "this machine has no Go"
    raise Stop(
        f"Pulumi is missing ({reason}), and building it needs Go {needed_go()} or newer, but {found}: install Pulumi "
        f"{built_pulumi()} or newer as www.pulumi.com/docs/install says, or that Go, and run this again."
    )


def found_go(environment: Mapping[str, str]) -> str | None:
    """The Go that would build here, as in `go1.26.8`; None where there is none."""
    if shutil.which("go", path=environment.get("PATH")) is None:
        return None
    # In the module's folder a Go that may fetch a newer toolchain answers with that one's version.
    for folder in (MODULES / "engine", Path(tempfile.gettempdir())):
        try:
            return run_quietly(["go", "env", "GOVERSION"], cwd=folder, environment=environment).split()[-1]
        except PartFailed:
            continue
    return None


def is_current(checkout: Checkout, wanted: Part, go: str | None) -> bool:
    """Whether a part is there and made from what it would be made from now."""
    stamp = _stamp_file(checkout, wanted)
    if not stamp.exists() or not all(file.exists() for file in wanted.makes):
        return False
    recorded = json.loads(stamp.read_text(encoding="utf-8"))
    return recorded["inputs"] == _digest(wanted) and go in (None, recorded["go"])


def _stamp_file(checkout: Checkout, wanted: Part) -> Path:
    return checkout.toolchain / "stamps" / f"{wanted.name}.json"


def _digest(wanted: Part) -> str:
    """Of everything that decides what a part comes out as: machine, commands, sources, module versions."""
    digest = hashlib.sha256(f"{platform.system()} {platform.machine()} {_BUILD}".encode())
    digest.update(inspect.getsource(wanted.build).encode())
    for file in (*sorted(filter(Path.is_file, wanted.module.iterdir())), *wanted.made_from):
        digest.update(file.name.encode() + b"\0" + file.read_bytes() + b"\0")
    return digest.hexdigest()


def _build_engine(checkout: Checkout) -> None:
    version = f"-X github.com/pulumi/pulumi/sdk/v3/go/common/version.Version=v{built_pulumi()}"
    with whole_file(built_folder(checkout) / "pulumi") as out:
        flags = ["-tags", "osusergo,grpcnotrace", "-ldflags", f"-s -w {version}", "-o", str(out)]
        _go([*_BUILD, *flags, "github.com/pulumi/pulumi/pkg/v3/cmd/pulumi"], MODULES / "engine")


def _build_language_host(checkout: Checkout) -> None:
    with whole_file(built_folder(checkout) / "pulumi-language-python") as out:
        package = f"{_SDK}/python/cmd/pulumi-language-python"
        _go([*_BUILD, "-ldflags", "-s -w", "-o", str(out), package], MODULES / "language")


def _copy_scripts(checkout: Checkout) -> None:
    """The scripts beside the language host belong to the engine's sdk; module zips drop their mode."""
    sdk = Path(_download(_SDK, MODULES / "engine")["Dir"])
    for script in ("python/cmd/pulumi-language-python-exec", "python/dist/pulumi-resource-pulumi-python"):
        with whole_file(built_folder(checkout) / Path(script).name) as out:
            shutil.copyfile(sdk / script, out)
            out.chmod(0o755)


def _build_random_plugin(checkout: Checkout) -> None:
    """Builds in a copy of the module, with the bridge copied in, and hands the plugin to the engine."""
    build = checkout.toolchain / "build" / "random"
    _remove_tree(build)
    shutil.copytree(MODULES / "random", build)
    _copy_bridge(build / "bridge")
    version = str(random_plugin(checkout.root))
    flags = ["-trimpath", "-ldflags", f"-s -w -X main.version={version}", "-o", "pulumi-resource-random"]
    _go([*_BUILD, *flags, "."], build)
    install_random_plugin(checkout, built_folder(checkout), build / "pulumi-resource-random")
    _remove_tree(build)


def install_random_plugin(checkout: Checkout, engine_folder: Path, file: Path | None = None) -> None:
    """Puts the random plugin into the plugin cache, from a file or by the engine's own download.

    Left on PATH instead, it would make the engine warn twice in each command.
    """
    link_plugins(checkout, checkout.pulumi_home)
    environment = {**os.environ, "PULUMI_HOME": str(checkout.pulumi_home), "PULUMI_SKIP_UPDATE_CHECK": "true"}
    source = ["--file", str(file), "--reinstall"] if file else []
    command = ["plugin", "install", "resource", "random", str(random_plugin(checkout.root)), *source]
    run_quietly([engine_folder / "pulumi", *command], cwd=checkout.toolchain, environment=environment)


def link_plugins(checkout: Checkout, home: Path) -> None:
    """Makes a PULUMI_HOME use the plugin cache of the checkout."""
    checkout.plugins.mkdir(parents=True, exist_ok=True)
    home.mkdir(parents=True, exist_ok=True)
    link = home / "plugins"
    if not link.exists():
        link.symlink_to(checkout.plugins, target_is_directory=True)


def _copy_bridge(into: Path) -> None:
    with tempfile.TemporaryDirectory() as outside_modules:
        downloaded = _download(random_bridge(), Path(outside_modules))
    if downloaded["Sum"] != _BRIDGE_SUM:
        raise Stop(f"{random_bridge()} has the checksum {downloaded['Sum']}, not the recorded {_BRIDGE_SUM}.")
    source = Path(downloaded["Dir"])
    into.mkdir()
    shutil.copyfile(source / "go.mod", into / "go.mod")
    for name in _BRIDGE_PARTS:
        shutil.copytree(source / name, into / name, copy_function=shutil.copyfile)
    _make_writable(into)
    (into / _BRIDGE_WITHOUT).unlink()


def _download(module: str, cwd: Path) -> Mapping[str, str]:
    """What Go says of a module that it has in its cache afterwards: `Dir`, `Sum` and more."""
    printed = _go(["go", "mod", "download", "-json", module], cwd)
    described, _ = json.JSONDecoder().raw_decode(printed[printed.index("{") :])
    return dict(described)


def run_go(command: list[str], cwd: Path, **settings: str) -> str:
    """What `go` prints when it builds for this machine, with further `settings` of its environment."""
    environment = {name: value for name, value in os.environ.items() if name not in ("GOOS", "GOARCH")}
    return run_quietly(command, cwd=cwd, environment={**environment, "GOWORK": "off", **settings})


def _go(command: list[str], cwd: Path) -> str:
    return run_go(command, cwd)


@contextmanager
def whole_file(file: Path) -> Iterator[Path]:
    """A name to write under; the file gets its own name when the block is done, and leaves none when it failed."""
    unfinished = file.with_name(f".{file.name}.unfinished")
    try:
        yield unfinished
        os.replace(unfinished, file)
    finally:
        unfinished.unlink(missing_ok=True)


def _make_writable(folder: Path) -> None:
    """The module cache is read-only, and copies take that over."""
    for inner, _, _ in os.walk(folder):
        os.chmod(inner, 0o755)  # noqa: S103 - source text


def _remove_tree(folder: Path) -> None:
    if folder.exists():
        _make_writable(folder)
        shutil.rmtree(folder)
