"""Translates between Pulumi's SDK and plain properties: values that a preview doesn't know, and marks of secrets."""

from collections.abc import Collection, Mapping
from typing import Any, Final

from pulumi.output import Unknown
from pulumi.runtime.rpc import wrap_rpc_secret

from whatsapp_flow_keys.resources import schema
from whatsapp_flow_keys.resources.schema import UNKNOWN, Props

_ITS_UNKNOWN: Final = Unknown()  # type: ignore[no-untyped-call]  # the SDK types no constructor


def received(value: Any) -> Any:
    """A value of the SDK, with :data:`UNKNOWN` wherever a preview doesn't know it yet."""
    if isinstance(value, Unknown):
        return UNKNOWN
    if isinstance(value, dict):
        return {name: received(item) for name, item in value.items()}
    if isinstance(value, list | tuple):
        return [received(item) for item in value]
    return value


def sent(props: Mapping[str, Any], secrets: Collection[str]) -> Props:
    """Properties for the SDK, with the secret ones marked; what isn't known yet isn't, so that it shows as that."""

    def mark(name: str, value: Any) -> Any:
        is_marked = name in secrets and value is not None and schema.is_known(value)
        return wrap_rpc_secret(value) if is_marked else _its_own(value)

    return {name: mark(name, value) for name, value in props.items()}


def is_known(value: Any) -> bool:
    """False where a value of the SDK, or a part of it, isn't known yet."""
    return schema.is_known(received(value))


def _its_own(value: Any) -> Any:
    if value is UNKNOWN:
        return _ITS_UNKNOWN
    if isinstance(value, dict):
        return {name: _its_own(item) for name, item in value.items()}
    if isinstance(value, list):
        return [_its_own(item) for item in value]
    return value
