"""The integration test of docs/testing.md, run unchanged in the folder of a project."""

import subprocess
import sys

from tests.component.testing_page import FILES, UP
from tests.stack.project import Project

PROGRAM = """
import pulumi
from whatsapp_flow_encryption import FlowEncryption
pulumi.export("fingerprint", FlowEncryption("line", phone_number_id="106540352242922").fingerprint)
"""


def test_the_pages_test_of_a_whole_up_passes(project: Project) -> None:
    (project.folder / "__main__.py").write_text(PROGRAM)
    (project.folder / UP).write_text(FILES[UP])
    done = subprocess.run(
        [sys.executable, "-m", "pytest", "-q", "-p", "no:cacheprovider", UP],
        cwd=project.folder,
        env=project.environment,
        stdin=subprocess.DEVNULL,
        capture_output=True,
        text=True,
        timeout=240,
    )
    assert done.returncode == 0, done.stdout + done.stderr
    assert project.served() is None  # the page's emulator had the key, not this test's
