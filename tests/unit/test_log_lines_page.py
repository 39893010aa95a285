"""docs/reference/log-lines.md has an entry for every line that the endpoint logs or a run says, and for no other."""

import ast
import functools
import re
from collections.abc import Iterator
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]
PAGE = (ROOT / "docs" / "reference" / "log-lines.md").read_text()
ENDPOINT, RUN = PAGE.split("\n## A run of Pulumi\n")

ANY = "…"
KIT = ROOT / "components" / "whatsapp_flow_endpoint"
KEYS = ROOT / "providers" / "whatsapp_flow_keys"
LOGGING = [
    *(KIT / f"{name}.py" for name in ("asgi", "endpoint", "exchange", "flow_request", "live_keys", "trouble")),
    KIT / "watching.py",
    KEYS / "flow_protocol" / "message.py",
]
"""The modules whose sentences are lines of the endpoint's log."""

NO_LINES = {
    "a private operation for each key": "says what a step is, for a programmer",
    "the handler of pings": "the same",
    "the handler of forms, or of error notices": "the same",
    "true or false": "a kind, within a line that the page has",
    "a number": "the same",
    "a string": "the same",
    "an array": "the same",
    "an object": "the same",
    "the answer": "a place, within a line that the page has",
    "[a name]": "the same",
    f"answered {ANY}": "how each refusal begins, as the page says",
    f"from {ANY}": "an exception behind another, below a line that the page has",
    f"  {ANY}:{ANY} in {ANY}": "a frame, below such a line",
    f"{ANY}: {ANY}": "a field, and one of the lines that the page has",
}
"""Strings of these modules that no line begins with, and why."""

_OTHER_ERRORS = r"raise (Input|Type|Value)Error\b"


def text_of(node: ast.AST) -> str | None:
    """A string of the source, with ``…`` for what is filled in."""
    if isinstance(node, ast.Constant) and isinstance(node.value, str):
        return re.sub("%s", ANY, node.value)
    if isinstance(node, ast.JoinedStr):
        return "".join(str(part.value) if isinstance(part, ast.Constant) else ANY for part in node.values)
    return None


def texts(tree: ast.AST) -> Iterator[str]:
    """Every string with a blank in it that is no docstring, no type, and not the text of an error of another kind."""
    if isinstance(tree, ast.Raise) and re.match(_OTHER_ERRORS, ast.unparse(tree)):
        return
    text = text_of(tree)
    if text is not None:
        if " " in text.strip():
            yield text
        return
    for below in ast.iter_child_nodes(tree):
        is_docstring = isinstance(below, ast.Expr) and isinstance(below.value, ast.Constant)
        if not is_docstring and below not in (getattr(tree, "annotation", None), getattr(tree, "returns", None)):
            yield from texts(below)


def in_product(*folders: str) -> list[ast.AST]:
    modules = [module for folder in folders for module in sorted((ROOT / folder).rglob("*.py"))]
    return [ast.parse(module.read_text()) for module in modules]


def lines() -> list[str]:
    """What the endpoint logs, in parts."""
    found = [text for module in LOGGING for text in texts(ast.parse(module.read_text()))]
    return [text for text in found if text not in NO_LINES]


def sayings() -> list[str]:
    """What a step says to the person who runs Pulumi, where that is written at the call."""
    trees = in_product(*(f"providers/whatsapp_flow_keys/{layer}" for layer in ("lifecycle", "resources")))
    calls = [node for tree in trees for node in ast.walk(tree) if isinstance(node, ast.Call)]
    says = [call for call in calls if isinstance(call.func, ast.Attribute) and call.func.attr == "say"]
    return [text for call in says for given in call.args for text in texts(given)]


@functools.cache
def product() -> list[str]:
    """Every text with a blank in it."""
    return [text for tree in in_product("components", "providers/whatsapp_flow_keys") for text in texts(tree)]


def entries(part: str) -> list[str]:
    """The lines that the first columns of a part of the page show."""
    rows = [row for row in part.splitlines() if row.startswith("| `")]
    return [line for row in rows for line in re.findall(r"`([^`]+)`", row.split(" | ")[0])]


def is_about(entry: str, text: str) -> bool:
    """Whether what is fixed in an entry stands in the text, in the same order."""
    fixed = [re.escape(part.strip()) for part in entry.split(ANY)]
    return re.search(".*".join(filter(None, fixed)), text) is not None


@pytest.mark.parametrize("line", lines())
def test_every_line_of_the_endpoint_has_an_entry(line: str) -> None:
    assert any(is_about(entry, line) for entry in entries(ENDPOINT))


@pytest.mark.parametrize("line", sayings())
def test_every_line_of_a_run_has_an_entry(line: str) -> None:
    assert any(is_about(entry, line) for entry in entries(RUN))


@pytest.mark.parametrize("entry", entries(PAGE))
def test_every_entry_is_about_something_that_is_said(entry: str) -> None:
    assert any(is_about(entry, text) for text in product())
