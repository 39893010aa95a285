"""What the engine tests' `python3` answers by itself is what the real one says, and is what the language host asks."""

import json

from tests.stack.pip_list import real_answer, remembering_python, times_answered
from tests.stack.project import Project


def packages(answer: bytes) -> list[dict[str, str]]:
    listed: list[dict[str, str]] = json.loads(answer)
    return listed


def test_the_remembered_answer_is_the_real_one() -> None:
    remembered = packages((remembering_python() / "answer").read_bytes())
    assert remembered == packages(real_answer())
    assert "whatsapp-flow-encryption" in {package["name"] for package in remembered}


def test_the_language_host_asks_for_it(project: Project) -> None:
    before = times_answered()
    project.succeed("preview")
    assert times_answered() == before + 1
