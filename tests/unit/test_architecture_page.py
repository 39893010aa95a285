"""docs/architecture.md says of the code what the code says of itself."""

import re
from pathlib import Path

import pytest

from whatsapp_flow_keys.document import FORMAT
from whatsapp_flow_keys.lifecycle import next_step
from whatsapp_flow_keys.ring import Role

ROOT = Path(__file__).parents[2]
PAGE = (ROOT / "docs" / "architecture.md").read_text()


def rows_below(heading: str) -> list[tuple[str, ...]]:
    """The rows of a section's table, without its head."""
    section = PAGE.split(f"\n## {heading}\n")[1].split("\n## ")[0]
    rows = [line for line in section.splitlines() if line.startswith("|")]
    return [tuple(cell.strip() for cell in row.strip("|").split("|")) for row in rows[2:]]


def test_the_registration_table_is_the_one_in_the_code() -> None:
    assert next_step.__doc__
    text = next_step.__doc__.replace(":data:`READS`", str(next_step.READS))
    text = text.replace(":data:`PUBLICATIONS`", str(next_step.PUBLICATIONS))
    rows = re.findall(r"^(\S.*)\n {4}(\S.*)$", text, flags=re.MULTILINE)
    assert len(rows) == 12
    assert rows_below("The registration table") == rows


def test_every_part_of_the_core_is_named() -> None:
    package = ROOT / "providers" / "whatsapp_flow_keys"
    folders = {f"`{folder.name}/`" for folder in package.iterdir() if (folder / "__init__.py").exists()}
    assert folders <= set(re.findall(r"`\w+/`", PAGE))


def test_every_file_and_folder_that_is_named_exists() -> None:
    named = set(re.findall(r"`((?:\w+/)+(?:\w+\.py)?|\w+\.py)`", PAGE))
    roots = [ROOT, ROOT / "providers" / "whatsapp_flow_keys"]
    assert {name for name in named if not any((root / name).exists() for root in roots)} == set()
    assert len(named) > 10


@pytest.mark.parametrize("promise", range(1, 9))
def test_every_promise_is_said_once(promise: int) -> None:
    assert PAGE.count(f"- **P{promise}** ") == 1


def test_the_document_is_described_as_it_is() -> None:
    assert f"`{FORMAT}`" in PAGE
    assert {f"`{role.value}`" for role in Role} <= set(re.findall(r"^\| (`\w+`) \|", PAGE, flags=re.MULTILINE))
