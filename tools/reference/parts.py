"""Writes each part by the first word of its marker."""

from __future__ import annotations

from collections.abc import Callable, Mapping

from tools.reference.api import names_in
from tools.reference.aws_errors import codes_of_aws, errors_of_aws
from tools.reference.command_line import help_of
from tools.reference.error_tree import tree_of_errors
from tools.reference.markers import filled
from tools.reference.meta_errors import codes_of_meta, errors_of_meta
from tools.reference.native_schema import schema_of
from tools.reference.properties import properties_of

_WRITERS: Mapping[str, Callable[..., str]] = {
    "api": names_in,
    "aws-codes": codes_of_aws,
    "aws-errors": errors_of_aws,
    "command": help_of,
    "error-tree": tree_of_errors,
    "meta-codes": codes_of_meta,
    "meta-errors": errors_of_meta,
    "properties": properties_of,
    "schema": schema_of,
}


def written(page: str) -> str:
    """The page with its parts as the code is now."""
    return filled(page, lambda what, words: f"\n{_WRITERS[what](*words)}\n\n")
