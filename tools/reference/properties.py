"""What a resource takes and records."""

from __future__ import annotations

import inspect
from dataclasses import fields

from tools.reference.rows import rows
from whatsapp_flow_encryption import resources
from whatsapp_flow_keys.resources.schema import Properties, Traits


def properties_of(resource: str) -> str:
    """A table of its inputs, and one of what it records besides."""
    rules = getattr(resources, resource).provider.rules
    inputs, state = rules.inputs.traits(), rules.state.traits()
    types = _types(rules.state) | _types(rules.inputs)
    head = ["input", "type", "what it is", "a new value", "in the state"]
    parts = [rows(head, [_input(name, types[name], traits) for name, traits in inputs.items()])]
    outputs = [_output(name, types[name], traits) for name, traits in state.items() if name not in inputs]
    if outputs:
        parts += ["Outputs besides:", rows(["output", "type", "what it is", "in the state"], outputs)]
    return "\n\n".join(parts)


def _input(name: str, type_: str, traits: Traits) -> tuple[str, ...]:
    required = " (required)" if traits.required else ""
    change = "replaces it" if traits.replaces else "updates it" if traits.in_place else ""
    return f"`{name}`{required}", type_, traits.about, change, _in_state(traits)


def _output(name: str, type_: str, traits: Traits) -> tuple[str, ...]:
    return f"`{name}`", type_, traits.about, _in_state(traits)


def _in_state(traits: Traits) -> str:
    kept = "encrypted" if traits.secret else "plain"
    return kept if traits.recorded else f"{kept}, as an input only"


def _types(properties: type[Properties]) -> dict[str, str]:
    """What each field holds where it has a value."""
    return {each.name: _shown(inspect.formatannotation(each.type)) for each in fields(properties)}


def _shown(type_: str) -> str:
    return type_.removesuffix(" | None").replace("tuple[str, ...]", "list of str")
