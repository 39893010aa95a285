"""Properties on the wire: Pulumi's protobuf structs with its marks of unknown and secret values.

The marks are those of the engine's sdk/go/common/resource: signatures of what a plain value can't say.
"""

from collections.abc import Collection, Iterable, Mapping
from typing import Any, NamedTuple

from google.protobuf.struct_pb2 import Struct, Value

from whatsapp_flow_keys.resources.schema import UNKNOWN, Props, camel

_UNKNOWN = "04da6b54-80e4-46f7-96ec-b56ff0331ba9"
_SIGNATURE = "4dabf18193072939515e22adb298388d"
_SECRET = "1b47061264138c4ac30d75fd1eb44270"


class Received(NamedTuple):
    """What the engine sent: plain values by the names of the wire, and which of them are secret, or hold a secret."""

    values: Props
    secrets: frozenset[str]

    def get(self, name: str) -> Any:
        """One of them, None where it isn't there."""
        return self.values.get(camel(name), self.values.get(name))

    def secret(self, names: Iterable[str]) -> frozenset[str]:
        """Those of the names of the rules that are secret."""
        return frozenset(name for name in names if {name, camel(name)} & self.secrets)


def received(sent: Struct) -> Received:
    """Reads properties. What is null is left out."""
    values: Props = {}
    secrets = set()
    for name, value in sent.fields.items():
        plain, is_secret = _plain(value)
        if plain is not None:
            values[name] = plain
        if is_secret:
            secrets.add(name)
    return Received(values, frozenset(secrets))


def to_send(props: Mapping[str, Any], secrets: Collection[str] = ()) -> Struct:
    """Properties by the names of the rules, for the engine. What isn't known yet isn't marked, so that it shows so."""
    sent, marked_names = Struct(), {camel(name) for name in secrets}
    for name, value in props.items():
        if value is None:
            continue
        is_marked = camel(name) in marked_names and value is not UNKNOWN
        sent.update(
            {camel(name): {_SIGNATURE: _SECRET, "value": _on_the_wire(value)} if is_marked else _on_the_wire(value)}
        )
    return sent


def _plain(value: Value) -> tuple[Any, bool]:
    kind = value.WhichOneof("kind")
    if kind == "struct_value":
        return _struct(value.struct_value)
    if kind == "list_value":
        items = [_plain(item) for item in value.list_value.values]
        return [item for item, _ in items], any(is_secret for _, is_secret in items)
    if kind == "string_value":
        return UNKNOWN if value.string_value == _UNKNOWN else value.string_value, False
    if kind == "number_value":
        number = value.number_value
        return int(number) if number.is_integer() else number, False
    return value.bool_value if kind == "bool_value" else None, False


def _struct(value: Struct) -> tuple[Any, bool]:
    if _SIGNATURE in value.fields and value.fields[_SIGNATURE].string_value == _SECRET:
        return _plain(value.fields["value"])[0], True
    items = {name: _plain(item) for name, item in value.fields.items()}
    return {name: item for name, (item, _) in items.items()}, any(is_secret for _, is_secret in items.values())


def _on_the_wire(value: Any) -> Any:
    if value is UNKNOWN:
        return _UNKNOWN
    if isinstance(value, Mapping):
        return {name: _on_the_wire(item) for name, item in value.items()}
    if isinstance(value, list | tuple):
        return [_on_the_wire(item) for item in value]
    return value
