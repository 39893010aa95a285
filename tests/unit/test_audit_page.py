"""The page on the audit log names all that a line can hold."""

import json
import re
from dataclasses import fields
from datetime import UTC, datetime
from pathlib import Path

from whatsapp_flow_keys.audit import Event, Operation
from whatsapp_flow_keys.lifecycle.trail import RULES

PAGE = (Path(__file__).parents[2] / "docs" / "audit-log.md").read_text()


def table(heading: str) -> list[str]:
    """The first column of the table with this first heading."""
    rows = PAGE.partition(f"| {heading} |")[2].partition("\n\n")[0].splitlines()[2:]
    return [re.sub("`", "", row.split("|")[1]).strip() for row in rows]


def test_the_page_names_every_field_in_its_order() -> None:
    line = json.loads(Event(Operation.STAGED, "1", "a/b/c").line(datetime.now(UTC), "me@here"))
    assert table("field") == list(line)
    assert set(line) == {"time", "actor", *(field.name for field in fields(Event))}


def test_the_page_names_every_operation() -> None:
    assert table("operation") == [operation.value for operation in Operation]


def test_the_page_names_every_rule() -> None:
    assert table("`outcome` of `refused`") == list(RULES.values())
