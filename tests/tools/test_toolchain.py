"""Which Pulumi engine is used and why, when something is built again, and the environment that engine runs get."""

from __future__ import annotations

import dataclasses
import json
import os
import shutil
from pathlib import Path

import pytest

from tools.checkout import Checkout
from tools.local_engine import engine_environment, past_proxy, search_path
from tools.stop import Stop
from tools.toolchain import go_build
from tools.toolchain.acquire import pulumi_on_path, recorded_engine
from tools.toolchain.choice import Choice, OnPath, Seen, Source, choose
from tools.toolchain.versions import (
    Version,
    VersionRange,
    built_pulumi,
    needed_go,
    random_bridge,
    random_plugin,
    read_version,
    required_pulumi,
)

ROOT = Path(__file__).resolve().parents[2]
REQUIRED = VersionRange(">=3.200.0")
GOOD = OnPath(Path("somewhere"), Version(3, 250, 1), has_language_host=True)
NOTHING = Seen(required=REQUIRED)


def never_asked() -> bool:
    raise AssertionError("the network was looked at")


@pytest.fixture
def checkout(tmp_path: Path) -> Checkout:
    """A clone with the files that versions are read from, and nothing set up."""
    clone = Checkout(tmp_path / "clone")
    (clone.root / "tools").mkdir(parents=True)
    for name in ("Pulumi.yaml", "tools/requirements.txt"):
        shutil.copyfile(ROOT / name, clone.root / name)
    return clone


def test_a_pulumi_on_path_that_will_do_is_used() -> None:
    assert choose(dataclasses.replace(NOTHING, on_path=GOOD), never_asked).source is Source.PATH


def test_a_pulumi_on_path_is_used_in_ci_too() -> None:
    assert choose(dataclasses.replace(NOTHING, on_path=GOOD, ci=True), never_asked).source is Source.PATH


def test_pulumi_from_source_outweighs_a_pulumi_on_path() -> None:
    seen = dataclasses.replace(NOTHING, on_path=GOOD, released=True, from_source=True)
    assert choose(seen, never_asked) == Choice(Source.MODULES, "PULUMI_FROM_SOURCE is set")


@pytest.mark.parametrize(
    ("found", "reason"),
    [
        (None, "no pulumi is on PATH"),
        (dataclasses.replace(GOOD, version=None), "the pulumi on PATH doesn't say its version"),
        (
            dataclasses.replace(GOOD, version=Version(3, 199, 9)),
            "the pulumi on PATH is 3.199.9 and the project needs >=3.200.0",
        ),
        (
            dataclasses.replace(GOOD, has_language_host=False),
            "the pulumi on PATH comes without pulumi-language-python",
        ),
    ],
    ids=["none", "mute", "old", "without-host"],
)
def test_where_none_on_path_will_do_the_installer_is_used_and_the_reason_said(
    found: OnPath | None, reason: str
) -> None:
    assert choose(dataclasses.replace(NOTHING, on_path=found), lambda: True) == Choice(Source.RELEASE, reason)


def test_where_the_installer_cannot_be_reached_the_engine_is_built_and_the_reason_said() -> None:
    reason = "no pulumi is on PATH, and Pulumi's installer can't be reached"
    assert choose(NOTHING, lambda: False) == Choice(Source.MODULES, reason)


def test_in_ci_the_network_is_not_looked_at() -> None:
    choice = choose(dataclasses.replace(NOTHING, ci=True), never_asked)
    assert choice.source is Source.MODULES
    assert "CI=true" in choice.reason


@pytest.mark.parametrize(("had", "source"), [("released", Source.RELEASE), ("built", Source.MODULES)])
def test_what_was_had_before_is_used_without_a_look(had: str, source: Source) -> None:
    seen = dataclasses.replace(NOTHING, released=had == "released", built=had == "built")
    assert choose(seen, never_asked).source is source


@pytest.mark.parametrize(
    ("text", "version", "holds"),
    [
        (">=3.200.0", Version(3, 200, 0), True),
        (">=3.200.0", Version(3, 99, 9), False),
        (">=3.200.0 <4.0.0", Version(4, 0, 0), False),
        (">3.1.0,<=3.2.0", Version(3, 2, 0), True),
        ("=v3.2.1", Version(3, 2, 1), True),
    ],
)
def test_a_range_holds_the_versions_it_says(text: str, version: Version, holds: bool) -> None:
    assert VersionRange(text).holds(version) is holds


