"""Versions, and where the repository says which ones it wants: each is written in one file and read from there."""

from __future__ import annotations

import re
from pathlib import Path
from typing import NamedTuple

from tools.stop import Stop

MODULES = Path(__file__).resolve().parent
"""The folder of the Go modules: `engine`, `language`, `random`."""


class Version(NamedTuple):
    """A released version; what follows the third number is left out."""

    major: int
    minor: int
    patch: int

    def __str__(self) -> str:
        return f"{self.major}.{self.minor}.{self.patch}"


_COMPARISONS = {
    ">=": lambda found, bound: found >= bound,
    "<=": lambda found, bound: found <= bound,
    ">": lambda found, bound: found > bound,
    "<": lambda found, bound: found < bound,
    "=": lambda found, bound: found == bound,
}


def read_version(text: str) -> Version | None:
    """The first version in a text such as `v3.259.0` or `go1.26`; None where there is none."""
    match = re.search(r"(\d+)\.(\d+)(?:\.(\d+))?", text)
    return Version(int(match[1]), int(match[2]), int(match[3] or 0)) if match else None


class VersionRange:
    """A range as `requiredPulumiVersion` has it: clauses such as `>=3.200.0 <4.0.0`, all of which must hold."""

    def __init__(self, text: str) -> None:
        self.text = text
        self._clauses = [self._clause(word) for word in text.replace(",", " ").split()]
        if not self._clauses:
            raise Stop("requiredPulumiVersion in Pulumi.yaml is empty: write a range such as >=3.200.0.")

    def holds(self, version: Version) -> bool:
        """Whether the version lies in the range."""
        return all(_COMPARISONS[sign](version, bound) for sign, bound in self._clauses)

    def _clause(self, word: str) -> tuple[str, Version]:
        match = re.fullmatch(r"(>=|<=|>|<|=)v?(\d+\.\d+\.\d+)", word)
        bound = read_version(match[2]) if match else None
        if match is None or bound is None:
            raise Stop(f"requiredPulumiVersion in Pulumi.yaml: {word!r} must look like >=3.200.0.")
        return match[1], bound


def required_pulumi(root: Path) -> VersionRange:
    """The engines that will do, from `requiredPulumiVersion` in Pulumi.yaml."""
    found = _find(root / "Pulumi.yaml", r"^requiredPulumiVersion:[ \t]*[\"']?([^\"'#\n]*)")
    return VersionRange(found.strip())


def built_pulumi() -> Version:
    """The engine that is built or installed where the person has none, from its go.mod."""
    return _version_in(MODULES / "engine" / "go.mod", r"^require github\.com/pulumi/pulumi/pkg/v3 (v\S+)")


def needed_go() -> Version:
    """The oldest Go that builds the engine, from its go.mod."""
    return _version_in(MODULES / "engine" / "go.mod", r"^go (\S+)")


def kubernetes_of_tests() -> Version:
    """The Kubernetes whose API server tests start, from its go.mod."""
    return _version_in(MODULES / "kubernetes" / "go.mod", r"^require k8s\.io/kubernetes (v\S+)")


def needed_go_of_kubernetes() -> Version:
    """The oldest Go that builds that API server, from its go.mod."""
    return _version_in(MODULES / "kubernetes" / "go.mod", r"^go (\S+)")


def random_bridge() -> str:
    """The bridge under the random plugin as Go names it, from its go.mod."""
    path = "github.com/pulumi/pulumi-terraform-bridge/v3"
    version = _find(MODULES / "random" / "go.mod", rf"^\s*{re.escape(path)} (v\S+)")
    return f"{path}@{version}"


def random_plugin(root: Path) -> Version:
    """The random plugin that belongs to the Python package in tools/requirements.txt."""
    return _version_in(root / "tools" / "requirements.txt", r"^pulumi-random==(\S+)")


def _version_in(file: Path, pattern: str) -> Version:
    version = read_version(_find(file, pattern))
    if version is None:
        raise Stop(f"{file} holds no version where one was looked for.")
    return version


def _find(file: Path, pattern: str) -> str:
    match = re.search(pattern, file.read_text(encoding="utf-8"), re.MULTILINE)
    if match is None:
        raise Stop(f"{file} has lost a line that tools/ reads a version from ({pattern}).")
    return match[1]
