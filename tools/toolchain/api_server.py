"""A Kubernetes API server and its database, for tests: built once from Go modules where there is a Go.

The modules lie in `.dev/`, too: they are 600 MB that nobody who works with Pulumi would have already.
"""

from __future__ import annotations

import os
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

from tools.checkout import Checkout
from tools.processes import say
from tools.toolchain.for_tests import build_for_tests
from tools.toolchain.go_build import Part, found_go, is_current, run_go, whole_file
from tools.toolchain.versions import MODULES, kubernetes_of_tests, needed_go_of_kubernetes, read_version

_MODULE = MODULES / "kubernetes"
_VERSION_PACKAGE = "k8s.io/component-base/version"


@dataclass(frozen=True)
class ApiServerFiles:
    """The two programs."""

    api_server: Path
    etcd: Path


def built_api_server(checkout: Checkout) -> ApiServerFiles | None:
    """The programs, if they were built for the version that tests want."""
    found = _files(checkout)
    return found if is_current(checkout, _part(checkout), None) else None


def ensure_api_server(checkout: Checkout, environment: Mapping[str, str]) -> None:
    """Builds what is missing, with a progress line. Where it can't be built it says why: then its tests are skipped."""
    go = found_go(environment)
    wanted = _part(checkout)
    if is_current(checkout, wanted, go):
        return
    version = read_version(go) if go else None
    if version is None or version < needed_go_of_kubernetes():
        found = f"the Go here is {version}" if version else "there is no Go here"
        say(
            f"Without a Kubernetes API server, which needs Go {needed_go_of_kubernetes()} and {found}: its tests are "
            f"skipped"
        )
        return
    build_for_tests(checkout, wanted, go, tests="the tests of the Kubernetes store")


def _part(checkout: Checkout) -> Part:
    files = _files(checkout)
    title = "a Kubernetes API server (about 5 minutes)"
    return Part("kubernetes", title, _MODULE, (files.api_server, files.etcd), _build)


def _files(checkout: Checkout) -> ApiServerFiles:
    folder = checkout.toolchain / "kubernetes"
    return ApiServerFiles(folder / "kube-apiserver", folder / "etcd")


def _build(checkout: Checkout) -> None:
    version, files = kubernetes_of_tests(), _files(checkout)
    names = {"gitVersion": f"v{version}", "gitMajor": version.major, "gitMinor": version.minor}
    named = " ".join(f"-X {_VERSION_PACKAGE}.{name}={value}" for name, value in names.items())
    build = ["go", "build", "-mod=readonly", "-modcacherw", "-buildvcs=false", "-trimpath", "-gcflags=all=-dwarf=false"]
    modules = str(checkout.dev / "cache" / "go-modules")
    files.etcd.parent.mkdir(parents=True, exist_ok=True)
    for file, package in (
        (files.etcd, "go.etcd.io/etcd/server/v3"),
        (files.api_server, "k8s.io/kubernetes/cmd/kube-apiserver"),
    ):
        with whole_file(file) as out:
            command = [*build, "-ldflags", f"-s -w {named}", "-o", str(out), package]
            run_go(command, _MODULE, CGO_ENABLED="0", GOMODCACHE=os.path.abspath(modules))