@pytest.mark.parametrize("text", ["", "latest", ">=3", "~3.2.0", ">= 3.2.0"])
def test_a_range_that_cannot_be_read_is_named(text: str) -> None:
    with pytest.raises(Stop, match=r"requiredPulumiVersion in Pulumi\.yaml"):
        VersionRange(text)


def test_the_engine_that_is_built_satisfies_the_required_version() -> None:
    assert required_pulumi(ROOT).holds(built_pulumi())


def test_versions_are_read_from_the_one_place_that_has_them() -> None:
    assert f"pulumi-random=={random_plugin(ROOT)}" in (ROOT / "tools" / "requirements.txt").read_text()
    assert read_version("go1.26") == Version(1, 26, 0)
    assert read_version("none") is None
    assert random_bridge().partition("@")[2].startswith("v3.")


def test_a_pulumi_on_path_is_asked_its_version(checkout: Checkout, tmp_path: Path) -> None:
    folder = _program(tmp_path / "own", "pulumi", "echo v3.251.0-alpha.1")
    found = pulumi_on_path({"PATH": f"{folder}:/usr/bin:/bin"}, checkout.pulumi_home)
    assert found == OnPath(folder, Version(3, 251, 0), has_language_host=False)
    _program(folder, "pulumi-language-python", "true")
    found = pulumi_on_path({"PATH": f"{folder}:/usr/bin:/bin"}, checkout.pulumi_home)
    assert found is not None
    assert found.has_language_host


def test_a_pulumi_that_was_built_by_a_checkout_is_not_a_persons_own(checkout: Checkout, tmp_path: Path) -> None:
    built, own = _program(tmp_path / "built", "pulumi", "echo v3.259.0"), tmp_path / "own"
    (built / go_build.BUILT_MARK).touch()
    assert pulumi_on_path({"PATH": f"{built}:{tmp_path / 'absent'}"}, checkout.pulumi_home) is None
    _program(own, "pulumi", "echo v3.300.0")
    found = pulumi_on_path({"PATH": f"{built}:{own}:/bin"}, checkout.pulumi_home)
    assert found is not None
    assert found.folder == own


@pytest.mark.parametrize("output", ["exit 1", "echo unknown"])
def test_a_pulumi_that_does_not_say_its_version_counts_as_unknown(
    checkout: Checkout, tmp_path: Path, output: str
) -> None:
    folder = _program(tmp_path / "own", "pulumi", output)
    found = pulumi_on_path({"PATH": f"{folder}:/bin"}, checkout.pulumi_home)
    assert found is not None
    assert found.version is None


@pytest.mark.parametrize(
    ("go", "found"), [(None, "this machine has no Go"), ("go1.24.3", "this machine has Go 1.24.3")]
)
def test_without_a_go_that_will_do_a_sentence_says_how_to_come_by_pulumi(go: str | None, found: str) -> None:
    with pytest.raises(Stop) as stopped:
        go_build.refuse_old_go(go, "no pulumi is on PATH")
    assert found in str(stopped.value)
    assert f"needs Go {needed_go()} or newer" in str(stopped.value)
    assert "pulumi.com/docs/install" in str(stopped.value)


def test_no_go_on_path_is_seen_as_none(tmp_path: Path) -> None:
    assert go_build.found_go({"PATH": str(tmp_path)}) is None


def test_on_a_new_machine_every_part_is_missing(checkout: Checkout) -> None:
    assert [part.name for part in go_build.missing_parts(checkout, "go1.26.8")] == [
        "engine",
        "language",
        "scripts",
        "random",
    ]


def test_what_was_built_is_not_built_again(checkout: Checkout) -> None:
    _pretend_built(checkout, "go1.26.8")
    assert go_build.missing_parts(checkout, "go1.26.8") == []


def test_what_was_built_is_used_when_go_is_gone(checkout: Checkout) -> None:
    _pretend_built(checkout, "go1.26.8")
    assert go_build.missing_parts(checkout, None) == []


def test_another_go_builds_everything_again(checkout: Checkout) -> None:
    _pretend_built(checkout, "go1.26.8")
    assert len(go_build.missing_parts(checkout, "go1.27.0")) == 4


def test_only_the_part_whose_file_was_lost_is_built_again(checkout: Checkout) -> None:
    _pretend_built(checkout, "go1.26.8")
    (go_build.built_folder(checkout) / "pulumi-language-python").unlink()
    assert [part.name for part in go_build.missing_parts(checkout, "go1.26.8")] == ["language"]


