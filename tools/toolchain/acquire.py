"""From a checkout to an engine that is ready: looks, chooses, installs or builds, and records what it came to."""

from __future__ import annotations

import json
import os
import shutil
from collections.abc import Mapping
from pathlib import Path

from tools.checkout import Checkout, write_whole
from tools.processes import part, run_quietly, say
from tools.stop import PartFailed, Stop
from tools.toolchain import go_build, release
from tools.toolchain.choice import Engine, OnPath, Seen, Source, choose
from tools.toolchain.versions import built_pulumi, random_plugin, read_version, required_pulumi

_FALSE = ("", "0", "false", "no")


def ensure_engine(checkout: Checkout, environment: Mapping[str, str]) -> Engine:
    """An engine with its Python language host and the random plugin; costs little when all is there.

    Raises `Stop` where none can be had.
    """
    seen = _look_around(checkout, environment)
    choice = choose(seen, lambda: release.installer_answers(checkout))
    source, reason = choice.source, choice.reason
    if source is Source.RELEASE and not seen.released:
        try:
            with part(f"Installing Pulumi {built_pulumi()} with Pulumi's installer ({reason})"):
                release.install_release(checkout, built_pulumi())
        except PartFailed as failure:
            say(f"{failure}")
            source, reason = Source.MODULES, "Pulumi's installer failed"
    if source is Source.MODULES:
        go_build.build_missing(checkout, reason)
    engine = _engine_from(source, seen, checkout)
    _ensure_random_plugin(checkout, engine)
    record = {"source": source.name, "folder": str(engine.folder), "version": engine.version}
    write_whole(_record_file(checkout), json.dumps(record))
    return engine


def recorded_engine(checkout: Checkout) -> Engine:
    """The engine that the last set-up came to. Raises `Stop` when there was none."""
    try:
        record = json.loads(_record_file(checkout).read_text(encoding="utf-8"))
        engine = Engine(Source[record["source"]], Path(record["folder"]), record["version"])
    except (OSError, ValueError, KeyError):
        engine = None
    if engine is None or not (engine.folder / "pulumi").exists():
        raise Stop("Pulumi isn't set up in this checkout: run `make setup` first.")
    return engine


def pulumi_on_path(environment: Mapping[str, str], pulumi_home: Path) -> OnPath | None:
    """The first `pulumi` on PATH that wasn't built by a checkout of this repository (`make env` puts one there)."""
    path = environment.get("PATH", "")
    for folder in (Path(name) for name in path.split(os.pathsep) if name):
        pulumi = shutil.which("pulumi", path=str(folder))
        if pulumi is None or (folder / go_build.BUILT_MARK).exists():
            continue
        asked = {**environment, "PULUMI_HOME": str(pulumi_home), "PULUMI_SKIP_UPDATE_CHECK": "true"}
        try:
            version = read_version(run_quietly([pulumi, "version"], cwd=folder, environment=asked, seconds=20))
        except (PartFailed, OSError):
            version = None
        beside = os.pathsep.join([str(folder), path])
        return OnPath(folder, version, shutil.which("pulumi-language-python", path=beside) is not None)
    return None


def _look_around(checkout: Checkout, environment: Mapping[str, str]) -> Seen:
    from_source = environment.get("PULUMI_FROM_SOURCE", "").lower() not in _FALSE
    return Seen(
        required=required_pulumi(checkout.root),
        on_path=None if from_source else pulumi_on_path(environment, checkout.pulumi_home),
        released=(release.release_folder(checkout) / "pulumi").exists(),
        built=not go_build.missing_parts(checkout, go_build.found_go(environment)),
        from_source=from_source,
        ci=environment.get("CI", "").lower() not in _FALSE,
    )


def _engine_from(source: Source, seen: Seen, checkout: Checkout) -> Engine:
    if source is Source.PATH and seen.on_path is not None:
        return Engine(source, seen.on_path.folder, str(seen.on_path.version))
    folder = release.release_folder(checkout) if source is Source.RELEASE else go_build.built_folder(checkout)
    return Engine(source, folder, str(built_pulumi()))


def _ensure_random_plugin(checkout: Checkout, engine: Engine) -> None:
    """Before the first program asks for it, so that runs side by side never download it twice."""
    if engine.source is Source.MODULES or go_build.random_plugin_file(checkout).exists():
        return
    with part(f"Installing Pulumi's random plugin {random_plugin(checkout.root)}"):
        go_build.install_random_plugin(checkout, engine.folder)


def _record_file(checkout: Checkout) -> Path:
    return checkout.toolchain / "engine.json"
