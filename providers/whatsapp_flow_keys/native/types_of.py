"""The types of properties, read from their fields."""

import types
from collections.abc import Mapping
from typing import Any, Union, get_args, get_origin, get_type_hints

from whatsapp_flow_keys.resources.schema import Properties, Props, camel


def types_of(properties: type[Properties]) -> Mapping[str, Any]:
    """Each property's type, of those that may be None the other one."""
    return {name: _given(hint) for name, hint in get_type_hints(properties).items() if name in properties.traits()}


def may_be_none(properties: type[Properties], name: str) -> bool:
    """Whether None is one of its types."""
    return type(None) in get_args(get_type_hints(properties)[name])


_EXACT = 2**53
"""From here on a number on the wire may have lost digits."""


def text(value: Any) -> Any:
    """A number as text: where a program says 2, YAML makes it a number, and the property is a string."""
    if isinstance(value, bool) or not isinstance(value, int | float) or abs(value) >= _EXACT:
        return value
    return str(int(value)) if value == int(value) else str(value)


def texts_of(properties: type[Properties]) -> frozenset[str]:
    """The properties that are strings and no secrets: a number in place of a passphrase is a mistake."""
    secrets = properties.names("secret")
    return frozenset(name for name, known in types_of(properties).items() if known is str and name not in secrets)


def with_texts(properties: type[Properties], values: Props) -> Props:
    """The values, with text wherever the property is a string."""
    strings = {camel(name) for name in texts_of(properties)}
    return {name: text(value) if camel(name) in strings else value for name, value in values.items()}


def _given(hint: Any) -> Any:
    if get_origin(hint) in (Union, types.UnionType):
        (hint,) = (each for each in get_args(hint) if each is not type(None))
    return hint
