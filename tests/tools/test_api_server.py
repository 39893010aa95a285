"""The Kubernetes API server that tests start: built once, and never in the way where it can't be."""

import json
from pathlib import Path

import pytest

from tools.checkout import Checkout
from tools.toolchain import api_server
from tools.toolchain.api_server import ApiServerFiles, built_api_server, ensure_api_server
from tools.toolchain.go_build import found_go, record_built
from tools.toolchain.versions import kubernetes_of_tests, needed_go_of_kubernetes


@pytest.fixture
def checkout(tmp_path: Path) -> Checkout:
    return Checkout(tmp_path)


def a_go(folder: Path, version: str) -> dict[str, str]:
    """An environment whose `go` says this version, and builds nothing."""
    folder.mkdir()
    (folder / "go").write_text(f'#!/bin/sh\ntest "$1" = env || {{ echo no module proxy; exit 1; }}\necho {version}\n')
    (folder / "go").chmod(0o755)
    return {"PATH": f"{folder}:/bin:/usr/bin"}


def build_by_hand(checkout: Checkout, go: str) -> ApiServerFiles:
    part = api_server._part(checkout)
    for file in part.makes:
        file.parent.mkdir(parents=True, exist_ok=True)
        file.touch()
    record_built(checkout, part, go)
    return ApiServerFiles(*part.makes)


def test_its_version_is_read_from_its_module() -> None:
    module = (Path(api_server.__file__).parent / "kubernetes" / "go.mod").read_text()
    assert f"require k8s.io/kubernetes v{kubernetes_of_tests()}\n" in module
    assert f"go {needed_go_of_kubernetes()}\n" in module


def test_on_a_new_machine_there_is_none(checkout: Checkout) -> None:
    assert built_api_server(checkout) is None


@pytest.mark.parametrize(
    ("version", "said"), [(None, "there is no Go here"), ("go1.21.0", "the Go here is 1.21.0")], ids=["none", "old"]
)
def test_without_a_go_that_will_do_its_tests_are_skipped_and_it_is_said(
    checkout: Checkout, tmp_path: Path, capsys: pytest.CaptureFixture[str], version: str | None, said: str
) -> None:
    environment = a_go(tmp_path / "bin", version) if version else {"PATH": str(tmp_path / "nothing")}
    ensure_api_server(checkout, environment)
    printed = capsys.readouterr().out
    assert said in printed
    assert "its tests are skipped" in printed
    assert built_api_server(checkout) is None


def test_a_build_that_fails_stops_nobody_and_leaves_no_file(
    checkout: Checkout, tmp_path: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    environment = a_go(tmp_path / "bin", "go1.99.0")
    monkeypatch.setenv("PATH", environment["PATH"])
    ensure_api_server(checkout, environment)
    printed = capsys.readouterr().out
    assert "no module proxy" in printed
    assert "Skipped without it: the tests of the Kubernetes store" in printed
    assert built_api_server(checkout) is None
    assert list((checkout.toolchain / "kubernetes").iterdir()) == []


def test_what_was_built_is_not_built_again_and_is_used_when_go_is_gone(checkout: Checkout, tmp_path: Path) -> None:
    environment = a_go(tmp_path / "bin", "go1.99.0")
    built = build_by_hand(checkout, str(found_go(environment)))
    ensure_api_server(checkout, environment)
    assert built_api_server(checkout) == built


def test_another_version_of_kubernetes_is_another_server(checkout: Checkout) -> None:
    build_by_hand(checkout, "go1.99.0")
    stamp = checkout.toolchain / "stamps" / "kubernetes.json"
    stamp.write_text(json.dumps({**json.loads(stamp.read_text()), "inputs": "of another version"}))
    assert built_api_server(checkout) is None
