"""docs/settings.md has every argument of FlowEncryption, every output, every field of a number, and every setting."""

import ast
import functools
import inspect
import re
from pathlib import Path

from whatsapp_flow_encryption import FlowEncryption, WhatsAppProvider, numbers

ROOT = Path(__file__).parents[2]
PAGE = (ROOT / "docs" / "settings.md").read_text()

NO_SETTINGS = {
    "whatsapp:account": "WhatsAppProvider sets it, from the namespace of an account",
}
"""Names in the namespace that nobody sets, and why."""

_OF_PULUMI = {"resource_name", "opts"}


def section(heading: str) -> str:
    return PAGE.split(f"\n## {heading}\n")[1].split("\n## ")[0]


def first_column(text: str) -> set[str]:
    """The names in code in the first cells of a section's rows."""
    cells = [row.split(" | ")[0] for row in text.splitlines() if row.startswith("| `")]
    return {name for cell in cells for name in re.findall(r"`([\w:]+)`", cell)}


def arguments(of: type) -> set[str]:
    return {*inspect.signature(of).parameters} - _OF_PULUMI


def in_snake_case(name: str) -> str:
    return re.sub("([A-Z])", r"_\1", name).lower()


@functools.cache
def settings() -> frozenset[str]:
    """What the code looks up in the namespace `whatsapp`."""
    modules = [*(ROOT / "components").rglob("*.py"), *(ROOT / "providers").rglob("*.py")]
    nodes = [node for module in modules for node in ast.walk(ast.parse(module.read_text()))]
    texts = [node.value for node in nodes if isinstance(node, ast.Constant) and isinstance(node.value, str)]
    return frozenset(text for text in texts if re.fullmatch(r"whatsapp:[a-z]\w+", text)) - {*NO_SETTINGS}


def test_every_argument_of_flow_encryption_has_its_row() -> None:
    assert first_column(section("FlowEncryption")) == arguments(FlowEncryption)


def test_every_output_of_flow_encryption_is_named() -> None:
    _, _, said = section("FlowEncryption").partition("Outputs: ")
    assert {*FlowEncryption.__annotations__} <= set(re.findall(r"`(\w+)`", said))


def test_every_field_of_a_number_has_its_row() -> None:
    assert first_column(section("The reference stack")) == {*numbers._FIELDS}


def test_every_setting_has_its_row() -> None:
    assert first_column(section("Credentials")) == settings()


def test_a_provider_takes_every_setting() -> None:
    names = {in_snake_case(name.removeprefix("whatsapp:")) for name in settings()}
    assert arguments(WhatsAppProvider) == {*names, "account"}
