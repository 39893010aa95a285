"""What the README shows of a preview is what the engine prints: its lines stand in the previews that are kept."""

import re
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]
PREVIEWS = ROOT / "tests" / "stack" / "previews"
FENCED = re.findall(r"^```(\w*)\n(.*?)^```$", (ROOT / "README.md").read_text(), re.MULTILINE | re.DOTALL)
BLOCKS = [block for language, block in FENCED if not language]


@pytest.mark.parametrize(("block", "kept"), [(0, "first-create.stack.txt"), (1, "rotation-due.file.txt")])
def test_the_rows_of_a_preview_are_the_engines(block: int, kept: str) -> None:
    rows = re.findall(r"^ [-+~][-+ ] .*$", BLOCKS[block], re.MULTILINE)
    printed = (PREVIEWS / kept).read_text().replace("flows-test", "flows-prod")
    assert len(rows) == 5
    for row in rows:
        assert f"{row.replace('support-line', 'line')}\n" in printed


def test_the_reason_of_a_rotation_is_the_engines() -> None:
    shown = " ".join(BLOCKS[1].partition("phone number ")[2].split())
    shown = re.sub(r"key [0-9a-f]{12}", "key <key1…>", re.sub(r"\d{4}-\d\d-\d\d", "<today-95>", shown))
    assert shown in (PREVIEWS / "rotation-due.file.txt").read_text()


def test_the_two_commands_come_first() -> None:
    commands = re.findall(r"^    (make \w+)", (ROOT / "README.md").read_text(), re.MULTILINE)
    assert commands[:2] == ["make up", "make test"]