def test_only_the_part_whose_inputs_changed_is_built_again(checkout: Checkout, tmp_path: Path) -> None:
    _pretend_built(checkout, "go1.26.8")
    part = go_build.parts(checkout)[1]
    module = tmp_path / "module"
    shutil.copytree(part.module, module)
    changed = dataclasses.replace(part, module=module)
    assert go_build.is_current(checkout, changed, "go1.26.8")
    (module / "go.mod").write_text("module other\n")
    assert not go_build.is_current(checkout, changed, "go1.26.8")


def test_a_build_that_is_cut_short_leaves_no_file(tmp_path: Path) -> None:
    def cut_short() -> None:
        with go_build.whole_file(tmp_path / "pulumi") as out:
            out.write_text("half")
            raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        cut_short()
    assert list(tmp_path.iterdir()) == []


def test_before_the_set_up_an_engine_run_is_told_to_run_it(checkout: Checkout) -> None:
    with pytest.raises(Stop, match="run `make setup` first"):
        recorded_engine(checkout)


def test_an_engine_run_sees_nothing_of_a_persons_own(
    checkout: Checkout, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    _record(checkout, Source.MODULES)
    for name in ("PULUMI_ACCESS_TOKEN", "PULUMI_STACK", "WHATSAPP_ACCESS_TOKEN", "VIRTUAL_ENV", "PYTHONPATH"):
        monkeypatch.setenv(name, "of-a-person")
    environment = engine_environment(tmp_path / "home", tmp_path / "a state", checkout=checkout)
    assert "of-a-person" not in environment.values()
    assert environment["PULUMI_HOME"] == str(tmp_path / "home")
    assert environment["PULUMI_BACKEND_URL"] == f"file://{tmp_path}/a%20state"


def test_an_engine_run_finds_the_environments_python_before_any_other(checkout: Checkout, tmp_path: Path) -> None:
    _record(checkout, Source.MODULES)
    environment = engine_environment(tmp_path / "home", tmp_path / "state", checkout=checkout)
    assert environment["PATH"].split(os.pathsep)[:2] == [str(checkout.venv_bin), str(go_build.built_folder(checkout))]


def test_engine_runs_share_one_plugin_cache(checkout: Checkout, tmp_path: Path) -> None:
    _record(checkout, Source.MODULES)
    for home in (tmp_path / "one", tmp_path / "two", tmp_path / "two"):
        engine_environment(home, tmp_path / "state", checkout=checkout)
        assert (home / "plugins").resolve() == checkout.plugins.resolve()


@pytest.mark.parametrize(("source", "disabled"), [(Source.MODULES, "true"), (Source.PATH, None)])
def test_plugins_download_by_themselves_unless_the_engine_was_built_here(
    checkout: Checkout, tmp_path: Path, source: Source, disabled: str | None
) -> None:
    _record(checkout, source)
    environment = engine_environment(tmp_path / "home", tmp_path / "state", checkout=checkout)
    assert environment.get("PULUMI_DISABLE_AUTOMATIC_PLUGIN_ACQUISITION") == disabled


def test_a_search_path_names_each_folder_once() -> None:
    environment = {"PATH": os.pathsep.join(["first", "b", "", "b"])}
    assert search_path([Path("first")], environment) == os.pathsep.join(["first", "b"])


@pytest.mark.parametrize(
    ("own", "expected"),
    [("", "127.0.0.1,localhost,::1"), ("example.com,localhost", "example.com,localhost,127.0.0.1,::1")],
)
def test_loopback_is_reached_past_any_proxy(own: str, expected: str) -> None:
    assert past_proxy({"NO_PROXY": own}) == expected


def _program(folder: Path, name: str, script: str) -> Path:
    folder.mkdir(exist_ok=True)
    file = folder / name
    file.write_text(f"#!/bin/sh\n{script}\n")
    file.chmod(0o755)
    return folder


def _pretend_built(checkout: Checkout, go: str) -> None:
    for part in go_build.parts(checkout):
        for file in part.makes:
            file.parent.mkdir(parents=True, exist_ok=True)
            file.touch()
        go_build.record_built(checkout, part, go)


def _record(checkout: Checkout, source: Source) -> None:
    folder = go_build.built_folder(checkout)
    folder.mkdir(parents=True)
    (folder / "pulumi").touch()
    record = {"source": source.name, "folder": str(folder), "version": "3.259.0"}
    (checkout.toolchain / "engine.json").write_text(json.dumps(record))
