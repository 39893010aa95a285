"""What Pulumi's languages call things: type tokens, and property names in camelCase."""

import re
from collections.abc import Iterable

from whatsapp_flow_keys.resources.schema import camel

PACKAGE = "whatsapp"
MODULE = f"{PACKAGE}:flows"
DYNAMIC_MODULE = "pulumi-python:dynamic/whatsapp"
"""Of the types that a Python program's resources have in its state."""


def token(name: str) -> str:
    """The type token of a resource, a component or a function."""
    return f"{MODULE}:{name}"


def dynamic_token(name: str) -> str:
    """The type token of the same resource of a Python program."""
    return f"{DYNAMIC_MODULE}:{name}"


def in_camel_case(text: str, names: Iterable[str]) -> str:
    """A sentence about properties, with their names as a program has them."""
    several_words = "|".join(sorted((name for name in names if "_" in name), key=len, reverse=True))
    return re.sub(rf"(?<![\w/'.-])({several_words})(?![\w/'-]|\.\w)", lambda found: camel(found[0]), text)
