"""A project for each engine test."""

from pathlib import Path

import pytest

from tests.stack.project import Project
from whatsapp_graph_emulator import Emulator


@pytest.fixture
def project(tmp_path: Path, emulator: Emulator, number: str) -> Project:
    """A fresh stack whose program manages the test's phone number in the stack's own secrets."""
    project = Project(tmp_path, emulator, number)
    project.declare()
    return project
