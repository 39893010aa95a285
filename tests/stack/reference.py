"""The reference stack in a test: the repository's own project file and program, with a configuration of the test's."""

import json
import shutil
from pathlib import Path
from typing import Any

from tests.stack.project import STACK, Project

ROOT = Path(__file__).parents[2]


def make_reference(project: Project) -> None:
    """The project becomes the reference stack."""
    (project.folder / ".dev").mkdir()
    (project.folder / ".dev" / "venv").symlink_to(ROOT / ".dev" / "venv")
    shutil.copy(ROOT / "Pulumi.yaml", project.folder)
    shutil.copy(ROOT / "__main__.py", project.folder)
    project.succeed("stack", "init", STACK)


def configure(project: Project, numbers: Any, settings: dict[str, str] | None = None) -> None:
    """Sets the list of numbers and the settings beside it; JSON is YAML."""
    file = project.folder / f"Pulumi.{STACK}.yaml"
    salt = next(line for line in file.read_text().splitlines() if line.startswith("encryptionsalt"))
    config = {"whatsapp-flows:numbers": numbers, **(settings or {})}
    file.write_text(f"{salt}\nconfig: {json.dumps(config)}\n")
