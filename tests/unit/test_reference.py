"""The reference in docs/ holds what the code has: parts that are written from it, and entries that nobody may forget.

`make test ARGS="tests/unit/test_reference.py --write-docs"` writes the parts.
"""

import re
from pathlib import Path
from types import ModuleType

import pytest

import whatsapp_flow_encryption
import whatsapp_flow_endpoint
from tools.checkout import write_whole
from tools.reference.error_tree import error_classes
from tools.reference.markers import PART
from tools.reference.parts import written
from whatsapp_flow_encryption import resources
from whatsapp_flow_keys.command_line import command

DOCS = Path(__file__).parents[2] / "docs"
PAGES = [page.relative_to(DOCS).as_posix() for page in sorted(DOCS.rglob("*.md")) if PART.search(page.read_text())]


def parts(what: str) -> list[list[str]]:
    """The words of every marker that begins with ``what``."""
    found = [match for page in PAGES for match in PART.finditer((DOCS / page).read_text())]
    return [match["words"].split() for match in found if match["what"] == what]


@pytest.mark.parametrize("page", PAGES)
def test_a_part_that_is_written_from_the_code_is_as_the_code_is_now(page: str, request: pytest.FixtureRequest) -> None:
    text = (DOCS / page).read_text()
    if request.config.getoption("--write-docs"):
        write_whole(DOCS / page, written(text))
        pytest.skip("the page is being written")
    assert text == written(text), f"docs/{page} is out of date; write it with --write-docs"


@pytest.mark.parametrize("package", [whatsapp_flow_encryption, whatsapp_flow_endpoint], ids=lambda each: each.__name__)
def test_every_public_name_stands_in_the_reference_once(package: ModuleType) -> None:
    named = [name for module, *names in parts("api") if module == package.__name__ for name in names]
    assert sorted(named) == sorted(package.__all__)


def test_every_command_has_its_options_on_the_page() -> None:
    assert sorted(parts("command")) == sorted([name] for name in command.commands)


def test_every_resource_has_its_properties_on_the_page() -> None:
    made = {each.__name__ for each in vars(resources).values() if isinstance(each, type) and "provider" in vars(each)}
    assert {name for (name,) in parts("properties")} == made


ERRORS = (DOCS / "reference" / "errors.md").read_text()
ENTRY = re.compile(r"^### (\w+)\n\n(.*?)(?=^##|\Z)", re.MULTILINE | re.DOTALL)
UNEXPECTED = "UnexpectedError"
"""The name that `dynamic.sentences` gives what nobody thought of."""


def test_every_error_that_can_be_raised_has_its_entry_and_no_other() -> None:
    entries = [name for name, _ in ENTRY.findall(ERRORS)]
    assert sorted(entries) == sorted([*error_classes(), UNEXPECTED])


@pytest.mark.parametrize("entry", [pytest.param(entry, id=name) for name, entry in ENTRY.findall(ERRORS)])
def test_an_entry_says_what_is_unchanged_and_what_to_do(entry: str) -> None:
    assert re.fullmatch(r"\S.*\n\n- \*\*Unchanged:\*\* .*\n- \*\*What to do:\*\* .*", entry.strip(), re.DOTALL)
