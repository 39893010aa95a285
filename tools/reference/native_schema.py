"""What a component, a function or the provider of the native package takes and gives."""

from __future__ import annotations

from collections.abc import Collection, Mapping
from typing import Any

from tools.reference.rows import rows
from whatsapp_flow_keys.native.package_schema import package_schema


def schema_of(name: str) -> str:
    """Its description, a table of its inputs, and one of what it has then."""
    schema = package_schema()
    if name == "provider":
        return _table("input", schema["provider"]["inputProperties"], ())
    if name in schema["functions"]:
        function = schema["functions"][name]
        inputs, outputs = function["inputs"], function["outputs"]
        tables = [
            _table("argument", inputs["properties"], inputs["required"]),
            _table("result", outputs["properties"], ()),
        ]
        return "\n\n".join([function["description"], *tables])
    resource = schema["resources"][name]
    tables = [
        _table("input", resource["inputProperties"], resource["requiredInputs"]),
        _table("output", resource["properties"], ()),
    ]
    return "\n\n".join([resource["description"], *tables])


def _table(what: str, properties: Mapping[str, Any], required: Collection[str]) -> str:
    lines = [
        (
            f"`{name}`{' (required)' if name in required else ''}",
            f"{_type(each)}{', secret' if each.get('secret') else ''}",
            each["description"].removesuffix("."),
        )
        for name, each in properties.items()
    ]
    return rows([what, "type", "what it is"], lines)


def _type(each: Mapping[str, Any]) -> str:
    if each["type"] == "array":
        return f"list of {each['items']['type']}"
    if each["type"] == "object":
        return f"map of {each['additionalProperties']['type']}"
    return str(each["type"])
