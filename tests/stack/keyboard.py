"""What a person types into a shell, and answers where a command asks for something."""

import re
import subprocess
from collections.abc import Mapping, Sequence

from tests.stack.project import Project, Run

_SECONDS = 1200  # `pip install` takes long on a busy machine


def entered(
    project: Project,
    command: str,
    *,
    env: Mapping[str, str] | None = None,
    answers: Mapping[str, str] | None = None,
    filled_in: Mapping[str, str] | None = None,
) -> Run:
    """One command in the project's folder, for its stack.

    ``answers``: by the setting that is asked for. ``filled_in``: by what stands on the page, what is typed instead.
    """
    for shown, text in {" prod": f" {project.stack}", **(filled_in or {})}.items():
        command = command.replace(shown, text)
    asked = re.fullmatch(r"pulumi config set --secret ([\w:]+)", command)
    done = subprocess.run(
        ["sh", "-c", command],
        cwd=project.folder,
        env={**project.environment, "PULUMI_SKIP_CONFIRMATIONS": "true", **(env or {})},
        input=(answers or {})[asked[1]] if asked else "",
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
        timeout=_SECONDS,
    )
    return Run(done.stdout, done.returncode)


def type_in(project: Project, commands: Sequence[str], **more: Mapping[str, str] | None) -> str:
    """Types commands as above, each of which must succeed; what they printed."""
    printed = ""
    for command in commands:
        run = entered(project, command, **more)
        assert run.status == 0, f"{command}\n{run.output}"
        printed += run.output
    return printed
