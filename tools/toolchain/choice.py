"""Which engine is used, and why. Decisions only: nothing is installed, built or written here."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from enum import Enum
from pathlib import Path

from tools.toolchain.versions import Version, VersionRange


class Source(Enum):
    """Where an engine comes from."""

    PATH = "on PATH"
    RELEASE = "installed by Pulumi's installer"
    MODULES = "built from Go modules"


@dataclass(frozen=True)
class Engine:
    """An engine that is ready. Plugins download by themselves, except for one built from modules."""

    source: Source
    folder: Path
    version: str


@dataclass(frozen=True)
class OnPath:
    """A `pulumi` that a person has on PATH."""

    folder: Path
    version: Version | None
    has_language_host: bool


@dataclass(frozen=True)
class Seen:
    """What a look at the machine found."""

    required: VersionRange
    on_path: OnPath | None = None
    released: bool = False
    built: bool = False
    from_source: bool = False
    ci: bool = False


@dataclass(frozen=True)
class Choice:
    """The source, and the reason in words that a progress line can begin with."""

    source: Source
    reason: str


def choose(seen: Seen, installer_answers: Callable[[], bool]) -> Choice:
    """Picks the source. `installer_answers` looks at the network and is asked only where nothing else decides."""
    if seen.from_source:
        return Choice(Source.MODULES, "PULUMI_FROM_SOURCE is set")
    problem = problem_on_path(seen.on_path, seen.required)
    if problem is None:
        return Choice(Source.PATH, "it satisfies requiredPulumiVersion")
    if seen.released:
        return Choice(Source.RELEASE, "it was installed before")
    if seen.built:
        return Choice(Source.MODULES, "it was built before")
    if seen.ci:
        return Choice(Source.MODULES, f"{problem}, and with CI=true Pulumi's installer is not asked")
    if not installer_answers():
        return Choice(Source.MODULES, f"{problem}, and Pulumi's installer can't be reached")
    return Choice(Source.RELEASE, problem)


def problem_on_path(found: OnPath | None, required: VersionRange) -> str | None:
    """Why the `pulumi` on PATH won't do; None when it will."""
    if found is None:
        return "no pulumi is on PATH"
    if found.version is None:
        return "the pulumi on PATH doesn't say its version"
    if not required.holds(found.version):
        return f"the pulumi on PATH is {found.version} and the project needs {required.text}"
    if not found.has_language_host:
        return "the pulumi on PATH comes without pulumi-language-python"
    return None
