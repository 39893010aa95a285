"""docs/reference/environment.md has a row for every variable that the code reads, and for no other."""

import ast
import re
from collections.abc import Iterator
from pathlib import Path

import pytest

from whatsapp_flow_keys import client_library
from whatsapp_flow_keys.command_line import sending
from whatsapp_flow_keys.registrars import retries
from whatsapp_flow_keys.registrars.meta_graph import settings

ROOT = Path(__file__).parents[2]
PAGE = (ROOT / "docs" / "reference" / "environment.md").read_text()

NAME = re.compile(r"[A-Z][A-Z0-9]*(?:_[A-Z0-9]+)+")

NO_VARIABLES = {
    "AWS_ENDPOINT_URL_KMS": "boto3 reads it; an error names it",
    "AWS_ENDPOINT_URL_SECRETS_MANAGER": "boto3 reads it; an error names it",
    "AWS_ENDPOINT_URL_SOCIALMESSAGING": "boto3 reads it; an error names it",
    "ENCRYPT_DECRYPT": "a word of AWS KMS",
    "KEY_MATERIAL_DOES_NOT_EXPIRE": "a word of AWS KMS",
    "RSAES_OAEP_SHA_256": "a word of AWS KMS",
    "RSA_2048": "a word of AWS KMS",
    "RSA_4096": "a word of AWS KMS",
    "RSA_AES_KEY_WRAP_SHA_256": "a word of AWS KMS",
    "ALREADY_EXISTS": "a status of gRPC",
    "DEADLINE_EXCEEDED": "a status of gRPC",
    "FAILED_PRECONDITION": "a status of gRPC",
    "NOT_FOUND": "a status of gRPC",
    "PERMISSION_DENIED": "a status of gRPC",
    "RESOURCE_EXHAUSTED": "a status of gRPC",
    "CERTIFICATE_VERIFY_FAILED": "OpenSSL's word in an error",
    "CONTENT_LENGTH": "of a WSGI request",
    "HTTP_HOST": "of a WSGI request",
    "PATH_INFO": "of a WSGI request",
    "REQUEST_METHOD": "of a WSGI request",
    "SCRIPT_NAME": "of a WSGI request",
    "MAX_CONTENT_LENGTH": "a setting of Flask",
    "PROPAGATE_EXCEPTIONS": "a setting of Flask",
    "WHATSAPP_FLOW_KEYS_STAGED": "a staging label at AWS",
}
"""What looks like a variable in the code, and what it is."""


def names_in(tree: ast.AST) -> Iterator[str]:
    """Every string that could be a variable's name; what `vault.address.variable` looks up is Vault's."""
    if isinstance(tree, ast.Call) and isinstance(tree.func, ast.Name) and tree.func.id == "variable":
        _, name = tree.args
        assert isinstance(name, ast.Constant)
        yield f"VAULT_{name.value!s}"
        return
    if isinstance(tree, ast.Constant) and isinstance(tree.value, str):
        filled_in = re.findall(r"\{(\w+)\}", tree.value)
        yield from (name for name in [tree.value, *filled_in] if NAME.fullmatch(name))
    for below in ast.iter_child_nodes(tree):
        yield from names_in(below)


def read_by_the_code() -> set[str]:
    modules = [ROOT / "__main__.py", *(ROOT / "components").rglob("*.py"), *(ROOT / "providers").rglob("*.py")]
    return {name for module in modules for name in names_in(ast.parse(module.read_text()))} - {*NO_VARIABLES}


def on_the_page() -> set[str]:
    """The variables in the first column of a table; of CI systems in the second."""
    cells = [row.split(" | ")[1 if row.startswith(("| A", "| B", "| C", "| G", "| J")) else 0] for row in rows()]
    return {name for cell in cells for name in re.findall(r"`(\w+)`", cell)}


def rows() -> list[str]:
    return [line for line in PAGE.splitlines() if line.startswith("| ")]


def test_every_variable_that_the_code_reads_has_its_row_and_no_other_has() -> None:
    assert on_the_page() == read_by_the_code()


@pytest.mark.parametrize(
    ("variable", "default"),
    [
        ("WHATSAPP_GRAPH_DEADLINE", f"{retries.DEFAULT_DEADLINE:g}"),
        ("WHATSAPP_STORE_DEADLINE", f"{client_library._DEFAULT_SECONDS:g}"),
        ("WHATSAPP_GRAPH_URL", f"`{settings.DEFAULT_URL}`"),
        ("WHATSAPP_FLOW_TOKEN", f"`{sending._MADE_UP}`"),
    ],
)
def test_a_default_is_that_of_the_code(variable: str, default: str) -> None:
    (row,) = [row for row in rows() if row.startswith(f"| `{variable}` |")]
    assert row.split(" | ")[2] == default
